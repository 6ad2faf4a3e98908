import { createHash } from 'node:crypto'
import type { Enumerated } from '../../ttlv/index.js'
import { refuse } from '../exchange/refusal.js'

type HashName = Exclude<Enumerated<'HashingAlgorithm'>, number>

/** The hash algorithms that are served, with Node's names. Those that are broken are not. */
const hashes: Readonly<Partial<Record<HashName, string>>> = {
  SHA_1: 'sha1',
  SHA_224: 'sha224',
  SHA_256: 'sha256',
  SHA_384: 'sha384',
  SHA_512: 'sha512',
  SHA_512_224: 'sha512-224',
  SHA_512_256: 'sha512-256',
  SHA_3_224: 'sha3-224',
  SHA_3_256: 'sha3-256',
  SHA_3_384: 'sha3-384',
  SHA_3_512: 'sha3-512',
}

/** Node's name of a hash algorithm. @throws Refusal */
export function nodeHash(algorithm: Enumerated<'HashingAlgorithm'> | undefined): string {
  if (algorithm === undefined) return refuse('BadCryptographicParameters', 'a Hashing Algorithm is needed')
  const name = typeof algorithm === 'string' ? hashes[algorithm] : undefined
  return name ?? refuse('UnsupportedCryptographicParameters', `hashing with ${algorithm} is not supported`)
}

/** The digest of some bytes. */
export function digest(algorithm: Enumerated<'HashingAlgorithm'> | undefined, data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(nodeHash(algorithm)).update(data).digest())
}
