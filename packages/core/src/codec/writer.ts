import { TrustholdError } from '../errors/index.js'
import { CodecFailure } from './failure.js'

/** Collects bytes. */
export class Writer {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  #grow(by: number): number {
    const start = this.#length
    const needed = start + by
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, start))
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.#length = needed
    return start
  }

  u8(value: number): void {
    this.#require(value, 0xff)
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
  }

  u16(value: number, littleEndian = false): void {
    this.#require(value, 0xffff)
    const at = this.#grow(2)
    this.#view.setUint16(at, value, littleEndian)
  }

  u32(value: number, littleEndian = false): void {
    this.#require(value, 0xffff_ffff)
    const at = this.#grow(4)
    this.#view.setUint32(at, value, littleEndian)
  }

  u64(value: bigint, littleEndian = false): void {
    if (typeof value !== 'bigint' || value < 0n || value > 0xffff_ffff_ffff_ffffn) {
      this.reject('an unsigned 64-bit integer', String(value))
    }
    const at = this.#grow(8)
    this.#view.setBigUint64(at, value, littleEndian)
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length)
    this.#bytes.set(value, at)
  }

  /**
   * Writes over bytes that were written before, from position `at`.
   * @throws ARGUMENT_INVALID when they were not
   */
  patch(at: number, value: Uint8Array): void {
    if (!(at >= 0 && at + value.length <= this.#length)) {
      const reason = `bytes ${at} to ${at + value.length} were not written yet`
      throw new TrustholdError('ARGUMENT_INVALID', { name: 'at', reason })
    }
    this.#bytes.set(value, at)
  }

  /** The bytes written, as a copy. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Fails with a value that cannot be written. */
  reject(expected: string, actual: string): never {
    throw new CodecFailure({ kind: 'range', expected, actual }, this.#length)
  }

  #require(value: number, max: number): void {
    if (!Number.isInteger(value) || value < 0 || value > max) {
      this.reject(`an integer of 0 to ${max}`, String(value))
    }
  }
}
