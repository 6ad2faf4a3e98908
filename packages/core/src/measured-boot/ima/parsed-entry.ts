import { hash as hashOnce } from 'node:crypto'
import { type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import { describeEntry } from './describe-entry.js'
import { readFileDigest } from './file-digest.js'
import { imaBanks } from './hash-algorithms.js'
import type { DigestRule, FileDigest, ImaEntry } from './ima-log.js'
import type { ImaField, ImaTemplate } from './templates.js'

/** What the entries of one log share. */
export interface ImaSource {
  /** What was given. */
  readonly list: Uint8Array
  /** Template data in binary: the list itself, or what was made of a text. */
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly littleEndian: boolean
  readonly listedAlgorithm: HashAlgorithm
  readonly listedSize: number
}

/** Where the parts of an entry are: its record in the list, the others in the source's `bytes`. */
export interface EntryPlace {
  readonly offset: number
  readonly length: number
  readonly listedHash: number
  readonly data: number
  readonly dataLength: number
}

/** The template `ima` is hashed as it was at first: digest, then the name in a field of so many bytes. */
const oldDigestSize = 20
const oldNameSize = 256
const sha1Size = 20

/** Facts of the banks that are extended; a lookup for every entry, so it is one of a Map. */
const banks = new Map<string, { readonly size: number; readonly node: string }>(
  imaBanks.map((bank) => [bank, hashFacts(bank)]),
)

/** An entry that makes views and hashes only when asked: of most entries only the digest is wanted. */
export class ParsedEntry implements ImaEntry {
  readonly #source: ImaSource
  readonly #place: EntryPlace

  constructor(
    source: ImaSource,
    readonly index: number,
    readonly pcr: number,
    readonly template: ImaTemplate,
    place: EntryPlace,
  ) {
    this.#source = source
    this.#place = place
  }

  get offset(): number {
    return this.#place.offset
  }

  /** Where the next record starts. */
  get end(): number {
    return this.#place.offset + this.#place.length
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

  get record(): Uint8Array {
    const { offset, length } = this.#place
    return this.#source.list.subarray(offset, offset + length)
  }

  get listedHash(): Uint8Array {
    const { listedHash } = this.#place
    return this.#source.bytes.subarray(listedHash, listedHash + this.#source.listedSize)
  }

  get templateData(): Uint8Array {
    const { data, dataLength } = this.#place
    return this.#source.bytes.subarray(data, data + dataLength)
  }

  get violation(): boolean {
    const { bytes, listedSize } = this.#source
    const { listedHash } = this.#place
    for (let i = 0; i < listedSize; i++) if (bytes[listedHash + i] !== 0) return false
    return true
  }

  field(wanted: ImaField): Uint8Array | undefined {
    const { name, fields } = this.template
    let at = this.#place.data
    for (const field of fields ?? []) {
      const bare = name === 'ima' && field === 'd'
      const length = bare ? oldDigestSize : this.#source.view.getUint32(at, this.#source.littleEndian)
      if (!bare) at += 4
      if (field === wanted) return this.#source.bytes.subarray(at, at + length)
      at += length
    }
    return undefined
  }

  get fileDigest(): FileDigest | undefined {
    return readFileDigest(this)
  }

  get pathBytes(): Uint8Array | undefined {
    const name = this.field('n-ng') ?? this.field('n')
    return name?.at(-1) === 0 ? name.subarray(0, -1) : name
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
    const { bytes, listedAlgorithm, listedSize } = this.#source
    const { listedHash } = this.#place
    const found = this.#hash(hashFacts(listedAlgorithm).node)
    for (let i = 0; i < listedSize; i++) if (bytes[listedHash + i] !== found.charCodeAt(i)) return false
    return true
  }

  get digests(): ReadonlyMap<HashAlgorithm, Uint8Array> {
    return new Map(imaBanks.map((bank) => [bank, this.digest(bank) as Uint8Array]))
  }

  digest(bank: string): Uint8Array | undefined {
    const facts = banks.get(bank)
    if (facts === undefined) return undefined
    const digest = new Uint8Array(facts.size)
    this.copyDigest(bank, digest, 0)
    return digest
  }

  copyDigest(bank: string, target: Uint8Array, at: number, rule?: DigestRule): boolean {
    const facts = banks.get(bank)
    if (facts === undefined) return false
    const { size, node } = facts
    const padded = rule !== undefined && rule !== 'recomputed' && size > sha1Size
    if (padded) target.fill(0, at + sha1Size, at + size)
    if (this.violation) {
      target.fill(0xff, at, at + (rule === 'zero-padded-violations' ? sha1Size : size))
    } else if (rule === undefined && bank === this.#source.listedAlgorithm) {
      target.set(this.listedHash, at)
    } else {
      const digest = this.#hash(padded ? 'sha1' : node)
      for (let i = 0; i < digest.length; i++) target[at + i] = digest.charCodeAt(i)
    }
    return true
  }

  /** Hashes what the kernel hashes; a binary string, which node:crypto makes in a third of the time of an array. */
  #hash(node: string): string {
    return hashOnce(node, this.template.name === 'ima' ? this.#oldData() : this.templateData, 'binary')
  }

  /** Template `ima`: fields without lengths, the name filled up with zeros. Kernel: ima_calc_field_array_hash. */
  #oldData(): Uint8Array {
    const data = new Uint8Array(oldDigestSize + oldNameSize)
    data.set(this.field('d') ?? [])
    data.set(this.field('n') ?? [], oldDigestSize)
    return data
  }
}

function present(field: Uint8Array | undefined): Uint8Array | undefined {
  return field === undefined || field.length === 0 ? undefined : field
}
