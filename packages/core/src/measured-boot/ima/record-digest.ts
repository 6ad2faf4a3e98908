import { hash as hashOnce } from 'node:crypto'
import { hashFacts } from '../../tpm2/index.js'
import { imaBanks } from './hash-algorithms.js'
import type { DigestRule } from './ima-log.js'
import {
  dataAt,
  dataLength,
  type ImaRecords,
  isViolation,
  listedHashAt,
  numberSize,
  oldDigestSize,
  oldNameSize,
  oldTemplate,
} from './records.js'

const sha1Size = 20

/** What is known of a bank that kernels extend. */
export interface BankFacts {
  readonly bank: string
  readonly size: number
  readonly node: string
}

/** A lookup for every entry, so it is one of a Map. */
const banks = new Map<string, BankFacts>(
  imaBanks.map((bank) => [bank, { bank, size: hashFacts(bank).size, node: hashFacts(bank).node }]),
)

/** Facts of a bank that kernels extend with digests of their own; undefined for others. */
export function bankFacts(bank: string): BankFacts | undefined {
  return banks.get(bank)
}

/**
 * Hashes a record's template data as the kernel does: as it stands, or, for template `ima`, without the name's length and
 * with zeros after it. Kernel: ima_calc_field_array_hash.
 * @param node OpenSSL's name of the algorithm
 * @returns a binary string, which node:crypto makes in a third of the time of an array
 */
export function hashTemplateData(records: ImaRecords, i: number, node: string): string {
  const { bytes, templates } = records
  const data = dataAt(records, i)
  const end = data + dataLength(records, i, data)
  if (templates[i]?.name !== oldTemplate) return hashOnce(node, bytes.subarray(data, end), 'binary')
  const filled = new Uint8Array(oldDigestSize + oldNameSize)
  filled.set(bytes.subarray(data, data + oldDigestSize))
  filled.set(bytes.subarray(data + oldDigestSize + numberSize, end), oldDigestSize)
  return hashOnce(node, filled, 'binary')
}

/**
 * Writes what the kernel extended for a record into a bank.
 * @param rule without one, the listed hash is taken for its own algorithm
 */
export function writeDigest(
  records: ImaRecords,
  i: number,
  { bank, size, node }: BankFacts,
  rule: DigestRule | undefined,
  target: Uint8Array,
  at: number,
): void {
  const padded = rule !== undefined && rule !== 'recomputed' && size > sha1Size
  if (padded) target.fill(0, at + sha1Size, at + size)
  if (isViolation(records, i)) {
    target.fill(0xff, at, at + (rule === 'zero-padded-violations' ? sha1Size : size))
  } else if (rule === undefined && bank === records.listedAlgorithm) {
    const listed = listedHashAt(records, i)
    target.set(records.bytes.subarray(listed, listed + size), at)
  } else {
    const digest = hashTemplateData(records, i, padded ? 'sha1' : node)
    for (let k = 0; k < digest.length; k++) target[at + k] = digest.charCodeAt(k)
  }
}
