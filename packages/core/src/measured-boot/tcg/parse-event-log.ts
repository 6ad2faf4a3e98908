import { TrustholdError } from '../../errors/index.js'
import type { HashAlgorithm } from '../../tpm2/index.js'
import { type LogSource, ParsedEvent, sizeOf, type TcgEvent, type TcgEventLog } from './event-log.js'
import { maxDeclaredAlgorithms, type ParsedHeader, readHeader } from './log-header.js'
import { startupLocalityOf } from './startup-locality.js'

/** What a log may have at most. */
export interface EventLogLimits {
  /** Of the whole log, in bytes; 2 MiB by default, eight times what firmware reserves. */
  readonly bytes: number
  /** Events; 16384 by default. */
  readonly events: number
  /** Of one event's data, in bytes; 1 MiB by default: revocation lists take tens of kilobytes. */
  readonly eventData: number
  /** Algorithms that the header declares; 16 by default, which is also the most. */
  readonly algorithms: number
}

const defaultLimits: EventLogLimits = {
  bytes: 2 * 1024 * 1024,
  events: 16_384,
  eventData: 1024 * 1024,
  algorithms: maxDeclaredAlgorithms,
}

/** PCR, type and digest count before the digests; the size of the data after them. All 4 bytes. */
const recordHead = 12
const sizeField = 4
const smallestRecord = recordHead + sizeField

/**
 * Reads a TCG event log in the crypto-agile format, as firmware makes it and kernels show it
 * (`binary_bios_measurements`). Hashes nothing and copies nothing: events are views of `bytes`, which must not be
 * changed afterwards. What it says is not proved by that; see {@link compareLog} and {@link bootFacts}.
 * PC Client Platform Firmware Profile, section 10.
 * @param limits those that are not given are the defaults
 * @throws CODEC_UNDERFLOW, CODEC_LIMIT, CODEC_VALUE with the path of the field (`TcgEventLog.events[12].data`) and its
 *   offset; EVENT_LOG_INVALID with event, offset and field; a log in the SHA-1 format is refused so
 */
export function parseEventLog(bytes: Uint8Array, limits: Partial<EventLogLimits> = {}): TcgEventLog {
  const allowed = { ...defaultLimits, ...limits }
  if (bytes.length > allowed.bytes) throw exceeded('TcgEventLog', 0, allowed.bytes, bytes.length)
  const parsed = readHeader(bytes)
  const { header, algorithms } = parsed
  if (algorithms.length > allowed.algorithms) {
    throw exceeded('TcgEventLog.algorithms', 0, allowed.algorithms, algorithms.length)
  }
  const { events, end } = readEvents(bytes, parsed, allowed)
  const { specVersionMajor, specVersionMinor, specErrata, platformClass, vendorInfo } = header.event
  return {
    source: 'tcg',
    format: 'crypto-agile',
    specId: {
      platformClass,
      specVersion: { major: specVersionMajor, minor: specVersionMinor, errata: specErrata },
      vendorInfo,
    },
    algorithms: algorithms
      .map(({ name }) => name)
      .filter((name): name is HashAlgorithm => name !== undefined),
    events,
    startupLocality: startupLocalityOf(events),
    padding: bytes.length - end,
  }
}

function readEvents(
  bytes: Uint8Array,
  { header, algorithms, length }: ParsedHeader,
  limits: EventLogLimits,
): { events: readonly TcgEvent[]; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const source: LogSource = { bytes, view, algorithms }
  const place = { digests: 0, digestCount: 0, data: smallHeaderSize, dataSize: length - smallHeaderSize }
  const events: TcgEvent[] = [new ParsedEvent(source, 0, 0, header.pcrIndex, header.eventType, place)]
  let offset = length
  while (offset < bytes.length && !isPadding(bytes, view, offset)) {
    if (events.length >= limits.events) {
      throw exceeded('TcgEventLog.events', offset, limits.events, events.length + 1)
    }
    offset = readEvent(source, events, offset, limits)
  }
  return { events, end: offset }
}

/** The header's own record has its data after PCR, type, SHA-1 digest and size. */
const smallHeaderSize = 32

/** Reads one record into `events`; the offset of the next. */
function readEvent(source: LogSource, events: TcgEvent[], offset: number, limits: EventLogLimits): number {
  const { view } = source
  const index = events.length
  need(view, index, 'header', offset, recordHead)
  const digestCount = view.getUint32(offset + 8, true)
  const digests = offset + recordHead
  const sizeAt = skipDigests(source, index, digests, digestCount)
  need(view, index, 'eventSize', sizeAt, sizeField)
  const dataSize = view.getUint32(sizeAt, true)
  if (dataSize > limits.eventData) {
    throw exceeded(`TcgEventLog.events[${index}].eventSize`, sizeAt, limits.eventData, dataSize)
  }
  const data = sizeAt + sizeField
  need(view, index, 'event', data, dataSize)
  const place = { digests, digestCount, data, dataSize }
  const pcr = view.getUint32(offset, true)
  events.push(new ParsedEvent(source, index, offset, pcr, view.getUint32(offset + 4, true), place))
  return data + dataSize
}

/** Walks over an event's digests: each of a declared algorithm, none twice. The offset after them. */
function skipDigests(source: LogSource, event: number, start: number, count: number): number {
  const { view, algorithms } = source
  if (count > algorithms.length) {
    throw invalid(event, start - 4, 'digestCount', `at most ${algorithms.length}, as declared`, String(count))
  }
  let at = start
  for (let i = 0; i < count; i++) {
    need(view, event, 'digests', at, 2)
    const id = view.getUint16(at, true)
    const size = sizeOf(algorithms, id)
    if (size === -1) throw invalid(event, at, 'algorithmId', 'a declared algorithm', `0x${id.toString(16)}`)
    need(view, event, 'digests', at + 2, size)
    if (repeats(source, start, at, id)) {
      throw invalid(event, at, 'algorithmId', 'each algorithm once', `0x${id.toString(16)} again`)
    }
    at += 2 + size
  }
  return at
}

function repeats({ view, algorithms }: LogSource, start: number, end: number, wanted: number): boolean {
  let at = start
  while (at < end) {
    const id = view.getUint16(at, true)
    if (id === wanted) return true
    at += 2 + sizeOf(algorithms, id)
  }
  return false
}

/**
 * Whether everything from here on is unused: only 0x00 or only 0xff, where a record would have a type without digests
 * or PCR 0xffffffff. Dropping it cannot help a liar: what was extended must still replay.
 */
function isPadding(bytes: Uint8Array, view: DataView, offset: number): boolean {
  if (bytes.length - offset < smallestRecord) return false
  const first = view.getUint32(offset, true)
  if ((first !== 0 && first !== 0xffff_ffff) || view.getUint32(offset + 8, true) !== first) return false
  for (let i = offset; i < bytes.length; i++) if (bytes[i] !== (first & 0xff)) return false
  return true
}

function need(view: DataView, event: number, field: string, offset: number, needed: number): void {
  const available = view.byteLength - offset
  if (needed > available) {
    const path = `TcgEventLog.events[${event}].${field}`
    throw new TrustholdError('CODEC_UNDERFLOW', { path, offset, needed, available })
  }
}

function exceeded(path: string, offset: number, limit: number, actual: number): TrustholdError {
  return new TrustholdError('CODEC_LIMIT', { path, offset, limit, actual })
}

function invalid(
  event: number,
  offset: number,
  field: string,
  expected: string,
  actual: string,
): TrustholdError {
  return new TrustholdError('EVENT_LOG_INVALID', { event, offset, field, expected, actual })
}
