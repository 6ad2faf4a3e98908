import { createHash } from 'node:crypto'
import { concatBytes, toHex, utf8 } from '../bytes/index.js'
import { type HashAlgorithm, hashFacts } from '../tpm2/index.js'

/** What {@link imaList} takes. */
export interface ImaListOptions {
  /** Banks whose PCRs are computed; SHA-256 alone by default. */
  banks?: readonly HashAlgorithm[]
  /** Algorithm of the listed template hashes; SHA-1 by default. */
  listed?: HashAlgorithm
  /** How digests for banks other than SHA-1's are made; see `DigestRule`. */
  rule?: 'recomputed' | 'zero-padded' | 'zero-padded-violations'
  byteOrder?: 'little' | 'big'
}

/** One entry to be added to a list. */
export interface BuiltImaEntry {
  /** 10 by default. */
  pcr?: number
  /** Name of its template, or a format such as `d-ng|n-ng`. */
  template: string
  /** The template's fields in order; a text stands for its UTF-8 bytes. */
  fields: readonly (Uint8Array | string)[]
  /** Lists zeros and extends ones. */
  violation?: boolean
  /** What is listed when that is not the template hash. */
  listedHash?: Uint8Array
}

/** A file to be added to a list. */
export interface BuiltImaFile {
  pcr?: number
  /** `ima-ng` by default; another one of `d-ng|n-ng` or `d-ngv2|n-ng` with or without a signature. */
  template?: 'ima-ng' | 'ima-sig' | 'ima-ngv2' | 'ima-sigv2'
  /** Its content, of which the digest is made; its path by default. */
  content?: Uint8Array | string
  /** The kernel's name of the digest's algorithm; `sha256` by default. */
  algorithm?: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  /** The attribute in field `sig`. */
  signature?: Uint8Array
  violation?: boolean
}

/** A list in both forms, and the PCRs of a TPM that the kernel extended. */
export interface BuiltImaList {
  readonly binary: Uint8Array
  readonly ascii: Uint8Array
  /** Values of PCRs 0 to 23 by bank. */
  readonly pcrs: ReadonlyMap<HashAlgorithm, ReadonlyMap<number, Uint8Array>>
  /** The same after each entry, from before the first on. Only of the first bank and PCR 10. */
  readonly steps: readonly Uint8Array[]
  /** Where each record starts in `binary`. */
  readonly offsets: readonly number[]
}

/** Builds a list step by step; each method returns the builder. */
export interface ImaListBuilder {
  file(path: string, file?: BuiltImaFile): ImaListBuilder
  /** A boot aggregate with this digest. */
  bootAggregate(digest?: Uint8Array, algorithm?: string): ImaListBuilder
  entry(entry: BuiltImaEntry): ImaListBuilder
  build(): BuiltImaList
}

/**
 * Builds any list of IMA, good or bad, with the PCRs that a TPM would then have. Lists, hashes and PCRs are computed
 * here, not by the code that tests want to judge.
 */
export function imaList(options: ImaListOptions = {}): ImaListBuilder {
  const { banks = ['sha256'], listed = 'sha1', rule = 'recomputed', byteOrder = 'little' } = options
  const records: Uint8Array[] = []
  const lines: Uint8Array[] = []
  const pcrs = new Map(banks.map((bank) => [bank, startValues(hashFacts(bank).size)]))
  const steps: Uint8Array[] = [new Uint8Array(hashFacts(banks[0] as HashAlgorithm).size)]
  const builder: ImaListBuilder = {
    file(path, { template = 'ima-ng', algorithm = 'sha256', ...file } = {}) {
      const digest = hash(algorithm, bytesOf(file.content ?? path))
      const prefix = template.endsWith('v2') ? 'ima:' : ''
      const size = file.violation === true ? new Uint8Array(digest.length) : digest
      const fields: (Uint8Array | string)[] = [
        concatBytes(utf8(`${prefix}${algorithm}:\0`), size),
        `${path}\0`,
      ]
      if (template.startsWith('ima-sig')) fields.push(file.signature ?? '')
      return builder.entry({ ...file, template, fields })
    },
    bootAggregate(digest = new Uint8Array(32), algorithm = 'sha256') {
      const fields = [concatBytes(utf8(`${algorithm}:\0`), digest), 'boot_aggregate\0']
      return builder.entry({ template: 'ima-ng', fields })
    },
    entry(entry) {
      const fields = entry.fields.map(bytesOf)
      const hashed = hashedData(entry.template, fields, byteOrder)
      const none = new Uint8Array(hashFacts(listed).size)
      const shown = entry.violation === true ? none : (entry.listedHash ?? hash(listed, hashed))
      records.push(binaryRecord(entry, shown, fields, byteOrder))
      lines.push(asciiLine(entry, shown, fields, byteOrder))
      for (const [bank, values] of pcrs) {
        const digest = entry.violation === true ? violationDigest(bank, rule) : bankDigest(bank, hashed, rule)
        const pcr = entry.pcr ?? 10
        values.set(pcr, hash(bank, concatBytes(values.get(pcr) ?? new Uint8Array(0), digest)))
      }
      steps.push(pcrs.get(banks[0] as HashAlgorithm)?.get(10) as Uint8Array)
      return builder
    },
    build() {
      let end = 0
      const offsets = records.map((record) => {
        end += record.length
        return end - record.length
      })
      const copies = [...pcrs].map(([bank, values]) => [bank, new Map(values)] as const)
      return {
        binary: concatBytes(...records),
        ascii: concatBytes(...lines),
        pcrs: new Map(copies),
        steps: [...steps],
        offsets,
      }
    },
  }
  return builder
}

/** What the kernel hashes: fields with their lengths; of the first template without, the name in 256 bytes. */
function hashedData(template: string, fields: readonly Uint8Array[], byteOrder: 'little' | 'big') {
  if (template !== 'ima')
    return concatBytes(...fields.flatMap((field) => [u32(field.length, byteOrder), field]))
  const [digest = new Uint8Array(0), name = new Uint8Array(0)] = fields
  const padded = new Uint8Array(256)
  padded.set(name)
  return concatBytes(digest, padded)
}

function bankDigest(bank: HashAlgorithm, hashed: Uint8Array, rule: string): Uint8Array {
  if (rule === 'recomputed') return hash(bank, hashed)
  const digest = new Uint8Array(hashFacts(bank).size)
  digest.set(hash('sha1', hashed))
  return digest
}

function violationDigest(bank: HashAlgorithm, rule: string): Uint8Array {
  const digest = new Uint8Array(hashFacts(bank).size)
  return rule === 'zero-padded-violations' ? digest.fill(0xff, 0, 20) : digest.fill(0xff)
}

function binaryRecord(
  { pcr = 10, template }: BuiltImaEntry,
  listedHash: Uint8Array,
  fields: readonly Uint8Array[],
  byteOrder: 'little' | 'big',
): Uint8Array {
  const name = utf8(template)
  const head = [u32(pcr, byteOrder), listedHash, u32(name.length, byteOrder), name]
  if (template === 'ima') {
    const [digest = new Uint8Array(0), path = new Uint8Array(0)] = fields
    const bare = path.at(-1) === 0 ? path.slice(0, -1) : path
    return concatBytes(...head, digest, u32(bare.length, byteOrder), bare)
  }
  const data = hashedData(template, fields, byteOrder)
  return concatBytes(...head, u32(data.length, byteOrder), data)
}

/** A line as the kernel prints it: digests and signatures in hexadecimal, names as they are, numbers in decimal. */
function asciiLine(
  { pcr = 10, template }: BuiltImaEntry,
  listedHash: Uint8Array,
  fields: readonly Uint8Array[],
  byteOrder: 'little' | 'big',
): Uint8Array {
  const names = (formats[template] ?? template).split('|')
  const shown = fields.flatMap((field, i) => [utf8(' '), asciiField(names[i] ?? '', field, byteOrder)])
  const head = utf8(`${String(pcr).padStart(2)} ${toHex(listedHash)} ${template}`)
  return concatBytes(head, ...shown, utf8('\n'))
}

const formats: Readonly<Record<string, string>> = {
  ima: 'd|n',
  'ima-ng': 'd-ng|n-ng',
  'ima-sig': 'd-ng|n-ng|sig',
  'ima-ngv2': 'd-ngv2|n-ng',
  'ima-sigv2': 'd-ngv2|n-ng|sig',
  'ima-buf': 'd-ng|n-ng|buf',
  'ima-modsig': 'd-ng|n-ng|sig|d-modsig|modsig',
  'evm-sig': 'd-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode',
}

function asciiField(name: string, field: Uint8Array, byteOrder: 'little' | 'big'): Uint8Array {
  if (field.length === 0) return field
  if (name === 'n' || name === 'n-ng' || name === 'xattrnames') return field.slice(0, field.indexOf(0))
  if (name === 'iuid' || name === 'igid' || name === 'imode') return utf8(String(decimal(field, byteOrder)))
  if (!name.startsWith('d-')) return utf8(toHex(field))
  const end = field.indexOf(0)
  return concatBytes(field.slice(0, end), utf8(toHex(field.slice(end + 1))))
}

function decimal(field: Uint8Array, byteOrder: 'little' | 'big'): number {
  const view = new DataView(field.buffer, field.byteOffset, field.byteLength)
  const little = byteOrder === 'little'
  return field.length === 4 ? view.getUint32(0, little) : view.getUint16(0, little)
}

function startValues(size: number): Map<number, Uint8Array> {
  const start = (pcr: number): Uint8Array => new Uint8Array(size).fill(pcr >= 17 && pcr <= 22 ? 0xff : 0)
  return new Map(Array.from({ length: 24 }, (_, pcr) => [pcr, start(pcr)]))
}

function u32(value: number, byteOrder: 'little' | 'big'): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, byteOrder === 'little')
  return bytes
}

function hash(algorithm: HashAlgorithm, data: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash(hashFacts(algorithm).node).update(data).digest())
}

function bytesOf(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? utf8(data) : data
}
