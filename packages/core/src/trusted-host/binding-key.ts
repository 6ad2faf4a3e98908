import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { fromBase64url } from '../bytes/index.js'
import { exportEcPublicJwk, thumbprint } from '../jose/index.js'

/** The key that a host's tokens are bound to. It lives in memory and dies with the process. */
export interface BindingKey {
  /** P-256. Signs proofs of possession, and receives keys. */
  readonly privateKey: KeyObject
  /** RFC 7638 SHA-256 thumbprint, base64url. */
  readonly thumbprint: string
  /** The same, 32 bytes. */
  readonly thumbprintBytes: Uint8Array
}

/** A fresh binding key. */
export function generateBindingKey(): BindingKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jkt = thumbprint(exportEcPublicJwk(privateKey))
  return { privateKey, thumbprint: jkt, thumbprintBytes: fromBase64url(jkt) }
}
