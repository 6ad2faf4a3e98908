import { TrustholdError } from '@trusthold/core/errors'
import { messageHeaderLength, messageLength } from './message.js'
import { tags } from './tags.js'

/** What a stream consists of. */
type MessageName = 'RequestMessage' | 'ResponseMessage'

const startOf = (name: MessageName): readonly number[] => [
  tags[name] >>> 16,
  (tags[name] >>> 8) & 0xff,
  tags[name] & 0xff,
  1,
]
const starts = {
  RequestMessage: startOf('RequestMessage'),
  ResponseMessage: startOf('ResponseMessage'),
} as const

/** What is kept ready for the next message, in bytes; most are far smaller. */
const smallest = 1_024
/** A buffer that grew beyond this is given up once it is empty. */
const largestKept = 65_536

/** Cuts a stream of bytes into messages. */
export interface FrameAssembler {
  /**
   * Adds bytes that came in, and overwrites them: they may hold a key, of which one copy is enough. Memory grows with
   * what came, not with what a header claims.
   * @returns the messages that they complete, as arrays of their own
   * @throws CODEC_VALUE when a message does not start as it should; CODEC_LIMIT when it is too long. The stream
   * cannot be read on after that.
   */
  push(chunk: Uint8Array): readonly Uint8Array[]
  /** Bytes of the message that is not complete. */
  readonly pending: number
}

function checkStart(bytes: Uint8Array, name: MessageName): void {
  const wrong = starts[name].some((byte, i) => i < bytes.length && bytes[i] !== byte)
  if (wrong) {
    throw new TrustholdError('CODEC_VALUE', {
      path: name,
      offset: 0,
      expected: `a ${name} structure`,
      actual: 'something else',
    })
  }
}

/** The length of the message that starts here, once its header is complete. */
function lengthOf(bytes: Uint8Array, name: MessageName, maxBytes: number): number | undefined {
  checkStart(bytes, name)
  if (bytes.length < messageHeaderLength) return undefined
  const length = messageLength(bytes)
  if (length <= maxBytes) return length
  const context = { path: name, offset: 0, limit: maxBytes, actual: length }
  throw new TrustholdError('CODEC_LIMIT', context)
}

/** Makes an assembler for messages of at most `maxBytes`: responses, or the requests that a server gets. */
export function createFrameAssembler(
  maxBytes: number,
  name: MessageName = 'ResponseMessage',
): FrameAssembler {
  let buffer = new Uint8Array(smallest)
  let collected = 0

  const append = (chunk: Uint8Array): void => {
    const needed = collected + chunk.length
    if (needed > buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * buffer.length))
      grown.set(buffer.subarray(0, collected))
      buffer.fill(0)
      buffer = grown
    }
    buffer.set(chunk, collected)
    chunk.fill(0)
    collected = needed
  }

  const removeFirst = (length: number): void => {
    buffer.copyWithin(0, length, collected)
    buffer.fill(0, collected - length, collected)
    collected -= length
    if (collected === 0 && buffer.length > largestKept) buffer = new Uint8Array(smallest)
  }

  const takeFrame = (): Uint8Array | undefined => {
    const bytes = buffer.subarray(0, collected)
    const length = lengthOf(bytes, name, maxBytes)
    if (length === undefined || bytes.length < length) return undefined
    const frame = bytes.slice(0, length)
    removeFirst(length)
    return frame
  }

  return {
    push(chunk) {
      append(chunk)
      const frames: Uint8Array[] = []
      for (let frame = takeFrame(); frame !== undefined; frame = takeFrame()) frames.push(frame)
      return frames
    },
    get pending() {
      return collected
    },
  }
}
