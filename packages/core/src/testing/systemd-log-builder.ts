import { createHmac } from 'node:crypto'
import { toHex, utf8 } from '../bytes/index.js'
import { type HashAlgorithm, hashFacts } from '../tpm2/index.js'
import { type BuiltPcrs, digestWith, PcrRecorder } from './built-pcrs.js'
import { joinRecords } from './join-records.js'

/** What {@link systemdLog} takes. */
export interface SystemdLogOptions {
  /** Banks that records have digests for; SHA-256 alone by default. */
  banks?: readonly HashAlgorithm[]
  /** What the PCRs hold before, as the firmware's log left them; those of a TPM that was just started by default. */
  from?: BuiltPcrs
}

/** One measurement to be added to a log. */
export interface BuiltMeasurement {
  /** Where it is extended, 11 by default; ignored when it is an NV index. */
  pcr?: number
  /** What is measured and written. */
  string: string
  /** `phase` by default. */
  eventType?: string
  /** What is measured, when that is not the string. */
  digestOf?: string
  /** Measures the string keyed with this, as a volume key is. */
  secret?: Uint8Array
  /** An NV index in the place of a PCR. */
  nvIndex?: { index: number; name: string }
  /** Banks that the record has digests for; all by default. */
  banks?: readonly HashAlgorithm[]
}

/** A log of systemd, and the PCRs that follow from it. */
export interface BuiltSystemdLog {
  readonly bytes: Uint8Array
  /** Values of PCRs 0 to 23 by bank. */
  readonly pcrs: BuiltPcrs
  /** Where each record starts in `bytes`. */
  readonly offsets: readonly number[]
}

/** Builds a log of systemd step by step; each method returns the builder. */
export interface SystemdLogBuilder {
  measure(measurement: BuiltMeasurement): SystemdLogBuilder
  /** A record with this JSON text; no PCR is extended. */
  record(json: string): SystemdLogBuilder
  /** Bytes as they are; no PCR is extended. */
  raw(bytes: Uint8Array): SystemdLogBuilder
  build(): BuiltSystemdLog
}

const bootId = '0123456789abcdef0123456789abcdef'

/**
 * Builds any log as systemd keeps it of what it measures in userspace, good or bad, with the PCRs that a TPM would then
 * have.
 */
export function systemdLog({ banks = ['sha256'], from }: SystemdLogOptions = {}): SystemdLogBuilder {
  const records: Uint8Array[] = []
  const pcrs = new PcrRecorder(banks, from)
  const add = (record: Uint8Array): SystemdLogBuilder => {
    records.push(record)
    return builder
  }
  const builder: SystemdLogBuilder = {
    measure(measurement) {
      const { pcr = 11, nvIndex } = measurement
      const measured = new Map(
        (measurement.banks ?? banks).map((bank) => [bank, digestOf(measurement, bank)]),
      )
      if (nvIndex === undefined) pcrs.extend(pcr, measured)
      const digests = [...measured].map(([hashAlg, digest]) => ({ hashAlg, digest: toHex(digest) }))
      const place = nvIndex === undefined ? { pcr } : { nv_index: nvIndex.index }
      const content = {
        ...(nvIndex === undefined ? {} : { nvIndexName: nvIndex.name }),
        string: measurement.string,
        bootId,
        timestamp: 1_000_000 + records.length,
        eventType: measurement.eventType ?? 'phase',
      }
      return builder.record(JSON.stringify({ ...place, digests, content_type: 'systemd', content }))
    },
    record: (json) => add(utf8(`\x1e${json}\n`)),
    raw: add,
    build: () => ({ ...joinRecords(records), pcrs: pcrs.values() }),
  }
  return builder
}

function digestOf({ string, digestOf: other, secret }: BuiltMeasurement, bank: HashAlgorithm): Uint8Array {
  const measured = utf8(other ?? string)
  if (secret === undefined) return digestWith(bank, measured)
  return Uint8Array.from(createHmac(hashFacts(bank).node, secret).update(measured).digest())
}
