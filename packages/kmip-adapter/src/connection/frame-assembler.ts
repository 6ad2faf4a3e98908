import { concatBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import { messageHeaderLength, messageLength, tags } from '../ttlv/index.js'

const responseStart = [
  tags.ResponseMessage >>> 16,
  (tags.ResponseMessage >>> 8) & 0xff,
  tags.ResponseMessage & 0xff,
  1,
]

/** Cuts a stream of bytes into messages. */
export interface FrameAssembler {
  /**
   * Adds bytes that came in.
   * @returns the messages that they complete, as arrays of their own
   * @throws CODEC_VALUE when a message does not start as a response does; CODEC_LIMIT when it is too long. The stream
   * cannot be read on after that.
   */
  push(chunk: Uint8Array): readonly Uint8Array[]
  /** Bytes of the message that is not complete. */
  readonly pending: number
}

function checkStart(bytes: Uint8Array): void {
  const wrong = responseStart.some((byte, i) => i < bytes.length && bytes[i] !== byte)
  if (wrong) {
    throw new TrustholdError('CODEC_VALUE', {
      path: 'ResponseMessage',
      offset: 0,
      expected: 'a ResponseMessage structure',
      actual: 'something else',
    })
  }
}

function checkLength(bytes: Uint8Array, maxBytes: number): number {
  const length = messageLength(bytes)
  if (length <= maxBytes) return length
  const context = { path: 'ResponseMessage', offset: 0, limit: maxBytes, actual: length }
  throw new TrustholdError('CODEC_LIMIT', context)
}

/** Makes an assembler for responses of at most `maxBytes`. */
export function createFrameAssembler(maxBytes: number): FrameAssembler {
  let chunks: Uint8Array[] = []
  let collected = 0
  let needed = messageHeaderLength

  const join = (): Uint8Array => {
    const joined = concatBytes(...chunks)
    // What came in may hold a key; one copy of it is enough.
    for (const chunk of chunks) chunk.fill(0)
    return joined
  }

  const takeFrame = (): Uint8Array | undefined => {
    if (collected >= 1 && needed === messageHeaderLength) {
      chunks = [join()]
      const start = chunks[0] as Uint8Array
      checkStart(start)
      if (collected >= messageHeaderLength) needed = checkLength(start, maxBytes)
    }
    if (collected < needed || collected < messageHeaderLength) return undefined
    const all = join()
    const frame = all.slice(0, needed)
    chunks = [all.slice(needed)]
    all.fill(0)
    collected -= needed
    needed = messageHeaderLength
    return frame
  }

  return {
    push(chunk) {
      chunks.push(chunk)
      collected += chunk.length
      const frames: Uint8Array[] = []
      for (let frame = takeFrame(); frame !== undefined; frame = takeFrame()) frames.push(frame)
      return frames
    },
    get pending() {
      return collected
    },
  }
}
