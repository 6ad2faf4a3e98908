import { encode } from '@trusthold/core/codec'
import {
  type AlgorithmName,
  type CurveName,
  hashFacts,
  type TpmtHa,
  tpmAlgId,
  tpmEccCurve,
} from '@trusthold/core/tpm2'
import type { ResponseCodeName } from '../response-codes.js'
import { type Field, named, u16 } from './field.js'

function wordOf(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
}

/** TPM_ALG_ID of an algorithm. */
export function algorithmId(name: AlgorithmName): number {
  return wordOf(encode(tpmAlgId, name))
}

/** TPM_ECC_CURVE of a curve. */
export function curveId(name: CurveName): number {
  return wordOf(encode(tpmEccCurve, name))
}

/** A TPM_ALG_ID that is one of these; the TPMI_ALG_* types of Part 2, section 9. */
export function algorithm<const N extends AlgorithmName>(
  names: readonly N[],
  otherwise: ResponseCodeName,
): Field<N> {
  const ids = Object.fromEntries(names.map((name) => [name, algorithmId(name)])) as Record<N, number>
  return named(u16, ids, otherwise)
}

/** Hash algorithms, and banks of PCRs, of this TPM. */
export const implementedHashes = ['sha1', 'sha256', 'sha384', 'sha512'] as const
/** Name of a hash algorithm of this TPM. */
export type Hash = (typeof implementedHashes)[number]
/** Curves of this TPM. */
export const implementedCurves = ['P-256', 'P-384', 'P-521'] as const
/** Lengths of RSA keys of this TPM. */
export const implementedRsaBits = [2048, 3072, 4096] as const
/** Lengths of AES keys of this TPM. */
export const implementedAesBits = [128, 256] as const

/** TPMI_ALG_HASH. Part 2, section 9.27. */
export const hashAlgorithm: Field<Hash> = algorithm(implementedHashes, 'HASH')
/** TPMI_ALG_HASH+. */
export const hashAlgorithmOrNull: Field<Hash | 'null'> = algorithm([...implementedHashes, 'null'], 'HASH')
/** TPMI_ECC_CURVE. Part 2, section 11.2.5.5. */
export const eccCurve: Field<(typeof implementedCurves)[number]> = named(
  u16,
  Object.fromEntries(implementedCurves.map((name) => [name, curveId(name)])) as Record<
    (typeof implementedCurves)[number],
    number
  >,
  'CURVE',
)

/** TPMT_HA. Part 2, section 10.3.2. */
export const hashValue: Field<TpmtHa & { readonly hashAlg: Hash }> = {
  read(r) {
    const hashAlg = hashAlgorithm.read(r)
    return { hashAlg, digest: r.bytes(hashFacts(hashAlg).size) }
  },
}

/** TPM2B_DIGEST, TPM2B_NONCE, TPM2B_AUTH: as long as the largest digest at most. */
export const largestDigest = 64
