import { TrustholdError } from '../../errors/index.js'
import { type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import { listedHashSizes } from './hash-algorithms.js'
import { checkEntries, checkLimit, checkPcr, type ImaLogLimits, pathOf, refuse } from './limits.js'
import { type ImaRecords, numberSize, oldDigestSize, oldNameSize, oldTemplate } from './records.js'
import { formOf, type ImaField, type ImaTemplate, templateOf } from './templates.js'

/** What is read of a list. */
export interface ListInput {
  readonly list: Uint8Array
  /** Where reading starts, in bytes. */
  readonly start: number
  /** Index of the first entry that is read. */
  readonly first: number
  readonly littleEndian: boolean
  /** Of the template hashes; undefined to find out. */
  readonly listedAlgorithm: HashAlgorithm | undefined
  readonly limits: ImaLogLimits
}

/** Records that were read so far. */
interface Reading {
  readonly input: ListInput
  readonly view: DataView
  readonly listedSize: number
  readonly templates: ImaTemplate[]
  readonly known: Map<string, ImaTemplate>
  /** The first templates, and where their names stand: comparing these takes less than looking a name up. */
  readonly frequent: { readonly template: ImaTemplate; readonly nameAt: number }[]
}

/** A list has few templates: the one that the kernel was told to use, and that of buffers. */
const maxFrequent = 4

/**
 * Reads the entries of `binary_runtime_measurements`. Kernel: ima_measurements_show.
 * @throws CODEC_UNDERFLOW, CODEC_TRAILING, CODEC_LIMIT, CODEC_VALUE
 */
export function readBinaryList(input: ListInput): ImaRecords {
  const { list, start, first, littleEndian, limits } = input
  const listedAlgorithm = input.listedAlgorithm ?? findListedAlgorithm(input)
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength)
  const listedSize = hashFacts(listedAlgorithm).size
  const reading: Reading = { input, view, listedSize, templates: [], known: new Map(), frequent: [] }
  const offsets: number[] = []
  let offset = start
  while (offset < list.length) {
    const entry = first + offsets.length
    checkEntries(limits, offset, offsets.length)
    offsets.push(offset)
    offset = readRecord(reading, entry, offset)
  }
  const { templates } = reading
  const common = { list, bytes: list, view, littleEndian, listedAlgorithm, listedSize, templates, first }
  return { ...common, offsets, places: offsets }
}

/** Reads one record; where the next starts. */
function readRecord(reading: Reading, entry: number, offset: number): number {
  const { input, view, listedSize, templates } = reading
  const { littleEndian, limits } = input
  need(view, entry, 'pcr', offset, numberSize)
  checkPcr(entry, offset, view.getUint32(offset, littleEndian))
  need(view, entry, 'templateHash', offset + numberSize, listedSize + numberSize)
  const nameAt = offset + numberSize + listedSize + numberSize
  const nameLength = view.getUint32(nameAt - numberSize, littleEndian)
  checkLimit(entry, 'templateName', nameAt - numberSize, limits.templateName, nameLength)
  need(view, entry, 'templateName', nameAt, nameLength)
  const template = readTemplate(reading, entry, nameAt, nameLength)
  templates.push(template)
  const sizeAt = nameAt + nameLength
  if (template.name === oldTemplate) return sizeAt + readOldLength(view, littleEndian, entry, sizeAt)
  need(view, entry, 'templateData', sizeAt, numberSize)
  const length = view.getUint32(sizeAt, littleEndian)
  checkLimit(entry, 'templateData', sizeAt, limits.templateData, length)
  const data = sizeAt + numberSize
  need(view, entry, 'templateData', data, length)
  if (template.fields !== undefined) checkFields(reading, entry, template, data, length)
  return data + length
}

function readTemplate(reading: Reading, entry: number, offset: number, length: number): ImaTemplate {
  const { list } = reading.input
  const { known, frequent } = reading
  for (let i = 0; i < frequent.length; i++) {
    const { template, nameAt } = frequent[i] as Reading['frequent'][number]
    if (template.name.length === length && isSame(list, nameAt, offset, length)) return template
  }
  const name = latin1(list, offset, length)
  const found = known.get(name)
  if (found !== undefined) return found
  if (!/^[!-~]+$/.test(name)) {
    const path = pathOf(entry, 'templateName')
    throw refuse(path, offset, 'a name of printable characters', JSON.stringify(name))
  }
  const template = templateOf(name)
  known.set(name, template)
  if (frequent.length < maxFrequent) frequent.push({ template, nameAt: offset })
  return template
}

function isSame(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false
  return true
}

/** Length of template `ima`'s data. */
function readOldLength(view: DataView, littleEndian: boolean, entry: number, offset: number): number {
  const head = oldDigestSize + numberSize
  need(view, entry, 'templateData', offset, head)
  const length = view.getUint32(offset + oldDigestSize, littleEndian)
  checkLimit(entry, 'n', offset + oldDigestSize, oldNameSize - 1, length)
  need(view, entry, 'n', offset + head, length)
  return head + length
}

/** Walks over the fields: together they are the template data, no more and no less. */
function checkFields(
  { view, input }: Reading,
  entry: number,
  { fields = [] }: ImaTemplate,
  start: number,
  length: number,
): void {
  const end = start + length
  let at = start
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as ImaField
    const left = end - at - numberSize
    const size = left < 0 ? 0 : view.getUint32(at, input.littleEndian)
    if (size > left) throw underflow(entry, field, at, numberSize + size, end - at)
    if (formOf(field) === 'text') checkLimit(entry, field, at, input.limits.path, size)
    at += numberSize + size
  }
  if (at === end) return
  const path = pathOf(entry, 'templateData')
  throw new TrustholdError('CODEC_TRAILING', { path, offset: at, trailing: end - at })
}

/**
 * The algorithm of a binary list's template hashes, told by where the first template's name stands: the standard file
 * has SHA-1, those with an algorithm in their name (Linux 6.10) have that one. SHA-1 when no template is recognised.
 */
function findListedAlgorithm({ list, start, littleEndian, limits }: ListInput): HashAlgorithm {
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength)
  for (const [size, algorithm] of listedHashSizes) {
    const nameAt = start + numberSize + size + numberSize
    if (nameAt > list.length) break
    const length = view.getUint32(nameAt - numberSize, littleEndian)
    if (length > Math.min(list.length - nameAt, limits.templateName)) continue
    if (templateOf(latin1(list, nameAt, length)).fields !== undefined) return algorithm
  }
  return 'sha1'
}

/** A text of one character a byte. */
function latin1(bytes: Uint8Array, offset: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1')
}

function need(view: DataView, entry: number, field: string, offset: number, needed: number): void {
  const available = view.byteLength - offset
  if (needed > available) throw underflow(entry, field, offset, needed, available)
}

function underflow(entry: number, field: string, offset: number, needed: number, available: number) {
  return new TrustholdError('CODEC_UNDERFLOW', { path: pathOf(entry, field), offset, needed, available })
}
