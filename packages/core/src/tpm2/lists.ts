import { type Codec, listOf, u32 } from '../codec/index.js'
import { type AlgorithmName, tpmAlgIdOrNumber } from './algorithms.js'
import { tpm2bDigest } from './buffers.js'
import { type CommandName, tpmCc } from './capabilities/command-codes.js'
import { type CurveName, tpmEccCurveOrNumber } from './curves.js'
import { type TpmtHa, tpmtHa } from './hash-agile.js'

/** More entries than any response can hold; a bound for what is read before it is known to be there. */
export const maxListEntries = 1024
/** Hash algorithms that a TPM can have at once (HASH_COUNT). */
const maxHashes = 16
/** Of the branches of TPM2_PolicyOR and of the values of TPM2_PCR_Read. */
const maxDigests = 8

/** A TPML_*: a count and that many values. Part 2, section 10.9. */
export function tpml<T>(name: string, inner: Codec<T>, max: number = maxListEntries): Codec<readonly T[]> {
  return { ...listOf(u32, inner, max), name }
}

/** TPML_ALG; algorithms that are not known here as numbers. Part 2, section 10.9.3. */
export const tpmlAlg: Codec<readonly (AlgorithmName | number)[]> = tpml('TPML_ALG', tpmAlgIdOrNumber)
/** TPML_HANDLE. Part 2, section 10.9.4. */
export const tpmlHandle: Codec<readonly number[]> = tpml('TPML_HANDLE', u32)
/** TPML_CC. Part 2, section 10.9.1. */
export const tpmlCc: Codec<readonly (CommandName | number)[]> = tpml('TPML_CC', tpmCc)
/** TPML_DIGEST: at most eight. Part 2, section 10.9.5. */
export const tpmlDigest: Codec<readonly Uint8Array[]> = tpml('TPML_DIGEST', tpm2bDigest, maxDigests)
/** TPML_DIGEST_VALUES: a digest for each bank. Part 2, section 10.9.6. */
export const tpmlDigestValues: Codec<readonly TpmtHa[]> = tpml('TPML_DIGEST_VALUES', tpmtHa, maxHashes)
/** TPML_ECC_CURVE; curves that are not known here as numbers. Part 2, section 10.9.11. */
export const tpmlEccCurve: Codec<readonly (CurveName | number)[]> = tpml(
  'TPML_ECC_CURVE',
  tpmEccCurveOrNumber,
)
