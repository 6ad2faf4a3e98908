import { TrustholdError } from '../../errors/index.js'
import type { HashAlgorithm } from '../../tpm2/index.js'
import { listedHashSizes } from './hash-algorithms.js'
import { checkPcr, type ImaLogLimits, limit, pathOf, refuse } from './limits.js'
import { type ImaSource, ParsedEntry } from './parsed-entry.js'
import { formOf, type ImaTemplate, templateOf } from './templates.js'

/** What is read of a binary list. */
export interface BinaryList {
  readonly source: ImaSource
  /** Where reading starts, in bytes. */
  readonly start: number
  /** Index of the first entry that is read. */
  readonly first: number
  readonly limits: ImaLogLimits
}

/** Size of every number in the format, in bytes. */
const numberSize = 4
/** In template `ima` the digest has no length before it. */
const bareDigestSize = 20
const longestOldName = 255
/** Of a template that is recognised, in bytes. */
const longestName = 255

/**
 * Reads the entries of `binary_runtime_measurements`: for each PCR, template hash, template name and template data, the
 * last two with their length before them. Kernel: ima_measurements_show.
 * @throws CODEC_UNDERFLOW, CODEC_LIMIT, CODEC_VALUE
 */
export function readBinaryList(list: BinaryList): readonly ParsedEntry[] {
  const { source, limits } = list
  const entries: ParsedEntry[] = []
  const templates = new Map<string, ImaTemplate>()
  let offset = list.start
  while (offset < source.bytes.length) {
    const index = list.first + entries.length
    limit('ImaLog.entries', offset, limits.entries, index + 1)
    const entry = readRecord(list, templates, index, offset)
    entries.push(entry)
    offset = entry.end
  }
  return entries
}

function readRecord(
  { source, limits }: BinaryList,
  templates: Map<string, ImaTemplate>,
  index: number,
  offset: number,
): ParsedEntry {
  const { view, littleEndian, listedSize } = source
  need(view, index, 'header', offset, numberSize + listedSize + numberSize)
  const pcr = view.getUint32(offset, littleEndian)
  checkPcr(index, offset, pcr)
  const listedHash = offset + numberSize
  const nameAt = listedHash + listedSize + numberSize
  const nameLength = view.getUint32(nameAt - numberSize, littleEndian)
  limit(pathOf(index, 'templateName'), nameAt - numberSize, limits.templateName, nameLength)
  need(view, index, 'templateName', nameAt, nameLength)
  const template = readTemplate(source, templates, index, nameAt, nameLength)
  const sizeAt = nameAt + nameLength
  const old = template.name === 'ima'
  const data = old ? sizeAt : sizeAt + numberSize
  const dataLength = old ? readOldLength(source, index, sizeAt) : readLength(source, index, sizeAt, limits)
  if (!old && template.fields !== undefined) checkFields(source, index, template, data, dataLength, limits)
  const length = data + dataLength - offset
  return new ParsedEntry(source, index, pcr, template, { offset, length, listedHash, data, dataLength })
}

function readTemplate(
  { bytes }: ImaSource,
  templates: Map<string, ImaTemplate>,
  index: number,
  offset: number,
  length: number,
): ImaTemplate {
  const name = latin1(bytes, offset, length)
  const found = templates.get(name)
  if (found !== undefined) return found
  if (!/^[!-~]+$/.test(name)) {
    throw refuse(
      pathOf(index, 'templateName'),
      offset,
      'a name of printable characters',
      JSON.stringify(name),
    )
  }
  const template = templateOf(name)
  templates.set(name, template)
  return template
}

/** Length of the template data. */
function readLength({ view, littleEndian }: ImaSource, index: number, offset: number, limits: ImaLogLimits) {
  need(view, index, 'templateData', offset, numberSize)
  const length = view.getUint32(offset, littleEndian)
  limit(pathOf(index, 'templateData'), offset, limits.templateData, length)
  need(view, index, 'templateData', offset + numberSize, length)
  return length
}

/** Length of template `ima`'s data, which states only that of the name. */
function readOldLength({ view, littleEndian }: ImaSource, index: number, offset: number): number {
  const head = bareDigestSize + numberSize
  need(view, index, 'templateData', offset, head)
  const length = view.getUint32(offset + bareDigestSize, littleEndian)
  limit(pathOf(index, 'n'), offset + bareDigestSize, longestOldName, length)
  need(view, index, 'n', offset + head, length)
  return head + length
}

/** Walks over the fields: together they are the template data, no more and no less. */
function checkFields(
  { view, littleEndian }: ImaSource,
  index: number,
  { fields = [] }: ImaTemplate,
  start: number,
  dataLength: number,
  limits: ImaLogLimits,
): void {
  const end = start + dataLength
  let at = start
  for (const field of fields) {
    const left = end - at - numberSize
    const length = left < 0 ? 0 : view.getUint32(at, littleEndian)
    if (length > left) {
      throw new TrustholdError('CODEC_UNDERFLOW', {
        path: pathOf(index, field),
        offset: at,
        needed: numberSize + length,
        available: end - at,
      })
    }
    if (formOf(field) === 'text') limit(pathOf(index, field), at, limits.path, length)
    at += numberSize + length
  }
  if (at < end) {
    throw new TrustholdError('CODEC_TRAILING', {
      path: pathOf(index, 'templateData'),
      offset: at,
      trailing: end - at,
    })
  }
}

/**
 * The algorithm of a binary list's template hashes, told by where the first template's name stands: the standard file
 * has SHA-1, those with an algorithm in their name (Linux 6.10) have that one. SHA-1 when no template is recognised.
 */
export function findListedAlgorithm(bytes: Uint8Array, offset: number, littleEndian: boolean): HashAlgorithm {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const [size, algorithm] of listedHashSizes) {
    const nameAt = offset + numberSize + size + numberSize
    if (nameAt > bytes.length) break
    const length = view.getUint32(nameAt - numberSize, littleEndian)
    if (length > Math.min(bytes.length - nameAt, longestName)) continue
    if (templateOf(latin1(bytes, nameAt, length)).fields !== undefined) return algorithm
  }
  return 'sha1'
}

/** A text of one character a byte. */
function latin1(bytes: Uint8Array, offset: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1')
}

function need(view: DataView, entry: number, field: string, offset: number, needed: number): void {
  const available = view.byteLength - offset
  if (needed > available) {
    throw new TrustholdError('CODEC_UNDERFLOW', { path: pathOf(entry, field), offset, needed, available })
  }
}
