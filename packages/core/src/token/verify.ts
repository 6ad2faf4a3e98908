import type { KeyObject } from 'node:crypto'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import {
  importEcPublicJwk,
  type JwsHeader,
  parseEcPublicJwk,
  parseJsonObject,
  parseJws,
  thumbprint,
  verifyJws,
} from '../jose/index.js'
import type { Clock, PublicJwk } from '../ports/index.js'
import { type TokenClaims, type TokenKind, tokenProfiles } from './claims.js'
import { tokenType } from './issue.js'

/** Longest token that is looked at, in characters. */
export const maxTokenLength = 16_384

/** Headers of tokens that are remembered: one for each of the issuer's keys, and some for other ways to write them. */
const maxKnownHeaders = 64

/** What a verifier is pinned to. */
export interface TokenVerifierOptions {
  /** The only accepted `iss`. */
  issuer: string
  /** The only accepted `aud`. */
  group: string
  /** The issuer's keys; asked anew for every token, so that rotation takes effect. */
  keys: () => readonly PublicJwk[]
  clock: Clock
  /** How far clocks may differ, in seconds; 5 by default, 60 at most. */
  clockSkewSeconds?: number
}

/** Verifies tokens of one issuer for one service group. */
export interface TokenVerifier {
  /**
   * @param token compact JWS
   * @param kind a token of any other kind is refused
   * @throws TOKEN_INVALID naming the check: `token.format`, `token.key`, `token.signature`, `token.profile`,
   *   `token.issuer`, `token.audience`, `token.time`, `token.binding`
   */
  verify(token: string, kind: TokenKind): TokenClaims
}

const refuse = (check: string, reason: string, cause?: unknown) =>
  new TrustholdError('TOKEN_INVALID', { check, reason }, { cause })

/** Makes a verifier. Keys that come inside a token (`jwk`, `x5c`, `jku`) are never looked at. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const skew = options.clockSkewSeconds ?? 5
  if (!(skew >= 0 && skew <= 60)) {
    throw new TrustholdError('CONFIGURATION_INVALID', {
      name: 'clockSkewSeconds',
      reason: 'expected 0 to 60',
    })
  }
  const knownHeaders = new Map<string, JwsHeader>()
  const form = { what: 'token', typ: tokenType, maxLength: maxTokenLength, knownHeaders }
  const imported = new WeakMap<PublicJwk, KeyObject>()
  const keyFor = (kid: unknown): KeyObject => {
    const jwk = options.keys().find((key) => key.kid === kid)
    if (jwk === undefined) throw refuse('token.key', 'it is not signed with a key of the issuer')
    const known = imported.get(jwk)
    if (known !== undefined) return known
    const parsed = orRefuse('token.key', () => parseEcPublicJwk(jwk, 'issuer key'))
    if (thumbprint(parsed) !== jwk.kid) throw refuse('token.key', 'the issuer key does not match its key id')
    const key = orRefuse('token.key', () => importEcPublicJwk(parsed, 'issuer key'))
    imported.set(jwk, key)
    return key
  }
  return {
    verify(token, kind) {
      const jws = orRefuse('token.format', () => parseJws(token, form))
      if (!verifyJws(jws, keyFor(jws.header['kid']))) {
        throw refuse('token.signature', 'the signature does not verify')
      }
      // Signed by the issuer, so there are as many as it has keys.
      if (knownHeaders.size < maxKnownHeaders) {
        knownHeaders.set(jws.headerText, { algorithm: jws.algorithm, header: jws.header })
      }
      const claims = orRefuse('token.format', () => parseJsonObject(jws.payload, 'token payload'))
      checkProfile(claims, kind)
      checkParties(claims, options)
      checkTimes(claims, options.clock.now() / 1000, skew)
      checkBinding(claims)
      return claims as unknown as TokenClaims
    },
  }
}

function orRefuse<T>(check: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isTrustholdError(error, 'JOSE_INVALID')) throw refuse(check, error.context.reason, error)
    throw error
  }
}

function checkProfile(claims: Record<string, unknown>, kind: TokenKind): void {
  if (claims['eat_profile'] !== tokenProfiles[kind]) throw refuse('token.profile', `it is not a ${kind}`)
}

function checkParties(claims: Record<string, unknown>, options: TokenVerifierOptions): void {
  if (claims['iss'] !== options.issuer) throw refuse('token.issuer', 'it is from another issuer')
  if (claims['aud'] !== options.group) throw refuse('token.audience', 'it is for another service group')
  if (typeof claims['sub'] !== 'string' || typeof claims['jti'] !== 'string') {
    throw refuse('token.format', 'it names no subject or has no id')
  }
}

const isTime = (value: unknown): value is number => Number.isFinite(value)

function checkTimes(claims: Record<string, unknown>, now: number, skew: number): void {
  const { exp, nbf, iat } = claims
  // JSON can spell numbers that are too large to be finite: one as `exp` would never be reached.
  if (!isTime(exp) || !isTime(nbf) || !isTime(iat)) throw refuse('token.time', 'it has no validity')
  // No allowance at the end: a token that has expired by our clock is expired.
  if (now >= exp) throw refuse('token.time', 'it has expired')
  if (now < nbf - skew || now < iat - skew) throw refuse('token.time', 'it is not valid yet')
}

function checkBinding(claims: Record<string, unknown>): void {
  const cnf = claims['cnf']
  const jkt = typeof cnf === 'object' && cnf !== null ? (cnf as Record<string, unknown>)['jkt'] : undefined
  if (typeof jkt !== 'string' || jkt.length !== 43) throw refuse('token.binding', 'it is not bound to a key')
}
