import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { exportJwk, fromBase64url } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'

/** A public P-256 key as a JWK (RFC 7518 section 6.2), only the members that make the key. */
export interface EcPublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  /** 32 bytes, base64url. */
  readonly x: string
  /** 32 bytes, base64url. */
  readonly y: string
}

/**
 * Takes a public P-256 key out of untrusted JSON.
 * @throws JOSE_INVALID when it is another kind of key, malformed, or private
 */
export function parseEcPublicJwk(value: unknown, what = 'jwk'): EcPublicJwk {
  const refuse = (reason: string) => new TrustholdError('JOSE_INVALID', { what, reason })
  if (typeof value !== 'object' || value === null) throw refuse('it is not an object')
  const jwk = value as Record<string, unknown>
  if (jwk['kty'] !== 'EC' || jwk['crv'] !== 'P-256') throw refuse('expected an EC key on P-256')
  if ('d' in jwk) throw refuse('it is a private key')
  const { x, y } = jwk
  if (typeof x !== 'string' || typeof y !== 'string' || x.length !== 43 || y.length !== 43) {
    throw refuse('expected coordinates of 32 bytes')
  }
  try {
    fromBase64url(x)
    fromBase64url(y)
  } catch (cause) {
    throw new TrustholdError('JOSE_INVALID', { what, reason: 'coordinates are not base64url' }, { cause })
  }
  return { kty: 'EC', crv: 'P-256', x, y }
}

/** RFC 7638 SHA-256 thumbprint, base64url. */
export function thumbprint(jwk: EcPublicJwk): string {
  const canonical = `{"crv":"${jwk.crv}","kty":"${jwk.kty}","x":"${jwk.x}","y":"${jwk.y}"}`
  return hash('sha256', canonical, 'base64url')
}

/**
 * The key object of a public JWK.
 * @throws JOSE_INVALID when the coordinates are not a point of the curve
 */
export function importEcPublicJwk(jwk: EcPublicJwk, what = 'jwk'): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch (cause) {
    throw new TrustholdError('JOSE_INVALID', { what, reason: 'it is not a point of P-256' }, { cause })
  }
}

/** The public JWK of a P-256 key object, private or public. */
export function exportEcPublicJwk(key: KeyObject): EcPublicJwk {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return parseEcPublicJwk(exportJwk(publicKey))
}
