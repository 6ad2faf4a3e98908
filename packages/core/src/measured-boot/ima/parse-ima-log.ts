import { TrustholdError } from '../../errors/index.js'
import type { HashAlgorithm } from '../../tpm2/index.js'
import { exceeded } from '../exceeded.js'
import { readAsciiList } from './ascii-list.js'
import { readBinaryList } from './binary-list.js'
import { imaBanks } from './hash-algorithms.js'
import type { ImaLog } from './ima-log.js'
import { defaultImaLimits, type ImaLogLimits } from './limits.js'
import { ParsedImaLog } from './parsed-log.js'

/** What {@link parseImaLog} takes besides the list. */
export interface ImaLogOptions extends Partial<ImaLogLimits> {
  /**
   * Byte order of the machine whose kernel wrote the list; `little` by default, which is also that of a kernel that was
   * started with `ima_canonical_fmt`.
   */
  readonly byteOrder?: 'little' | 'big'
  /**
   * Algorithm of the listed template hashes. By default the one that their length tells: SHA-1, or SHA-256, SHA-384,
   * SHA-512 for the lists with these algorithms in their name.
   */
  readonly listedAlgorithm?: HashAlgorithm
}

/** Where in the kernel's list parsing starts. */
export interface ListStart {
  /** Index of the first entry that is parsed. */
  readonly first: number
  /** Where that entry starts in what was given, in bytes. */
  readonly offset: number
  /** Bytes of the kernel's list before what was given. */
  readonly base: number
}

/**
 * Reads a list of IMA as the kernel shows it, in binary (`binary_runtime_measurements`) or in text
 * (`ascii_runtime_measurements`), with SHA-1 or other template hashes (`…_sha256`); which it is, its content tells.
 * Hashes nothing. Entries look into `bytes`, which must not be changed afterwards. What it says is not proved by that;
 * see {@link matchImaLog} and {@link verifyImaLog}.
 *
 * The text form cannot show every name: prefer the binary one.
 * @param options limits and what the list does not say of itself
 * @throws CODEC_UNDERFLOW, CODEC_TRAILING, CODEC_LIMIT, CODEC_VALUE with the path of the field, such as
 *   `ImaLog.entries[12].n-ng`, and its offset in bytes
 * @throws ARGUMENT_INVALID for an algorithm that kernels do not list
 */
export function parseImaLog(bytes: Uint8Array, options: ImaLogOptions = {}): ImaLog {
  return parseFrom(bytes, { first: 0, offset: 0, base: 0 }, options)
}

/**
 * Reads a list from one of its entries on.
 * @throws as {@link parseImaLog}
 */
export function parseFrom(list: Uint8Array, start: ListStart, options: ImaLogOptions): ImaLog {
  const { byteOrder = 'little', listedAlgorithm, ...given } = options
  const limits = { ...defaultImaLimits, ...given }
  if (list.length > limits.bytes) throw exceeded('ImaLog', 0, limits.bytes, list.length)
  if (listedAlgorithm !== undefined && !imaBanks.includes(listedAlgorithm)) {
    const reason = `kernels list no template hashes of ${listedAlgorithm}`
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'listedAlgorithm', reason })
  }
  const place = { list, start: start.offset, first: start.first }
  const input = { ...place, littleEndian: byteOrder === 'little', listedAlgorithm, limits }
  const read = isText(list, start.offset) ? readAsciiList : readBinaryList
  return new ParsedImaLog(read(input), start.base)
}

/**
 * Whether a list is a text: that starts with the decimal digits of a PCR, or with a space before one digit, and the
 * number of no PCR has such a byte.
 */
function isText(bytes: Uint8Array, offset: number): boolean {
  const first = bytes[offset] ?? 0
  return first === 0x20 || (first >= 0x30 && first <= 0x39)
}
