import { WriteFailure } from './failure.js'
import { itemTypes } from './item-type.js'
import { type KmipVersion, kmipVersions, type VersionSpan } from './version.js'

const loneSurrogate = /\p{Surrogate}/u
const encoder = new TextEncoder()

/** Collects the bytes of a message for one version of the protocol. */
export class TtlvWriter {
  /** The version that decides which fields may be written; undefined lets all pass. */
  readonly version: KmipVersion | undefined
  readonly #place: number
  #bytes = new Uint8Array(512)
  #length = 0

  constructor(version?: KmipVersion) {
    this.version = version
    this.#place = version === undefined ? -1 : kmipVersions.indexOf(version)
  }

  /** Starts a structure; pass what it returns to {@link TtlvWriter.end}. */
  begin(tag: number): number {
    return this.#header(tag, itemTypes.Structure, 0) - 4
  }

  /** Ends the structure that {@link TtlvWriter.begin} started. */
  end(started: number): void {
    this.#put(started, this.#length - started - 4)
  }

  /** An item of four bytes and four of padding; `value` is taken modulo 2^32. */
  word(tag: number, type: 'Integer' | 'Enumeration' | 'Interval', value: number): void {
    this.#put(this.#header(tag, itemTypes[type], 4), value)
  }

  /** An item of eight bytes; `value` is taken modulo 2^64. */
  long(tag: number, type: 'LongInteger' | 'Boolean' | 'DateTime' | 'DateTimeExtended', value: bigint): void {
    const at = this.#header(tag, itemTypes[type], 8)
    const unsigned = BigInt.asUintN(64, value)
    this.#put(at, Number(unsigned >> 32n))
    this.#put(at + 4, Number(unsigned & 0xffff_ffffn))
  }

  /** An item of any length, padded with zeros. */
  bytes(tag: number, type: 'TextString' | 'ByteString' | 'BigInteger', value: Uint8Array): void {
    const at = this.#header(tag, itemTypes[type], value.length)
    this.#bytes.set(value, at)
  }

  /** A text; fails with one that is not well-formed Unicode. */
  text(tag: number, value: string): void {
    const at = this.#header(tag, itemTypes.TextString, value.length)
    const bytes = this.#bytes
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) {
        this.#takeBack(at - 8)
        this.#encodeText(tag, value)
        return
      }
      bytes[at + i] = code
    }
  }

  /** The message. The writer is done with it: who wipes it leaves nothing of it. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Fails when the version is none of the span. */
  require(span: VersionSpan, what: string): void {
    if (this.#place !== -1 && (this.#place < span.first || this.#place > span.last)) {
      this.reject(`something that KMIP ${this.version} has`, what)
    }
  }

  /** Fails with a value that cannot be written. Neither text may hold a value that could be secret. */
  reject(expected: string, actual: string): never {
    throw new WriteFailure(expected, actual)
  }

  #encodeText(tag: number, value: string): void {
    if (loneSurrogate.test(value)) this.reject('well-formed Unicode', 'a lone surrogate')
    this.bytes(tag, 'TextString', encoder.encode(value))
  }

  /** Writes a header, makes room for the value and its padding, and returns where it starts. */
  #header(tag: number, type: number, length: number): number {
    const at = this.#length
    const end = at + 8 + length + (-length & 7)
    if (end > this.#bytes.length) this.#grow(end)
    this.#length = end
    this.#put(at, (tag << 8) | type)
    this.#put(at + 4, length)
    return at + 8
  }

  /** Four bytes, big-endian. */
  #put(at: number, value: number): void {
    const bytes = this.#bytes
    bytes[at] = value >>> 24
    bytes[at + 1] = value >>> 16
    bytes[at + 2] = value >>> 8
    bytes[at + 3] = value
  }

  /** Overwrites what was written from `at` on. */
  #takeBack(at: number): void {
    this.#bytes.fill(0, at, this.#length)
    this.#length = at
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes.fill(0)
    this.#bytes = larger
  }
}
