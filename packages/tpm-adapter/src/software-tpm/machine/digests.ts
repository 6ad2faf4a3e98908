import { createHash, createHmac, type Hash as NodeHash } from 'node:crypto'
import { type HashAlgorithm, hashFacts } from '@trusthold/core/tpm2'

/** HMAC over parts. */
export function hmac(hash: HashAlgorithm, key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac(hashFacts(hash).node, key)
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}

/** Digest over parts. */
export function digestOfParts(hash: HashAlgorithm, parts: readonly Uint8Array[]): Uint8Array {
  const running: NodeHash = createHash(hashFacts(hash).node)
  for (const part of parts) running.update(part)
  return new Uint8Array(running.digest())
}

/** Without zeros at the end: an authorisation value is the same with and without them. Part 1, section 19.6.4. */
export function withoutTrailingZeros(value: Uint8Array): Uint8Array {
  return value.subarray(0, value.findLastIndex((byte) => byte !== 0) + 1)
}
