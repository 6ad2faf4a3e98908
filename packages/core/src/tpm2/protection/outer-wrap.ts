import { createCipheriv, createDecipheriv } from 'node:crypto'
import { constantTimeEqual } from '../../bytes/index.js'
import { plain } from '../algorithms.js'
import { hmacOf, kdfa } from '../kdf.js'
import type { StorageSuite } from './storage-suite.js'

/** Something encrypted and bound to an object's name by an HMAC, both with keys that come from a seed. */
export interface OuterWrap {
  readonly integrity: Uint8Array
  readonly encrypted: Uint8Array
}

const nothing = new Uint8Array()
// CFB with a zero IV: seed and name give another key each time.
const zeroIv = new Uint8Array(16)

function storageKey(suite: StorageSuite, seed: Uint8Array, name: Uint8Array): Uint8Array {
  return kdfa(suite.nameAlg, seed, 'STORAGE', name, nothing, suite.keyBits)
}

function integrityOf(
  suite: StorageSuite,
  seed: Uint8Array,
  name: Uint8Array,
  encrypted: Uint8Array,
): Uint8Array {
  const key = kdfa(suite.nameAlg, seed, 'INTEGRITY', nothing, nothing, suite.digestSize * 8)
  return hmacOf(suite.nameAlg, key, encrypted, name)
}

/**
 * Encrypts for a storage key and binds to the name of an object. Part 1, sections 23.3.2.3 and 24.
 * @param seed secret that is shared with the storage key
 */
export function wrapOuter(
  suite: StorageSuite,
  seed: Uint8Array,
  name: Uint8Array,
  data: Uint8Array,
): OuterWrap {
  const encrypted = plain(createCipheriv(suite.cipher, storageKey(suite, seed, name), zeroIv).update(data))
  return { integrity: integrityOf(suite, seed, name, encrypted), encrypted }
}

/** Undoes {@link wrapOuter}; undefined when integrity, seed or name is not what it was. */
export function unwrapOuter(
  suite: StorageSuite,
  seed: Uint8Array,
  name: Uint8Array,
  { integrity, encrypted }: OuterWrap,
): Uint8Array | undefined {
  if (!constantTimeEqual(integrity, integrityOf(suite, seed, name, encrypted))) return undefined
  return plain(createDecipheriv(suite.cipher, storageKey(suite, seed, name), zeroIv).update(encrypted))
}
