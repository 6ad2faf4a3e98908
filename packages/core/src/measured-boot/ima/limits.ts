import { TrustholdError } from '../../errors/index.js'
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
 * Checks that a value is at most its limit.
 * @throws CODEC_LIMIT
 */
export function limit(path: string, offset: number, most: number, actual: number): void {
  if (actual > most) throw new TrustholdError('CODEC_LIMIT', { path, offset, limit: most, actual })
}

/**
 * Checks that a PCR exists.
 * @throws CODEC_VALUE
 */
export function checkPcr(entry: number, offset: number, pcr: number): void {
  if (pcr >= pcrCount) throw refuse(pathOf(entry, 'pcr'), offset, `a PCR below ${pcrCount}`, String(pcr))
}
