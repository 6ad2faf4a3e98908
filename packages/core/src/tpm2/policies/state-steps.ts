import { concatBytes } from '../../bytes/index.js'
import { type Codec, encode, enumOf, u16, yesNo } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import { digestOf, type HashAlgorithm, hashFacts } from '../algorithms.js'
import { type TpmaLocality, tpmaLocality } from '../locality.js'
import { nameAlgorithmOf } from '../names.js'
import { tpmlPcrSelection } from '../pcr-selection.js'
import { pcrDigest, toPcrSelection } from '../pcrs.js'
import { extendPolicy, type PolicyStep } from './policy-digest.js'

/** Values that the PCRs of a bank shall have. */
export interface ExpectedPcrs {
  /** Name of the bank's hash algorithm. */
  readonly bank: string
  /** By PCR. */
  readonly values: ReadonlyMap<number, Uint8Array>
}

function refuse(name: string, reason: string): never {
  throw new TrustholdError('ARGUMENT_INVALID', { name, reason })
}

/** Values of a bank, by ascending PCR. */
function ascending({ values }: ExpectedPcrs): readonly (readonly [number, Uint8Array])[] {
  return [...values].sort(([a], [b]) => a - b)
}

/**
 * TPM2_PolicyPCR: PCRs have these values. Part 3, section 23.7.
 * @param banks in the order in which whoever runs the policy selects them
 * @throws ARGUMENT_INVALID for no PCR at all, PCRs above 23 and values that are no digests of their bank;
 *   TPM_ALGORITHM_UNSUPPORTED for a bank that is no hash algorithm
 */
export function policyPCR(banks: readonly ExpectedPcrs[]): PolicyStep {
  const rows = banks.map((bank) => ({ bank: bank.bank, entries: ascending(bank) }))
  const selection = toPcrSelection(
    rows.map(({ bank, entries }) => ({ bank, pcrs: entries.map(([pcr]) => pcr) })),
  )
  if (rows.every(({ entries }) => entries.length === 0)) refuse('banks', 'select no PCR')
  for (const [i, { bank, entries }] of rows.entries()) {
    const { size } = hashFacts(selection[i]?.hash as HashAlgorithm)
    const wrong = entries.find(([, value]) => value.length !== size)
    if (wrong !== undefined) refuse(bank, `the value of PCR ${wrong[0]} is no ${bank} digest`)
  }
  const selected = encode(tpmlPcrSelection, selection)
  const values = rows.flatMap(({ entries }) => entries.map(([, value]) => value))
  return (hash, digest) => extendPolicy(hash, digest, 'TPM2_PolicyPCR', selected, pcrDigest(hash, values))
}

/** TPM2_PolicyLocality: the command comes from one of these localities. Part 3, section 23.8. */
export function policyLocality(localities: TpmaLocality): PolicyStep {
  if (localities.length === 0) refuse('localities', 'name none, so no command would do')
  const locality = encode(tpmaLocality, localities)
  return (hash, digest) => extendPolicy(hash, digest, 'TPM2_PolicyLocality', locality)
}

/** Comparisons of the TPM's value (left) with the operand (TPM_EO). Part 2, section 6.8. */
const operations = {
  eq: 0,
  neq: 1,
  signedGt: 2,
  unsignedGt: 3,
  signedLt: 4,
  unsignedLt: 5,
  signedGe: 6,
  unsignedGe: 7,
  signedLe: 8,
  unsignedLe: 9,
  bitSet: 10,
  bitClear: 11,
} as const
const tpmEo: Codec<keyof typeof operations> = enumOf('TPM_EO', u16, operations)

/** A comparison with something that the TPM holds. */
export interface PolicyComparison {
  /** The TPM's value stands on the left: `unsignedGe` asks for at least the operand. */
  readonly operation: keyof typeof operations
  /** Big-endian, at most a digest long. */
  readonly operandB: Uint8Array
  /** Of the first byte that is compared; 0 by default. */
  readonly offset?: number
}

/** `H(operand || offset || operation)`. */
function comparisonDigest(
  hash: HashAlgorithm,
  { operation, operandB, offset = 0 }: PolicyComparison,
): Uint8Array {
  return digestOf(hash, concatBytes(operandB, encode(u16, offset), encode(tpmEo, operation)))
}

const largestOperand = 64

function checkOperand({ operandB }: PolicyComparison): void {
  if (operandB.length > largestOperand) refuse('operandB', `longer than ${largestOperand} bytes`)
}

/**
 * TPM2_PolicyNV: the content of an NV index compares so. Part 3, section 23.9.
 * @param nvName name of the index once it is written; see `computeNvName`
 * @throws TPM_KEY_INVALID for a name that is none; ARGUMENT_INVALID for an operand longer than a digest; CODEC_RANGE for
 *   an offset above 65,535
 */
export function policyNV(nvName: Uint8Array, comparison: PolicyComparison): PolicyStep {
  nameAlgorithmOf(nvName)
  checkOperand(comparison)
  return (hash, digest) =>
    extendPolicy(hash, digest, 'TPM2_PolicyNV', comparisonDigest(hash, comparison), nvName)
}

/**
 * TPM2_PolicyCounterTimer: the TPM's TPMS_TIME_INFO compares so, `offset` counting its bytes: 0 is `time`, 8 `clock`,
 * 16 `resetCount`, 20 `restartCount`, 24 `safe`. Part 3, section 23.10.
 * @throws ARGUMENT_INVALID for an operand longer than a digest; CODEC_RANGE for an offset above 65,535
 */
export function policyCounterTimer(comparison: PolicyComparison): PolicyStep {
  checkOperand(comparison)
  return (hash, digest) =>
    extendPolicy(hash, digest, 'TPM2_PolicyCounterTimer', comparisonDigest(hash, comparison))
}

/** TPM2_PolicyNvWritten: the NV index that is used was written, or never was. Part 3, section 23.20. */
export function policyNvWritten(written: boolean): PolicyStep {
  const value = encode(yesNo, written)
  return (hash, digest) => extendPolicy(hash, digest, 'TPM2_PolicyNvWritten', value)
}
