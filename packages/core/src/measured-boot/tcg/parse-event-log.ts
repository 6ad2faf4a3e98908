import { isTrustholdError } from '../../errors/index.js'
import { exceeded } from '../exceeded.js'
import { pcrCount } from '../record.js'
import type { CcEventLog, TcgEventLog } from './event-log.js'
import { invalidEvent } from './failures.js'
import { findRecords } from './find-records.js'
import { defaultLimits, type EventLogLimits, type ReadEventLogOptions } from './limits.js'
import { type LogStart, readStart } from './log-header.js'
import { ParsedCcLog, ParsedTcgLog } from './parsed-log.js'
import { agileFormat, sha1Format } from './record-formats.js'
import type { EventRecords } from './records.js'

/** MRTD and RTMR[0] to RTMR[3]. */
const ccRegisterCount = 5

/**
 * Reads a TCG event log, as firmware makes it and kernels show it (`binary_bios_measurements`): in the crypto-agile
 * format, or in the older one that has digests of SHA-1 only. Hashes nothing and copies nothing: events are views of
 * `bytes`, which must not be changed afterwards. What it says is not proved by that; see {@link compareLog} and
 * {@link bootFacts}. PC Client Platform Firmware Profile, section 10.
 * @throws CODEC_UNDERFLOW, CODEC_LIMIT, CODEC_VALUE with the path of the field (`TcgEventLog.events[12].event`) and its
 *   offset; EVENT_LOG_INVALID with event, offset and field, also for a log that {@link parseCcEventLog} reads
 */
export function parseEventLog(bytes: Uint8Array, options: ReadEventLogOptions = {}): TcgEventLog {
  const limits = { ...defaultLimits, ...options }
  const start = readLimitedStart(bytes, limits)
  if (start.confidential !== undefined) {
    const { field, offset, actual } = start.confidential
    throw invalidEvent(0, offset, field, 'the log of a TPM', actual)
  }
  return new ParsedTcgLog(readRecords(bytes, start, limits, pcrCount), start.specId)
}

/**
 * Reads the log of a confidential machine without a TPM (CCEL), which has the form of a crypto-agile log. It can be
 * looked at and replayed ({@link replayCcEventLog}), and cannot be compared with PCRs. UEFI 2.11, section 38.4.
 * @throws as {@link parseEventLog}; EVENT_LOG_INVALID for the log of a TPM
 */
export function parseCcEventLog(bytes: Uint8Array, options: ReadEventLogOptions = {}): CcEventLog {
  const limits = { ...defaultLimits, ...options }
  const start = readLimitedStart(bytes, limits)
  if (start.confidential === undefined) {
    throw invalidEvent(0, 0, 'pcrIndex', '1, as in the log of a confidential machine', 'that of a TPM')
  }
  return new ParsedCcLog(readRecords(bytes, start, limits, ccRegisterCount), start.specId)
}

/** Whether a log is one for {@link parseCcEventLog}, by its header; false for anything that is no log. */
export function isCcEventLog(bytes: Uint8Array): boolean {
  try {
    return readStart(bytes).confidential !== undefined
  } catch (error) {
    if (isTrustholdError(error)) return false
    throw error
  }
}

function readLimitedStart(bytes: Uint8Array, limits: EventLogLimits): LogStart {
  if (bytes.length > limits.bytes) throw exceeded('TcgEventLog', 0, limits.bytes, bytes.length)
  const start = readStart(bytes)
  const declared = start.algorithms?.length ?? 1
  if (declared > limits.algorithms) throw exceeded('TcgEventLog.algorithms', 0, limits.algorithms, declared)
  return start
}

function readRecords(
  bytes: Uint8Array,
  { algorithms, length }: LogStart,
  limits: EventLogLimits & ReadEventLogOptions,
  registers: number,
): EventRecords {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return findRecords({
    bytes,
    view,
    format: algorithms === undefined ? sha1Format(view) : agileFormat(view, algorithms),
    headerLength: length,
    registers,
    limits,
    allowTruncated: limits.allowTruncated ?? false,
  })
}
