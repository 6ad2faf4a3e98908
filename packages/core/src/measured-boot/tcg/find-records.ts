import { isTrustholdError } from '../../errors/index.js'
import { exceeded } from '../exceeded.js'
import { eventTypes } from './event-types.js'
import { invalidEvent, need } from './failures.js'
import type { EventLogLimits } from './limits.js'
import type { RecordFormat } from './record-formats.js'
import { type EventRecords, type RecordLayout, sizeField } from './records.js'

/** What {@link findRecords} looks through. */
export interface RecordSource {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly format: RecordFormat
  /** Length of the header, which is event 0; 0 when there is none of its own form. */
  readonly headerLength: number
  /** PCRs, or measurement registers, that there are. */
  readonly registers: number
  readonly limits: EventLogLimits
  /** Whether a last record that is cut off is left out, instead of refused. */
  readonly allowTruncated: boolean
}

const { EV_NO_ACTION } = eventTypes
/** Fewer zeros than these may be the start of a record for PCR 0 that is cut off. */
const leastZeros = 16

/**
 * Walks over all records of a log up to its end or its padding, and checks that each is whole, within the limits, and
 * of a PCR that there is.
 * @throws CODEC_UNDERFLOW, CODEC_LIMIT, EVENT_LOG_INVALID
 */
export function findRecords(source: RecordSource): EventRecords {
  const { bytes, view, format, headerLength } = source
  const { layout: regular } = format
  const header = headerLength !== 0
  const offsets = header ? [0] : []
  const exceptions = new Map<number, RecordLayout>()
  let end = headerLength
  let truncated = false
  let tail: number | undefined
  try {
    while (end < bytes.length) {
      let layout = regular
      if (!format.isRegular(end)) {
        tail ??= startOfTail(bytes)
        if (end >= tail && (bytes[end] !== 0 || bytes.length - end >= leastZeros)) break
        layout = format.readLayout(offsets.length, end)
        if (layout !== regular) exceptions.set(offsets.length, layout)
      }
      const next = endOfRecord(source, offsets.length, end, layout)
      offsets.push(end)
      end = next
    }
  } catch (error) {
    if (!source.allowTruncated || !isTrustholdError(error, 'CODEC_UNDERFLOW')) throw error
    truncated = true
  }
  const { algorithms } = format
  return { bytes, view, algorithms, offsets, end, truncated, header, layout: regular, exceptions }
}

function endOfRecord(
  { view, registers, limits }: RecordSource,
  index: number,
  offset: number,
  layout: RecordLayout,
): number {
  if (index >= limits.events) throw exceeded('TcgEventLog.events', offset, limits.events, index + 1)
  const sizeAt = offset + layout.size
  need(view, index, 'eventSize', sizeAt, sizeField)
  const dataSize = view.getUint32(sizeAt, true)
  if (dataSize > limits.eventData) {
    throw exceeded(`TcgEventLog.events[${index}].eventSize`, sizeAt, limits.eventData, dataSize)
  }
  const data = sizeAt + sizeField
  need(view, index, 'event', data, dataSize)
  const register = view.getUint32(offset, true)
  if (register >= registers && view.getUint32(offset + 4, true) !== EV_NO_ACTION) {
    throw invalidEvent(index, offset, 'pcrIndex', `below ${registers}, or EV_NO_ACTION`, String(register))
  }
  return data + dataSize
}

/**
 * Where the unused rest of the area starts that a log was taken with: from there on all bytes are 0x00 or all are 0xff.
 * No record starts with 0xff bytes only, and dropping what is unused cannot help a liar: what was extended must still
 * replay.
 */
function startOfTail(bytes: Uint8Array): number {
  const fill = bytes[bytes.length - 1]
  if (fill !== 0x00 && fill !== 0xff) return bytes.length
  let start = bytes.length
  while (start > 0 && bytes[start - 1] === fill) start--
  return start
}
