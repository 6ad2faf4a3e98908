import { TrustholdError } from '../errors/index.js'
import { CodecFailure } from './failure.js'

/** A cursor over bytes that never leaves them. Byte strings that it returns are copies. */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #offset: number

  /**
   * @param bytes what is read; offsets count from its start
   * @param start where reading starts
   * @param end where it ends, at most the length of `bytes`
   * @throws ARGUMENT_INVALID when the range does not lie within the bytes
   */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      const reason = `${start} to ${end} does not lie within ${bytes.length} bytes`
      throw new TrustholdError('ARGUMENT_INVALID', { name: 'start', reason })
    }
    // The slices of a Buffer are windows into it; those of a plain array are copies.
    this.#bytes = bytes.constructor === Uint8Array ? bytes : plain(bytes)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#offset = start
    this.#end = end
  }

  /** Position in the outermost input, in bytes. */
  get offset(): number {
    return this.#offset
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#end - this.#offset
  }

  /** Moves past `length` bytes and returns where they start. */
  #advance(length: number): number {
    const start = this.#offset
    if (!(length >= 0)) this.reject('a length of 0 or more', String(length), start)
    if (length > this.#end - start) {
      throw new CodecFailure({ kind: 'underflow', needed: length, available: this.#end - start }, start)
    }
    this.#offset = start + length
    return start
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  u16(littleEndian = false): number {
    return this.#view.getUint16(this.#advance(2), littleEndian)
  }

  u32(littleEndian = false): number {
    return this.#view.getUint32(this.#advance(4), littleEndian)
  }

  u64(littleEndian = false): bigint {
    return this.#view.getBigUint64(this.#advance(8), littleEndian)
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.slice(start, start + length)
  }

  /** The next `length` bytes as a view of the input, for what is large and only read. */
  view(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** A reader of exactly the next `length` bytes; this one moves past them. */
  part(length: number): Reader {
    const start = this.#advance(length)
    return new Reader(this.#bytes, start, start + length)
  }

  /** Bytes from `from` (an offset of this input) to the cursor, as a copy. */
  since(from: number): Uint8Array {
    return this.#bytes.slice(from, this.#offset)
  }

  /** Fails when bytes are left. */
  end(): void {
    if (this.remaining > 0)
      throw new CodecFailure({ kind: 'trailing', trailing: this.remaining }, this.#offset)
  }

  /** Fails with a value that the definition does not allow. `offset` is where the value starts. */
  reject(expected: string, actual: string, offset: number): never {
    throw new CodecFailure({ kind: 'value', expected, actual }, offset)
  }

  /** Fails with a limit that was passed. */
  exceed(limit: number, actual: number, offset: number): never {
    throw new CodecFailure({ kind: 'limit', limit, actual }, offset)
  }
}

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
