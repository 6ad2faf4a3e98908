import { refuse } from '../response-codes.js'

/**
 * Reads what a caller sent, in the way of a TPM: what is missing is TPM_RC_INSUFFICIENT, and each type has its own code
 * for values that it does not allow. The codecs of the core tell only that something is wrong.
 */
export class CommandReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  /** Where the next byte is. */
  get offset(): number {
    return this.#offset
  }

  #advance(length: number): number {
    if (length > this.remaining) refuse('INSUFFICIENT')
    const start = this.#offset
    this.#offset += length
    return start
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8))
  }

  /** A copy of the next bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return Uint8Array.prototype.slice.call(this.#bytes, start, start + length)
  }

  /** A copy of what was read since an offset. */
  since(start: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, start, this.#offset)
  }
}
