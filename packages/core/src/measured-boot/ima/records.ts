import type { HashAlgorithm } from '../../tpm2/index.js'
import type { ImaTemplate } from './templates.js'

/**
 * The records of one list, as columns: entries are made of them when they are asked for. A record is the PCR, the listed
 * hash, the template's name and its data, the last two with their length before them; but template `ima` states only
 * the length of the name within its data.
 */
export interface ImaRecords {
  /** The list as it was given. */
  readonly list: Uint8Array
  /** Records in binary: the list itself, or what was made of a text. */
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly littleEndian: boolean
  readonly listedAlgorithm: HashAlgorithm
  readonly listedSize: number
  /** Where each record or line starts in `list`. */
  readonly offsets: readonly number[]
  /** Where each record starts in `bytes`. */
  readonly places: readonly number[]
  readonly templates: readonly ImaTemplate[]
  /** Index of the first in the kernel's list. */
  readonly first: number
}

/** Size of every number in a record, in bytes. */
export const numberSize = 4
/** Name of the first template, which has a layout and a hash of its own. */
export const oldTemplate = 'ima'
/** Of the digest in the data of template `ima`, which has no length before it. */
export const oldDigestSize = 20
/** Template `ima` is hashed with its name in so many bytes, filled up with zeros. */
export const oldNameSize = 256

/** Where a record's listed hash starts in `bytes`. */
export function listedHashAt({ places }: ImaRecords, i: number): number {
  return (places[i] as number) + numberSize
}

/** Where a record's template data starts in `bytes`. */
export function dataAt({ places, listedSize, templates }: ImaRecords, i: number): number {
  const { name } = templates[i] as ImaTemplate
  const nameEnd = (places[i] as number) + numberSize + listedSize + numberSize + name.length
  return name === oldTemplate ? nameEnd : nameEnd + numberSize
}

/** Length of a record's template data, which starts at `data`. */
export function dataLength({ view, littleEndian, templates }: ImaRecords, i: number, data: number): number {
  return (templates[i] as ImaTemplate).name === oldTemplate
    ? oldDigestSize + numberSize + view.getUint32(data + oldDigestSize, littleEndian)
    : view.getUint32(data - numberSize, littleEndian)
}

/** Whether the listed hash is all zeros: the mark of a violation. */
export function isViolation(records: ImaRecords, i: number): boolean {
  const { bytes, listedSize } = records
  const at = listedHashAt(records, i)
  for (let k = 0; k < listedSize; k++) if (bytes[at + k] !== 0) return false
  return true
}
