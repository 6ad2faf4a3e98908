import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'

/**
 * The JWK of a key object, private or public, from a copy of it. Never ask a key itself: while node:crypto of Node 20
 * writes a JWK it holds a lock of the key, and so does the clearing away of the job that generated the key. When garbage
 * is collected just then, the process stands still for good.
 * @throws what node:crypto throws for a secret key, and for kinds of keys and curves that JWK has no names for
 */
export function exportJwk(key: KeyObject): JsonWebKey {
  const copy =
    key.type === 'private'
      ? createPrivateKey({ key: key.export({ format: 'der', type: 'pkcs8' }), format: 'der', type: 'pkcs8' })
      : createPublicKey({ key: key.export({ format: 'der', type: 'spki' }), format: 'der', type: 'spki' })
  // eslint-disable-next-line no-restricted-syntax -- the one place
  return copy.export({ format: 'jwk' })
}
