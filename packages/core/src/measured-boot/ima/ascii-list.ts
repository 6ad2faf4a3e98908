import { Writer } from '../../codec/index.js'
import type { HashAlgorithm } from '../../tpm2/index.js'
import { listedHashSizes } from './hash-algorithms.js'
import { checkPcr, type ImaLogLimits, limit, pathOf, refuse } from './limits.js'
import { type EntryPlace, type ImaSource, ParsedEntry } from './parsed-entry.js'
import { formOf, type ImaField, type ImaTemplate, templateOf } from './templates.js'

/** What is read of a list in text. */
export interface AsciiList {
  readonly list: Uint8Array
  readonly start: number
  readonly first: number
  readonly littleEndian: boolean
  /** Of the template hashes; undefined to take the one of their length. */
  readonly listedAlgorithm: HashAlgorithm | undefined
  readonly limits: ImaLogLimits
}

/** Where reading is, for errors: an entry, and the offset in bytes of its part that is read. */
interface Position {
  readonly entry: number
  readonly offset: number
}

const lineFeed = 0x0a
const oldDigestSize = 20

/**
 * Reads the entries of `ascii_runtime_measurements`: a line each, its parts separated by one space. The template data is
 * made from them as the kernel has it in binary, since that is what it hashed; what a text does not show (a NUL within
 * a name, say) leads to another template hash. A line break within a name is not told from the end of a line. Kernel:
 * ima_ascii_measurements_show.
 * @throws CODEC_VALUE, CODEC_LIMIT
 */
export function readAsciiList(input: AsciiList): { source: ImaSource; entries: readonly ParsedEntry[] } {
  const { list, limits } = input
  const text = Buffer.from(list.buffer, list.byteOffset, list.byteLength)
  const writer = new Writer()
  const lines: { pcr: number; template: ImaTemplate; place: EntryPlace }[] = []
  let hashSize = 0
  for (let offset = input.start; offset < list.length; ) {
    const found = list.indexOf(lineFeed, offset)
    const end = found === -1 ? list.length : found
    const entry = input.first + lines.length
    limit('ImaLog.entries', offset, limits.entries, entry + 1)
    const line = readLine(input, writer, text.toString('latin1', offset, end), { entry, offset })
    if (hashSize !== 0 && line.hashSize !== hashSize) {
      throw refuse(pathOf(entry, 'templateHash'), offset, `${hashSize} bytes`, `${line.hashSize} bytes`)
    }
    hashSize = line.hashSize
    lines.push({ ...line, place: { ...line.place, offset, length: end - offset } })
    offset = end + 1
  }
  const source = sourceOf(input, writer.finish(), hashSize)
  return {
    source,
    entries: lines.map(
      ({ pcr, template, place }, i) => new ParsedEntry(source, input.first + i, pcr, template, place),
    ),
  }
}

function sourceOf(
  { list, littleEndian, listedAlgorithm }: AsciiList,
  bytes: Uint8Array,
  hashSize: number,
): ImaSource {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const byLength = listedHashSizes.find(([size]) => size === hashSize)?.[1]
  const algorithm = listedAlgorithm ?? byLength ?? 'sha1'
  return { list, bytes, view, littleEndian, listedAlgorithm: algorithm, listedSize: hashSize }
}

/** Reads one line; writes template hash and template data. */
function readLine(input: AsciiList, writer: Writer, line: string, { entry, offset }: Position) {
  const parts = line.split(' ')
  if (parts[0] === '') parts.shift()
  const shift = line.startsWith(' ') ? 1 : 0
  const [pcrText = '', hashText = '', name = '', ...values] = parts
  if (!/^\d{1,2}$/.test(pcrText)) {
    throw refuse(pathOf(entry, 'pcr'), offset, 'a PCR in decimal', quote(pcrText))
  }
  checkPcr(entry, offset, Number(pcrText))
  let at = offset + shift + pcrText.length + 1
  const listedHash = writer.length
  const hashSize = writeHex(writer, hashText, pathOf(entry, 'templateHash'), at)
  checkHashSize(input.listedAlgorithm, hashSize, pathOf(entry, 'templateHash'), at)
  at += hashText.length + 1
  limit(pathOf(entry, 'templateName'), at, input.limits.templateName, name.length)
  const template = templateOf(name)
  if (template.fields === undefined) {
    throw refuse(pathOf(entry, 'templateName'), at, 'a template that is known', quote(name))
  }
  at += name.length + 1
  const data = writer.length
  for (const [i, value] of fieldsOf(template.fields, values, { entry, offset: at }).entries()) {
    const field = template.fields[i] as ImaField
    writeField(input, writer, name === 'ima' && field === 'd', field, value, { entry, offset: at })
    at += value.length + 1
  }
  const dataLength = writer.length - data
  limit(pathOf(entry, 'templateData'), offset, input.limits.templateData, dataLength)
  return { pcr: Number(pcrText), template, hashSize, place: { listedHash, data, dataLength } }
}

function checkHashSize(wanted: HashAlgorithm | undefined, size: number, path: string, offset: number): void {
  const known = listedHashSizes.some(([listed, algorithm]) =>
    wanted === undefined ? listed === size : algorithm === wanted && listed === size,
  )
  if (!known) throw refuse(path, offset, `a digest of ${wanted ?? 'a known algorithm'}`, `${size} bytes`)
}

/** One text for each field. Kernels that did not yet write `_` for a space may have some in a name that stands last. */
function fieldsOf(
  fields: readonly ImaField[],
  values: readonly string[],
  { entry, offset }: Position,
): readonly string[] {
  const last = fields.length - 1
  const open = formOf(fields[last] as ImaField) === 'text' && values.length > last
  const texts = open ? [...values.slice(0, last), values.slice(last).join(' ')] : values
  if (texts.length === fields.length) return texts
  throw refuse(
    pathOf(entry, 'templateData'),
    offset,
    `${fields.length} fields (${fields.join(' ')})`,
    `${texts.length}`,
  )
}

/** Writes a field with its length before it, or, when `bare`, without. */
function writeField(
  input: AsciiList,
  writer: Writer,
  bare: boolean,
  field: ImaField,
  text: string,
  { entry, offset }: Position,
): void {
  const path = pathOf(entry, field)
  const { littleEndian, limits } = input
  if (bare) {
    const size = writeHex(writer, text, path, offset)
    if (size !== oldDigestSize) throw refuse(path, offset, `${oldDigestSize} bytes`, `${size} bytes`)
    return
  }
  const bytes = binaryOf(field, text, path, offset, littleEndian)
  if (formOf(field) === 'text') limit(path, offset, limits.path, bytes.length)
  writer.u32(bytes.length, littleEndian)
  writer.bytes(bytes)
}

/** A field's bytes, by how its text came about. */
function binaryOf(field: ImaField, text: string, path: string, offset: number, littleEndian: boolean) {
  switch (formOf(field)) {
    case 'digest':
    case 'hex':
      return fromHexText(text, path, offset)
    case 'prefixed-digest': {
      if (text === '') return new Uint8Array(0)
      const end = text.lastIndexOf(':') + 1
      if (end === 0) throw refuse(path, offset, 'an algorithm and a digest', quote(text))
      return Buffer.concat([
        Buffer.from(`${text.slice(0, end)}\0`, 'latin1'),
        fromHexText(text.slice(end), path, offset + end),
      ])
    }
    case 'text':
      return Buffer.from(text === '' && field === 'xattrnames' ? '' : `${text}\0`, 'latin1')
    case 'u32':
      return integer(text, 4, littleEndian, path, offset)
    case 'u16':
      return integer(text, 2, littleEndian, path, offset)
  }
}

/** An integer of so many bytes; none for an empty text. */
function integer(text: string, size: 2 | 4, littleEndian: boolean, path: string, offset: number): Uint8Array {
  if (text === '') return new Uint8Array(0)
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value < 2 ** (8 * size))) throw refuse(path, offset, `a number of ${8 * size} bits`, quote(text))
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  if (size === 4) view.setUint32(0, value, littleEndian)
  else view.setUint16(0, value, littleEndian)
  return bytes
}

function writeHex(writer: Writer, text: string, path: string, offset: number): number {
  const bytes = fromHexText(text, path, offset)
  writer.bytes(bytes)
  return bytes.length
}

/** Node's decoder stops at what it does not know, and at half a byte: then it gives fewer bytes. */
function fromHexText(text: string, path: string, offset: number): Uint8Array {
  const bytes = Buffer.from(text, 'hex')
  if (2 * bytes.length !== text.length) throw refuse(path, offset, 'hexadecimal digits', quote(text))
  return bytes
}

/** The start of a text, on one line. */
function quote(text: string): string {
  return JSON.stringify(text.length <= 40 ? text : `${text.slice(0, 40)}…`)
}
