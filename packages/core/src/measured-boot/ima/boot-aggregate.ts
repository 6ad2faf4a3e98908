import { concatBytes, equalBytes, toHex } from '../../bytes/index.js'
import { digestOf, type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import { imaHashByName } from './hash-algorithms.js'
import type { ImaEntry } from './ima-log.js'

/** Name of the entry in which the kernel says what the TPM's PCRs were when IMA began. */
export const bootAggregateName = 'boot_aggregate'

/** Values of PCRs by bank and index. */
export type PcrValues = ReadonlyMap<HashAlgorithm, ReadonlyMap<number, Uint8Array>>

/** What a boot aggregate says of the PCRs. */
export interface BootAggregateResult {
  /** `unknown`: the PCRs that it is over are not known. */
  readonly outcome: 'matches' | 'differs' | 'unknown'
  /** One sentence for a person. */
  readonly reason: string
}

/** PCRs of the firmware, as in every aggregate; later kernels add 8 and 9, into which boot loaders measure. */
const firmwarePcrs = 8
const allPcrs = 10

/** Whether an entry says that it is a boot aggregate. A kernel's own is the first of its list. */
export function isBootAggregate(entry: ImaEntry): boolean {
  const name = entry.pathBytes
  return name?.length === bootAggregateName.length && entry.path === bootAggregateName
}

/**
 * The digest over the values of a bank's first PCRs, one after the other. Kernel: ima_calc_boot_aggregate.
 * @param count 8: PCRs 0 to 7, as for SHA-1; 10: PCRs 0 to 9, as for all others
 * @returns undefined when one of the values is not there
 */
export function computeBootAggregate(
  bank: HashAlgorithm,
  values: ReadonlyMap<number, Uint8Array>,
  count: 8 | 10,
): Uint8Array | undefined {
  const { size } = hashFacts(bank)
  const parts: Uint8Array[] = []
  for (let pcr = 0; pcr < count; pcr++) {
    const value = values.get(pcr)
    if (value === undefined || value.length !== size) return undefined
    parts.push(value)
  }
  return digestOf(bank, concatBytes(...parts))
}

/**
 * Checks a boot aggregate against the values of PCRs. It ties the list to the boot before it: entries of another boot
 * may be genuine too. Its algorithm says which bank it is over. One of SHA-1 is over PCRs 0 to 7; others are over PCRs 0
 * to 9, or 0 to 7 by stable kernels of Linux 5.4 to 5.7.
 * @param pcrs as a verified quote, or a log that matches one, has them
 */
export function checkBootAggregate(entry: ImaEntry, pcrs: PcrValues): BootAggregateResult {
  const digest = entry.fileDigest
  const bank = digest === undefined ? undefined : imaHashByName(digest.algorithm)?.bank
  if (digest === undefined || bank === undefined || entry.violation || !isBootAggregate(entry)) {
    return { outcome: 'differs', reason: `entry ${entry.index} is no boot aggregate of a known algorithm` }
  }
  const values = pcrs.get(bank)
  const counts = bank === 'sha1' ? ([firmwarePcrs] as const) : ([allPcrs, firmwarePcrs] as const)
  const last = counts[0] - 1
  if (values === undefined || computeBootAggregate(bank, values, counts[0]) === undefined) {
    return { outcome: 'unknown', reason: `it is over PCRs 0 to ${last} of ${bank}, which are not all known` }
  }
  for (const count of counts) {
    const computed = computeBootAggregate(bank, values, count)
    if (computed !== undefined && equalBytes(computed, digest.value)) {
      return { outcome: 'matches', reason: `it is over the values of PCRs 0 to ${count - 1} of ${bank}` }
    }
  }
  const reason = `it is ${toHex(digest.value)}, not over the values of PCRs 0 to ${last} of ${bank}: another boot, or one of them was extended since`
  return { outcome: 'differs', reason }
}
