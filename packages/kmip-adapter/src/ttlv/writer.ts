import { WriteFailure } from './failure.js'
import { type ItemType, itemTypes } from './item-type.js'
import { isWithin, type KmipVersion, type VersionRange } from './version.js'

/** Collects the bytes of a message for one version of the protocol. */
export class TtlvWriter {
  /** The version that decides which fields may be written; undefined lets all pass. */
  readonly version: KmipVersion | undefined
  #bytes = new Uint8Array(512)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  constructor(version?: KmipVersion) {
    this.version = version
  }

  /** Starts a structure; pass what it returns to {@link TtlvWriter.end}. */
  begin(tag: number): number {
    return this.#header(tag, 'Structure', 0) - 4
  }

  /** Ends the structure that {@link TtlvWriter.begin} started. */
  end(started: number): void {
    this.#view.setUint32(started, this.#length - started - 4)
  }

  /** An item of four bytes and four of padding; `value` is taken modulo 2^32. */
  word(tag: number, type: 'Integer' | 'Enumeration' | 'Interval', value: number): void {
    const at = this.#header(tag, type, 4)
    this.#grow(8)
    this.#view.setUint32(at, value >>> 0)
  }

  /** An item of eight bytes; `value` is taken modulo 2^64. */
  long(tag: number, type: 'LongInteger' | 'Boolean' | 'DateTime' | 'DateTimeExtended', value: bigint): void {
    const at = this.#header(tag, type, 8)
    this.#grow(8)
    this.#view.setBigUint64(at, BigInt.asUintN(64, value))
  }

  /** An item of any length, padded with zeros. */
  bytes(tag: number, type: 'TextString' | 'ByteString' | 'BigInteger', value: Uint8Array): void {
    const at = this.#header(tag, type, value.length)
    this.#grow(value.length + (-value.length & 7))
    this.#bytes.set(value, at)
  }

  /** The message, as a copy; what was collected is overwritten, since it may hold secrets. */
  finish(): Uint8Array {
    const message = this.#bytes.slice(0, this.#length)
    this.#bytes.fill(0)
    this.#length = 0
    return message
  }

  /** Fails when the version is none of the range. */
  require(range: VersionRange, what: string): void {
    if (this.version !== undefined && !isWithin(range, this.version)) {
      this.reject(`something that KMIP ${this.version} has`, what)
    }
  }

  /** Fails with a value that cannot be written. Neither text may hold a value that could be secret. */
  reject(expected: string, actual: string): never {
    throw new WriteFailure(expected, actual)
  }

  /** Writes a header and returns where the value starts. */
  #header(tag: number, type: ItemType, length: number): number {
    const at = this.#length
    this.#grow(8)
    this.#view.setUint32(at, ((tag << 8) | itemTypes[type]) >>> 0)
    this.#view.setUint32(at + 4, length)
    return at + 8
  }

  #grow(by: number): void {
    const needed = this.#length + by
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes.fill(0)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.#length = needed
  }
}
