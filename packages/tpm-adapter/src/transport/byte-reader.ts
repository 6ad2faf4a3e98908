/** Cuts what comes in pieces of any size into pieces that were asked for. */
export interface ByteReader {
  /** Exactly so many bytes; waits until they are there. */
  take(length: number): Promise<Uint8Array>
  /** Whether bytes came that nobody has taken. */
  hasMore(): boolean
}

/**
 * Reads over a source of pieces, such as a socket. One `take` at a time.
 * @param read the next piece; what it throws, `take` throws
 */
export function createByteReader(read: () => Promise<Uint8Array>): ByteReader {
  let rest = Buffer.alloc(0)
  return {
    async take(length) {
      const pieces: Uint8Array[] = [rest]
      let collected = rest.length
      while (collected < length) {
        const piece = await read()
        pieces.push(piece)
        collected += piece.length
      }
      const all = Buffer.concat(pieces, collected)
      rest = all.subarray(length)
      return all.subarray(0, length)
    },
    hasMore: () => rest.length > 0,
  }
}
