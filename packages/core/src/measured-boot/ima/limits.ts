import { TrustholdError } from '../../errors/index.js'
import { exceeded } from '../exceeded.js'
import { pcrCount } from '../record.js'

/** What a list may have at most. */
export interface ImaLogLimits {
  /** Of the whole list, in bytes; 64 MiB by default, which is about 500,000 entries. */
  readonly bytes: number
  /** Entries; 500,000 by default. */
  readonly entries: number
  /** Of a template's name, in bytes; 256 by default: the kernel's longest format takes 255. */
  readonly templateName: number
  /** Of one entry's template data, in bytes; 1 MiB by default: buffers and attributes may take tens of kilobytes. */
  readonly templateData: number
  /** Of a path or another text, in bytes; 8192 by default, twice what the kernel's paths take. */
  readonly path: number
}

/** Limits unless others are given. */
export const defaultImaLimits: ImaLogLimits = {
  bytes: 64 * 1024 * 1024,
  entries: 500_000,
  templateName: 256,
  templateData: 1024 * 1024,
  path: 8192,
}

/** Path of an entry's field, for errors. */
export function pathOf(entry: number, field: string): string {
  return `ImaLog.entries[${entry}].${field}`
}

/** An error for a value that the format does not allow. */
export function refuse(path: string, offset: number, expected: string, actual: string): TrustholdError {
  return new TrustholdError('CODEC_VALUE', { path, offset, expected, actual })
}

/**
 * Checks that a field of an entry is at most its limit.
 * @throws CODEC_LIMIT
 */
export function checkLimit(
  entry: number,
  field: string,
  offset: number,
  limit: number,
  actual: number,
): void {
  if (actual > limit) throw exceeded(pathOf(entry, field), offset, limit, actual)
}

/**
 * Checks that there is room for one more entry.
 * @param entries that were read before
 * @throws CODEC_LIMIT
 */
export function checkEntries({ entries: limit }: ImaLogLimits, offset: number, entries: number): void {
  if (entries >= limit) throw exceeded('ImaLog.entries', offset, limit, entries + 1)
}

/**
 * Checks that a PCR exists.
 * @throws CODEC_VALUE
 */
export function checkPcr(entry: number, offset: number, pcr: number): void {
  if (pcr >= pcrCount) throw refuse(pathOf(entry, 'pcr'), offset, `a PCR below ${pcrCount}`, String(pcr))
}
