import { type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import { describeEntry } from './describe-entry.js'
import { readFileDigest } from './file-digest.js'
import { imaBanks } from './hash-algorithms.js'
import type { DigestRule, FileDigest, ImaEntry } from './ima-log.js'
import { bankFacts, hashTemplateData, writeDigest } from './record-digest.js'
import {
  dataAt,
  dataLength,
  type ImaRecords,
  isViolation,
  listedHashAt,
  numberSize,
  oldDigestSize,
  oldTemplate,
} from './records.js'
import type { ImaField, ImaTemplate } from './templates.js'

const lineFeed = 0x0a

/** An entry that reads its record only when asked: of most entries only the digest is wanted. */
export class ParsedEntry implements ImaEntry {
  readonly #records: ImaRecords
  /** Place of its record among the records. */
  readonly #i: number

  constructor(records: ImaRecords, i: number) {
    this.#records = records
    this.#i = i
  }

  get index(): number {
    return this.#records.first + this.#i
  }

  get offset(): number {
    return this.#records.offsets[this.#i] as number
  }

  get pcr(): number {
    const { view, places, littleEndian } = this.#records
    return view.getUint32(places[this.#i] as number, littleEndian)
  }

  /** Every entry was extended. */
  get extends(): boolean {
    return true
  }

  get label(): string {
    return this.template.name
  }

  describe(): string {
    return describeEntry(this)
  }

  get template(): ImaTemplate {
    return this.#records.templates[this.#i] as ImaTemplate
  }

  get record(): Uint8Array {
    const { list, bytes, offsets } = this.#records
    const end = offsets[this.#i + 1] ?? list.length
    const isLine = list !== bytes && list[end - 1] === lineFeed
    return list.subarray(this.offset, isLine ? end - 1 : end)
  }

  get listedHash(): Uint8Array {
    const at = listedHashAt(this.#records, this.#i)
    return this.#records.bytes.subarray(at, at + this.#records.listedSize)
  }

  get templateData(): Uint8Array {
    const at = dataAt(this.#records, this.#i)
    return this.#records.bytes.subarray(at, at + dataLength(this.#records, this.#i, at))
  }

  get violation(): boolean {
    return isViolation(this.#records, this.#i)
  }

  field(wanted: ImaField): Uint8Array | undefined {
    const { bytes, view, littleEndian } = this.#records
    const { name, fields } = this.template
    let at = dataAt(this.#records, this.#i)
    for (const field of fields ?? []) {
      const bare = name === oldTemplate && field === 'd'
      const length = bare ? oldDigestSize : view.getUint32(at, littleEndian)
      if (!bare) at += numberSize
      if (field === wanted) return bytes.subarray(at, at + length)
      at += length
    }
    return undefined
  }

  get fileDigest(): FileDigest | undefined {
    return readFileDigest(this)
  }

  get pathBytes(): Uint8Array | undefined {
    const field = this.field('n-ng') ?? this.field('n')
    const name = field?.at(-1) === 0 ? field.subarray(0, -1) : field
    return name?.includes(0) === true ? undefined : name
  }

  get path(): string | undefined {
    const name = this.pathBytes
    return name === undefined ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(name)
  }

  get signature(): Uint8Array | undefined {
    return present(this.field('sig'))
  }

  get buffer(): Uint8Array | undefined {
    return present(this.field('buf'))
  }

  hasListedHash(): boolean {
    if (this.violation) return true
    const { bytes, listedAlgorithm, listedSize } = this.#records
    const at = listedHashAt(this.#records, this.#i)
    const found = hashTemplateData(this.#records, this.#i, hashFacts(listedAlgorithm).node)
    for (let k = 0; k < listedSize; k++) if (bytes[at + k] !== found.charCodeAt(k)) return false
    return true
  }

  get digests(): ReadonlyMap<HashAlgorithm, Uint8Array> {
    return new Map(imaBanks.map((bank) => [bank, this.digest(bank) as Uint8Array]))
  }

  digest(bank: string): Uint8Array | undefined {
    const facts = bankFacts(bank)
    if (facts === undefined) return undefined
    const digest = new Uint8Array(facts.size)
    writeDigest(this.#records, this.#i, facts, undefined, digest, 0)
    return digest
  }

  copyDigest(bank: string, target: Uint8Array, at: number, rule?: DigestRule): boolean {
    const facts = bankFacts(bank)
    if (facts !== undefined) writeDigest(this.#records, this.#i, facts, rule, target, at)
    return facts !== undefined
  }
}

function present(field: Uint8Array | undefined): Uint8Array | undefined {
  return field === undefined || field.length === 0 ? undefined : field
}
