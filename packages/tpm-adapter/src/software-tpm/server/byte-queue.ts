/** Bytes of a connection, taken in pieces once enough of them are there. */
export class ByteQueue {
  #held = Buffer.alloc(0)

  /** Bytes that are there. */
  get length(): number {
    return this.#held.length
  }

  /** Adds what came. */
  push(chunk: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, chunk])
  }

  /** The 32-bit number at an offset; undefined when it is not there yet. */
  peekU32(offset: number): number | undefined {
    return this.#held.length < offset + 4 ? undefined : this.#held.readUInt32BE(offset)
  }

  /** Takes bytes off the front; undefined, and nothing taken, when there are fewer. */
  take(length: number): Uint8Array | undefined {
    if (this.#held.length < length) return undefined
    const taken = Uint8Array.from(this.#held.subarray(0, length))
    this.#held = this.#held.subarray(length)
    return taken
  }
}
