/** Writes records in binary, one after the other, into bytes that grow. */
export class RecordWriter {
  readonly #littleEndian: boolean
  #bytes: Buffer
  #view: DataView
  #length = 0

  /** @param capacity bytes that are likely to be enough */
  constructor(littleEndian: boolean, capacity: number) {
    this.#littleEndian = littleEndian
    this.#bytes = Buffer.alloc(capacity)
    this.#view = viewOf(this.#bytes)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  u32(value: number): void {
    const at = this.#grow(4)
    this.#view.setUint32(at, value, this.#littleEndian)
  }

  u16(value: number): void {
    const at = this.#grow(2)
    this.#view.setUint16(at, value, this.#littleEndian)
  }

  /** Writes over a number that was written before. */
  patch(at: number, value: number): void {
    this.#view.setUint32(at, value, this.#littleEndian)
  }

  /** A byte for each character, all of which are below U+0100. */
  latin1(text: string): void {
    const at = this.#grow(text.length)
    this.#bytes.write(text, at, 'latin1')
  }

  /**
   * The bytes of hexadecimal digits.
   * @returns how many, or -1 when the text has another character or half a byte
   */
  hex(text: string): number {
    const size = text.length / 2
    if (!Number.isInteger(size)) return -1
    const at = this.#grow(size)
    return this.#bytes.write(text, at, 'hex') === size ? size : -1
  }

  /** The bytes written. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#length)
  }

  #grow(by: number): number {
    const start = this.#length
    this.#length += by
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.alloc(2 * this.#length)
      this.#bytes.copy(larger, 0, 0, start)
      this.#bytes = larger
      this.#view = viewOf(larger)
    }
    return start
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
