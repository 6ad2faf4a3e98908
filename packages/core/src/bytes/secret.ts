import { inspect, types } from 'node:util'
import { TrustholdError } from '../errors/index.js'

/** From plain JavaScript a text would become an empty secret, and a number as many zeros: keys that anyone can guess. */
function requireBytes(bytes: Uint8Array): Uint8Array {
  if (types.isUint8Array(bytes)) return bytes
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'bytes', reason: 'expected a Uint8Array' })
}

/**
 * Bytes that must not show. Printing, JSON and inspection give `<redacted>`; the bytes are reached only through
 * {@link SecretBytes.use} and {@link SecretBytes.copy}, and {@link SecretBytes.wipe} overwrites them.
 *
 * It guards against accidents, not against someone who reads the process's memory: copies that the runtime or a
 * cryptographic library made stay until the memory is reused.
 */
export class SecretBytes {
  #bytes: Uint8Array
  #wiped = false

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /**
   * Takes the bytes over: the caller must not use the array afterwards.
   * @throws ARGUMENT_INVALID when they are not a Uint8Array
   */
  static take(bytes: Uint8Array): SecretBytes {
    return new SecretBytes(requireBytes(bytes))
  }

  /**
   * Copies the bytes.
   * @throws ARGUMENT_INVALID when they are not a Uint8Array
   */
  static from(bytes: Uint8Array): SecretBytes {
    return new SecretBytes(new Uint8Array(requireBytes(bytes)))
  }

  /** Length in bytes; also known after wiping. */
  get length(): number {
    return this.#bytes.length
  }

  /** True once {@link SecretBytes.wipe} was called. */
  get wiped(): boolean {
    return this.#wiped
  }

  /**
   * Lends the bytes to a function. They must neither be changed nor kept.
   * @throws SECRET_WIPED
   */
  use<T>(fn: (bytes: Uint8Array) => T): T {
    if (this.#wiped) throw new TrustholdError('SECRET_WIPED', { length: this.#bytes.length })
    return fn(this.#bytes)
  }

  /**
   * A copy that the caller owns and has to overwrite.
   * @throws SECRET_WIPED
   */
  copy(): Uint8Array {
    return this.use((bytes) => new Uint8Array(bytes))
  }

  /** Overwrites the bytes with zeros. May be called again. */
  wipe(): void {
    this.#bytes.fill(0)
    this.#wiped = true
  }

  /** `using secret = ...` wipes at the end of the block. */
  [Symbol.dispose](): void {
    this.wipe()
  }

  toString(): string {
    return '<redacted>'
  }

  toJSON(): string {
    return '<redacted>'
  }

  [inspect.custom](): string {
    return `SecretBytes(${this.#bytes.length}) <redacted>`
  }
}
