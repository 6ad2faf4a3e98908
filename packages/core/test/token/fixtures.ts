import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { SecretBytes, toBase64url, utf8 } from '../../src/bytes/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { compactJws, exportEcPublicJwk, jwsSigningInput, thumbprint } from '../../src/jose/index.js'
import type { Clock, RandomSource, ReplayGuard } from '../../src/ports/index.js'
import { type TokenClaims, tokenProfiles } from '../../src/token/index.js'

/** A clock that stands until it is moved. */
export interface FakeClock extends Clock {
  /** Milliseconds since 1970. */
  time: number
}

/** Seconds since 1970 at which {@link fakeClock} starts. */
export const start = 1_800_000_000

export const fakeClock = (seconds = start): FakeClock => ({
  time: seconds * 1_000,
  now() {
    return this.time
  },
})

export const random: RandomSource = { bytes: (length) => new Uint8Array(randomBytes(length)) }

/** A replay guard in one process's memory; `broken` makes it unreachable. */
export function mapGuard(): ReplayGuard & { readonly claims: Map<string, number>; broken: boolean } {
  const claims = new Map<string, number>()
  return {
    claims,
    broken: false,
    async claim(id, expiresAt) {
      if (this.broken)
        throw new TrustholdError('STORE_UNAVAILABLE', { operation: 'claim', reason: 'unplugged' })
      if (claims.has(id)) return false
      claims.set(id, expiresAt)
      return true
    },
    close: async () => undefined,
  }
}

/** A P-256 key with what is derived from it. */
export interface TestKey {
  readonly privateKey: KeyObject
  readonly jwk: ReturnType<typeof exportEcPublicJwk>
  readonly thumbprint: string
}

export function makeKey(): TestKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = exportEcPublicJwk(privateKey)
  return { privateKey, jwk, thumbprint: thumbprint(jwk) }
}

export const pkcs8 = (key: KeyObject): SecretBytes =>
  SecretBytes.take(new Uint8Array(key.export({ format: 'der', type: 'pkcs8' })))

/** Signs any header and payload; a text as payload goes in as it stands. */
export function signJws(key: KeyObject, header: object, payload: unknown): string {
  const input =
    typeof payload === 'string'
      ? `${toBase64url(utf8(JSON.stringify(header)))}.${toBase64url(utf8(payload))}`
      : jwsSigningInput(header as Record<string, unknown>, payload)
  const signature = sign('sha256', utf8(input), { key, dsaEncoding: 'ieee-p1363' })
  return compactJws(input, new Uint8Array(signature))
}

export const issuer = 'trusthold:production'
export const group = 'production'

/** Claims of a good KMS_AUTH_JWT at {@link start}, valid for ten minutes. */
export function goodClaims(boundTo: string): TokenClaims {
  return {
    iss: issuer,
    sub: 'ek:000b00',
    aud: group,
    iat: start,
    nbf: start,
    exp: start + 600,
    jti: 'token-1',
    eat_profile: tokenProfiles.KMS_AUTH_JWT,
    eat_nonce: 'AAAAAAAAAAA',
    ueid: 'AQ',
    bootcount: 1,
    oemboot: true,
    ear_verifier_id: { developer: 'https://example.org', build: 'test' },
    cnf: { jkt: boundTo },
    submods: {
      host: {
        ear_status: 'affirming',
        ear_trustworthiness_vector: { 'instance-identity': 2 },
        ear_appraisal_policy_ids: ['base-image:a'],
        base_image: 'a',
        endorsement: { key: 'rsa-2048' },
        pcrs: { selection: [{ bank: 'sha256', pcrs: [0] }], digest: '00' },
      },
    },
  }
}
