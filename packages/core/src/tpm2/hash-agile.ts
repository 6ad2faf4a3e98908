import type { Codec } from '../codec/index.js'
import { type HashAlgorithm, hashFacts, tpmiAlgHash, tpmiAlgHashOrNull } from './algorithms.js'

/** TPMT_HA: a digest and its algorithm. Part 2, section 10.3.2. */
export interface TpmtHa {
  readonly hashAlg: HashAlgorithm
  /** As long as the algorithm's digests. */
  readonly digest: Uint8Array
}

/** TPMT_HA+: the same, or no algorithm and an empty digest. */
export interface TpmtHaOrNull {
  readonly hashAlg: HashAlgorithm | 'null'
  readonly digest: Uint8Array
}

function hashAgile<A extends HashAlgorithm | 'null'>(
  name: string,
  algorithm: Codec<A>,
): Codec<{ readonly hashAlg: A; readonly digest: Uint8Array }> {
  const sizeOf = (hashAlg: HashAlgorithm | 'null'): number =>
    hashAlg === 'null' ? 0 : hashFacts(hashAlg).size
  return {
    name,
    read(r) {
      const hashAlg = algorithm.read(r)
      return { hashAlg, digest: r.bytes(sizeOf(hashAlg)) }
    },
    write(w, v) {
      algorithm.write(w, v.hashAlg)
      const size = sizeOf(v.hashAlg)
      if (v.digest.length !== size) w.reject(`${size} bytes`, `${v.digest.length} bytes`)
      w.bytes(v.digest)
    },
  }
}

/** Codec of {@link TpmtHa}. */
export const tpmtHa: Codec<TpmtHa> = hashAgile('TPMT_HA', tpmiAlgHash)
/** Codec of {@link TpmtHaOrNull}. */
export const tpmtHaOrNull: Codec<TpmtHaOrNull> = hashAgile('TPMT_HA+', tpmiAlgHashOrNull)
