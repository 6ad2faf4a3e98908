import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { SecretBytes } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import { exportEcPublicJwk, thumbprint } from '../jose/index.js'
import type { PublicJwk, TokenSigner } from '../ports/index.js'

/** A fresh ES256 signing key, PKCS#8 DER. */
export function generateSigningKey(): SecretBytes {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return SecretBytes.take(new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })))
}

/**
 * A {@link TokenSigner} over P-256 keys in this process's memory.
 * @param keys PKCS#8 DER, the current one first; the others' tokens still verify
 * @throws CONFIGURATION_INVALID when there is no key, or one that is not a P-256 private key
 */
export function createLocalSigner(keys: readonly SecretBytes[]): TokenSigner {
  const entries = keys.map(loadKey)
  const [current] = entries
  if (current === undefined) {
    throw new TrustholdError('CONFIGURATION_INVALID', { name: 'signing keys', reason: 'there is none' })
  }
  const byId = new Map(entries.map((entry) => [entry.publicJwk.kid, entry.privateKey]))
  const info = { kid: current.publicJwk.kid, alg: current.publicJwk.alg }
  const publicJwks = entries.map((entry) => entry.publicJwk)
  return {
    current: () => info,
    publicKeys: () => publicJwks,
    async sign(kid, input) {
      const key = byId.get(kid)
      if (key === undefined) throw new TrustholdError('NOT_FOUND', { kind: 'signing key', name: kid })
      // Not in the thread pool: handing a signature over costs as much as making it.
      return { signature: new Uint8Array(sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })) }
    },
  }
}

function loadKey(secret: SecretBytes): { privateKey: KeyObject; publicJwk: PublicJwk } {
  try {
    const privateKey = secret.use((der) =>
      createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
    )
    const jwk = exportEcPublicJwk(privateKey)
    return { privateKey, publicJwk: { ...jwk, kid: thumbprint(jwk), alg: 'ES256', use: 'sig' } }
  } catch (cause) {
    throw new TrustholdError(
      'CONFIGURATION_INVALID',
      { name: 'signing key', reason: 'expected a P-256 private key as PKCS#8' },
      { cause },
    )
  }
}
