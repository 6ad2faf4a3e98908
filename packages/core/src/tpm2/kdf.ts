import { createHmac } from 'node:crypto'
import { concatBytes, utf8 } from '../bytes/index.js'
import { digestOf, type HashAlgorithm, hashFacts, plain } from './algorithms.js'

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}

/** A label as the TPM hashes it: with its terminating zero. */
function terminated(label: string): Uint8Array {
  return utf8(`${label}\0`)
}

/** Joins blocks until there are enough bits; clears the bits of the first byte that are too many. */
function collect(bits: number, blockSize: number, block: (counter: Uint8Array) => Uint8Array): Uint8Array {
  const length = Math.ceil(bits / 8)
  const blocks: Uint8Array[] = []
  for (let i = 1; blocks.length * blockSize < length; i++) blocks.push(block(u32(i)))
  const key = concatBytes(...blocks).slice(0, length)
  if (bits % 8 !== 0) key[0] = (key[0] as number) & (2 ** (bits % 8) - 1)
  return key
}

/** HMAC (FIPS 198-1). */
export function hmacOf(hash: HashAlgorithm, key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac(hashFacts(hash).node, key)
  for (const part of data) hmac.update(part)
  return plain(hmac.digest())
}

/**
 * KDFa: the counter mode of SP 800-108 with HMAC. Part 1, section 11.4.10.2.
 * @param label without terminating zero
 * @param bits length of the result; rounded up to bytes, the surplus bits clear
 */
export function kdfa(
  hash: HashAlgorithm,
  key: Uint8Array,
  label: string,
  contextU: Uint8Array,
  contextV: Uint8Array,
  bits: number,
): Uint8Array {
  const fixed = concatBytes(terminated(label), contextU, contextV, u32(bits))
  return collect(bits, hashFacts(hash).size, (counter) => hmacOf(hash, key, counter, fixed))
}

/**
 * KDFe: the concatenation KDF of SP 800-56A for shared points. Part 1, section 11.4.10.3.
 * @param z x coordinate of the shared point, as wide as the curve
 * @param use without terminating zero
 * @param partyUInfo x coordinate of the ephemeral key
 * @param partyVInfo x coordinate of the static key
 * @param bits length of the result; rounded up to bytes, the surplus bits clear
 */
export function kdfe(
  hash: HashAlgorithm,
  z: Uint8Array,
  use: string,
  partyUInfo: Uint8Array,
  partyVInfo: Uint8Array,
  bits: number,
): Uint8Array {
  const fixed = concatBytes(z, terminated(use), partyUInfo, partyVInfo)
  return collect(bits, hashFacts(hash).size, (counter) => digestOf(hash, concatBytes(counter, fixed)))
}
