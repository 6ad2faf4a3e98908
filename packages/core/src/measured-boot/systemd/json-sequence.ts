import { fromUtf8 } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { exceeded } from '../exceeded.js'
import type { SystemdLogLimits } from './systemd-log.js'

/** Starts each text of a sequence, and a line feed ends it. RFC 7464, section 2.2. */
const recordSeparator = 0x1e
const lineFeed = 0x0a

/** One text of a sequence. */
export interface SequenceText {
  /** Where its separator is, in bytes. */
  readonly offset: number
  readonly text: string
}

/**
 * Splits a JSON text sequence (RFC 7464) into its texts. Each starts with its separator, ends with a line feed, and is
 * UTF-8: a text that was only partly written is refused, as is anything beside the texts.
 * @throws CODEC_LIMIT, EVENT_LOG_INVALID
 */
export function splitSequence(bytes: Uint8Array, limits: SystemdLogLimits): readonly SequenceText[] {
  if (bytes.length > limits.bytes) throw exceeded('SystemdLog', 0, limits.bytes, bytes.length)
  const texts: SequenceText[] = []
  let offset = 0
  while (offset < bytes.length) {
    const index = texts.length
    if (bytes[offset] !== recordSeparator) throw broken(index, offset, 'a record separator, 0x1e')
    if (index >= limits.records) throw exceeded('SystemdLog.records', offset, limits.records, index + 1)
    const next = bytes.indexOf(recordSeparator, offset + 1)
    const end = next === -1 ? bytes.length : next
    if (end - offset > limits.recordBytes) {
      throw exceeded(`SystemdLog.records[${index}]`, offset, limits.recordBytes, end - offset)
    }
    if (bytes[end - 1] !== lineFeed) throw broken(index, offset, 'a text that ends with a line feed')
    texts.push({ offset, text: decodeText(bytes.subarray(offset + 1, end - 1), index, offset) })
    offset = end
  }
  return texts
}

function decodeText(bytes: Uint8Array, index: number, offset: number): string {
  try {
    return fromUtf8(bytes)
  } catch {
    throw broken(index, offset, 'UTF-8')
  }
}

function broken(event: number, offset: number, expected: string): TrustholdError {
  const actual = 'something else'
  return new TrustholdError('EVENT_LOG_INVALID', { event, offset, field: 'record', expected, actual })
}
