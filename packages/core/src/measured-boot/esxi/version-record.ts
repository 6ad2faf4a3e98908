import { type Codec, decode, type Infer, rest, struct, u16le, u32le, u64le } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'

const versionRecordDef = struct('vm_version_record_t', {
  totalSize: u32le,
  formatVersion: u32le,
  flags: u64le,
  componentNameOffset: u16le,
  componentNameLen: u16le,
  productNameOffset: u16le,
  productNameLen: u16le,
  productVersionOffset: u16le,
  productVersionLen: u16le,
  fileNameOffset: u16le,
  fileNameLen: u16le,
  strings: rest,
})
/**
 * The version record of a boot module, as it stands in the log: little-endian, offsets from its own start. The boot
 * loader takes it from the module without looking, and appends the file's name. ESXi boot loader, `tpm.c`.
 */
export interface VmVersionRecord extends Infer<typeof versionRecordDef> {}
/** Codec of {@link VmVersionRecord}. It does not judge the offsets; see {@link readVersionRecord}. */
export const vmVersionRecord: Codec<VmVersionRecord> = versionRecordDef

/** Of the record before its strings, in bytes. */
const headSize = 32
const space = 0x20
const oneLine = 'text in UTF-8 without control characters'

/** What a module says of itself, and the file that it was loaded from. */
export interface EsxiVersion {
  readonly component: string
  readonly product: string
  readonly version: string
  /** Path of the file, as the boot loader was told it. */
  readonly file: string
}

/**
 * Reads a version record: every part must lie behind the head and before the file's name, and that at the very end.
 * The three texts may share bytes, as strings in an ELF section do; none may reach into what the boot loader wrote.
 * Between them may be other texts and NULs, but nothing that a program could be.
 * @throws CODEC_UNDERFLOW, CODEC_VALUE with the field's path and the offset in the record
 */
export function readVersionRecord(data: Uint8Array): EsxiVersion {
  const record = decode(vmVersionRecord, data)
  const { totalSize, formatVersion, fileNameOffset, fileNameLen } = record
  if (totalSize !== data.length) {
    throw invalid('totalSize', 0, `${data.length}, the size of the event's data`, totalSize)
  }
  if (formatVersion === 0) throw invalid('formatVersion', 4, 'a format other than 0', formatVersion)
  if (fileNameOffset < headSize) {
    throw invalid('fileNameOffset', 28, `at least ${headSize}, behind the head`, fileNameOffset)
  }
  if (fileNameOffset + fileNameLen !== totalSize) {
    throw invalid('fileNameLen', 30, `${totalSize - fileNameOffset}, to the end`, fileNameLen)
  }
  const strings = data.subarray(headSize, fileNameOffset)
  if (readPrintable(strings.map((byte) => (byte === 0 ? space : byte))) === undefined) {
    throw invalid('strings', headSize, oneLine, 'other bytes')
  }
  return {
    component: readPart(data, record, 'componentName', 16),
    product: readPart(data, record, 'productName', 20),
    version: readPart(data, record, 'productVersion', 24),
    file: readText(data.subarray(fileNameOffset), 'fileName', fileNameOffset),
  }
}

/** One of the three texts; `at` is where the record says where it is. */
function readPart(
  data: Uint8Array,
  record: VmVersionRecord,
  field: 'componentName' | 'productName' | 'productVersion',
  at: number,
): string {
  const [offset, length] = [record[`${field}Offset`], record[`${field}Len`]]
  if (length === 0) return ''
  if (offset < headSize) throw invalid(`${field}Offset`, at, `at least ${headSize}, behind the head`, offset)
  const end = offset + length
  if (end <= record.fileNameOffset) return readText(data.subarray(offset, end), field, offset)
  throw invalid(`${field}Len`, at + 2, `an end before the file's name at ${record.fileNameOffset}`, end)
}

/** A text with or without a NUL at its end, and none inside. */
function readText(bytes: Uint8Array, field: string, offset: number): string {
  const end = bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length
  const text = readPrintable(bytes.subarray(0, end))
  if (text === undefined) throw invalid(field, offset, oneLine, 'other bytes')
  return text
}

/** A text in UTF-8 that fits on one line; undefined for any other bytes. */
export function readPrintable(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return /[\p{C}\p{Zl}\p{Zp}]/u.test(text) ? undefined : text
  } catch {
    // TextDecoder says nothing but that the bytes are no UTF-8.
    return undefined
  }
}

function invalid(field: string, offset: number, expected: string, actual: number | string): TrustholdError {
  const path = `${vmVersionRecord.name}.${field}`
  return new TrustholdError('CODEC_VALUE', { path, offset, expected, actual: String(actual) })
}
