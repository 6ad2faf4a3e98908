import { type HashAlgorithm, hashAlgorithms } from '../../tpm2/index.js'
import { printable } from '../printable.js'
import { splitSequence } from './json-sequence.js'
import { invalid, type RecordPlace, readRecord, type SystemdRecord } from './read-record.js'
import { readStrictJson } from './strict-json.js'
import type { SystemdEvent, SystemdLog, SystemdLogLimits } from './systemd-log.js'

const defaultLimits: SystemdLogLimits = {
  bytes: 4 * 1024 * 1024,
  records: 16_384,
  recordBytes: 64 * 1024,
  depth: 16,
}

/**
 * Reads the log that systemd keeps of what it measures in userspace, `/run/log/systemd/tpm2-measure.log`: boot phases
 * into PCR 11, file systems, the machine's identity and volume keys into PCR 15, and more. It is a JSON text sequence
 * (RFC 7464) of records close to the JSON form of the TCG Canonical Event Log. What it says is not proved by that; see
 * {@link compareLogs} and {@link systemdFacts}. Source: systemd's TPM2 PCR Measurements, and its writer since version
 * 255.
 * @param limits those that are not given are the defaults
 * @throws CODEC_LIMIT; EVENT_LOG_INVALID with record, offset and member, also for a record that was written in part
 */
export function parseSystemdLog(bytes: Uint8Array, limits: Partial<SystemdLogLimits> = {}): SystemdLog {
  const allowed = { ...defaultLimits, ...limits }
  const events = splitSequence(bytes, allowed).map(({ offset, text }, index) => {
    const place = { index, offset }
    const json = readStrictJson(text, allowed.depth)
    if ('refused' in json) throw invalid(place, 'record', 'strict JSON', json.refused)
    return toEvent(readRecord(json.value, place), place)
  })
  return { source: 'systemd', algorithms: banksOf(events), events, startupLocality: 0 }
}

/** Banks of which some event has a digest. A log without events leaves none out. */
function banksOf(events: readonly SystemdEvent[]): readonly HashAlgorithm[] {
  const extending = events.filter((event) => event.extends)
  if (extending.length === 0) return hashAlgorithms
  return hashAlgorithms.filter((bank) => extending.some((event) => event.digests.has(bank)))
}

function toEvent(record: SystemdRecord, { index, offset }: RecordPlace): SystemdEvent {
  const { digests, string } = record
  const label = printable(record.eventType ?? record.contentType ?? 'unknown')
  const digestFor = (bank: string): Uint8Array | undefined => digests.get(bank as HashAlgorithm)
  return {
    ...record,
    index,
    offset,
    extends: record.nvIndex === undefined,
    label,
    digest: digestFor,
    copyDigest(bank, target, at) {
      const digest = digestFor(bank)
      if (digest !== undefined) target.set(digest, at)
      return digest !== undefined
    },
    describe: () => (string === undefined ? label : `${label} '${printable(string)}'`),
  }
}
