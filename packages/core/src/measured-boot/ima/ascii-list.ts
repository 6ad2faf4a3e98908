import { type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import type { ListInput } from './binary-list.js'
import { listedHashSizes } from './hash-algorithms.js'
import { checkEntries, checkLimit, checkPcr, pathOf, refuse } from './limits.js'
import { RecordWriter } from './record-writer.js'
import { type ImaRecords, oldDigestSize, oldNameSize, oldTemplate } from './records.js'
import { formOf, type ImaField, type ImaTemplate, templateOf } from './templates.js'

/** What one line is read with. */
interface Line {
  readonly input: ListInput
  readonly writer: RecordWriter
  readonly entry: number
}

/** What lines have in common. */
interface Lines {
  readonly known: Map<string, ImaTemplate>
  /** Size of the template hashes in bytes, once one was read. */
  listedSize: number | undefined
}

const lineFeed = 0x0a

/**
 * Reads the entries of `ascii_runtime_measurements`: a line each, its parts separated by one space. The records are made
 * of them as the kernel has them in binary, since that is what it hashed; what a text does not show (a NUL within a
 * name, say) leads to another template hash. A line break within a name is not told from the end of a line. Kernel:
 * ima_ascii_measurements_show.
 * @throws CODEC_VALUE, CODEC_LIMIT
 */
export function readAsciiList(input: ListInput): ImaRecords {
  const { list, start, first, littleEndian, limits } = input
  const text = Buffer.from(list.buffer, list.byteOffset, list.byteLength)
  const writer = new RecordWriter(littleEndian, list.length - start)
  const lines: Lines = { known: new Map(), listedSize: undefined }
  const templates: ImaTemplate[] = []
  const offsets: number[] = []
  const places: number[] = []
  for (let offset = start; offset < list.length; ) {
    const found = text.indexOf(lineFeed, offset)
    const end = found === -1 ? list.length : found
    checkEntries(limits, offset, offsets.length)
    const line = { input, writer, entry: first + offsets.length }
    offsets.push(offset)
    places.push(writer.length)
    templates.push(readLine(line, lines, text.toString('latin1', offset, end), offset))
    offset = end + 1
  }
  const listedAlgorithm = input.listedAlgorithm ?? algorithmOf(lines.listedSize) ?? 'sha1'
  const listedSize = lines.listedSize ?? 0
  const bytes = writer.finish()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const common = { list, bytes, view, littleEndian, listedAlgorithm, listedSize, templates, first }
  return { ...common, offsets, places }
}

function algorithmOf(size: number | undefined): HashAlgorithm | undefined {
  return listedHashSizes.find(([listed]) => listed === size)?.[1]
}

/** Reads one line and writes its record. */
function readLine(line: Line, lines: Lines, text: string, offset: number): ImaTemplate {
  const { input, writer, entry } = line
  const start = text.startsWith(' ') ? 1 : 0
  const [pcr = '', hash = '', name = '', ...values] = text.slice(start).split(' ')
  if (!/^\d{1,2}$/.test(pcr)) throw refuse(pathOf(entry, 'pcr'), offset, 'a PCR in decimal', quote(pcr))
  checkPcr(entry, offset, Number(pcr))
  writer.u32(Number(pcr))
  // A line may end before a part begins.
  const end = offset + text.length
  const hashAt = Math.min(offset + start + pcr.length + 1, end)
  readListedHash(line, lines, hash, hashAt)
  const nameAt = Math.min(hashAt + hash.length + 1, end)
  const template = readTemplate(line, lines, name, nameAt)
  writer.u32(name.length)
  writer.latin1(name)
  const old = name === oldTemplate
  const sizeAt = writer.length
  if (!old) writer.u32(0)
  const data = writer.length
  readFields(line, template, values, Math.min(nameAt + name.length + 1, end))
  const length = writer.length - data
  checkLimit(entry, 'templateData', offset, input.limits.templateData, length)
  if (!old) writer.patch(sizeAt, length)
  return template
}

function readListedHash({ input, writer, entry }: Line, lines: Lines, text: string, offset: number): void {
  const size = writer.hex(text)
  const path = pathOf(entry, 'templateHash')
  if (size === -1) throw refuse(path, offset, 'hexadecimal digits', quote(text))
  lines.listedSize ??= size
  const wanted = input.listedAlgorithm
  const known = wanted === undefined ? algorithmOf(size) !== undefined : hashFacts(wanted).size === size
  if (!known) throw refuse(path, offset, `a digest of ${wanted ?? 'a known algorithm'}`, `${size} bytes`)
  if (size !== lines.listedSize) throw refuse(path, offset, `${lines.listedSize} bytes`, `${size} bytes`)
}

function readTemplate({ input, entry }: Line, { known }: Lines, name: string, offset: number): ImaTemplate {
  const found = known.get(name)
  if (found !== undefined) return found
  checkLimit(entry, 'templateName', offset, input.limits.templateName, name.length)
  const template = templateOf(name)
  if (template.fields === undefined) {
    throw refuse(pathOf(entry, 'templateName'), offset, 'a template that is known', quote(name))
  }
  known.set(name, template)
  return template
}

/** One text for each field. Kernels that did not yet write `_` for a space may have some in a name that stands last. */
function readFields(line: Line, { name, fields = [] }: ImaTemplate, values: string[], offset: number): void {
  const last = fields.length - 1
  const open = formOf(fields[last] as ImaField) === 'text' && values.length > fields.length
  const texts = open ? [...values.slice(0, last), values.slice(last).join(' ')] : values
  if (texts.length !== fields.length) {
    const expected = `${fields.length} fields (${fields.join(' ')})`
    throw refuse(pathOf(line.entry, 'templateData'), offset, expected, String(texts.length))
  }
  let at = offset
  for (let i = 0; i < fields.length; i++) {
    const text = texts[i] as string
    const field = fields[i] as ImaField
    if (name === oldTemplate) readOldField(line, field, text, at)
    else readField(line, field, text, at)
    at += text.length + 1
  }
}

/** A field of template `ima`: the digest as it is, the name without its NUL. */
function readOldField({ writer, entry }: Line, field: ImaField, text: string, offset: number): void {
  if (field === 'n') {
    checkLimit(entry, field, offset, oldNameSize - 1, text.length)
    writer.u32(text.length)
    writer.latin1(text)
  } else if (writer.hex(text) !== oldDigestSize) {
    throw refuse(pathOf(entry, field), offset, `a digest of ${oldDigestSize} bytes`, quote(text))
  }
}

/** A field with its length before it. */
function readField(line: Line, field: ImaField, text: string, offset: number): void {
  const { input, writer, entry } = line
  const sizeAt = writer.length
  writer.u32(0)
  writeField(line, field, text, offset)
  const size = writer.length - sizeAt - 4
  if (formOf(field) === 'text') checkLimit(entry, field, offset, input.limits.path, size)
  writer.patch(sizeAt, size)
}

/** Writes a field's bytes, by how the kernel made its text. */
function writeField(line: Line, field: ImaField, text: string, offset: number): void {
  const { writer } = line
  switch (formOf(field)) {
    case 'digest':
    case 'hex':
      writeHex(line, field, text, offset)
      break
    case 'prefixed-digest': {
      const end = text.lastIndexOf(':') + 1
      if (end > 0) writer.latin1(`${text.slice(0, end)}\0`)
      else if (text !== '')
        throw refuse(pathOf(line.entry, field), offset, 'an algorithm before', quote(text))
      writeHex(line, field, text.slice(end), offset + end)
      break
    }
    case 'text':
      // Only the attributes' names may be none at all; every other text has its NUL.
      if (text !== '' || field !== 'xattrnames') writer.latin1(`${text}\0`)
      break
    case 'u32':
      if (text !== '') writer.u32(integer(line, field, text, offset, 32))
      break
    case 'u16':
      if (text !== '') writer.u16(integer(line, field, text, offset, 16))
      break
  }
}

function writeHex({ writer, entry }: Line, field: ImaField, text: string, offset: number): void {
  if (writer.hex(text) === -1) throw refuse(pathOf(entry, field), offset, 'hexadecimal digits', quote(text))
}

function integer({ entry }: Line, field: ImaField, text: string, offset: number, bits: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value < 2 ** bits) return value
  throw refuse(pathOf(entry, field), offset, `a number of ${bits} bits`, quote(text))
}

/** The start of a text, on one line. */
function quote(text: string): string {
  return JSON.stringify(text.length <= 40 ? text : `${text.slice(0, 40)}…`)
}
