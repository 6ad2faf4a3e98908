import { concatBytes, fromHex, utf8 } from '../bytes/index.js'
import { encode } from '../codec/index.js'
import { eventTypes, uefiVariableData } from '../measured-boot/index.js'
import { type HashAlgorithm, hashFacts } from '../tpm2/index.js'
import { type BuiltPcrs, digestWith, PcrRecorder } from './built-pcrs.js'
import { agileHeader, agileRecord, type SpecIdOptions, sha1Header, sha1Record } from './event-log-records.js'
import { joinRecords } from './join-records.js'

/** What {@link eventLog} takes. */
export interface EventLogOptions {
  /** Banks that the header declares and that events have digests for; SHA-256 alone by default. */
  banks?: readonly HashAlgorithm[]
  /** Records with several digests, or with one of SHA-1 as in old logs; crypto-agile by default. */
  format?: 'crypto-agile' | 'sha1'
  /** Makes the log of a confidential machine, whose header stands in register 1; its registers are in `pcrs`. */
  confidential?: boolean
}

/** One event to be added to a log. */
export interface BuiltEvent {
  pcr: number
  /** Number of the type; see `eventTypes`. */
  type: number
  /** What the event says of itself; a text stands for its UTF-8 bytes. */
  data: Uint8Array | string
  /** What was measured, when that is not the data; by default nothing for EV_NO_ACTION, whose digests are zeros. */
  digestOf?: Uint8Array | string
  /** What was measured and is written, when it is no digest of anything; banks that are not named are left out. */
  digests?: Partial<Record<HashAlgorithm, Uint8Array>>
  /** Whether the PCR is extended; by default for all types but EV_NO_ACTION. */
  extend?: boolean
}

/** A log and the PCRs of a TPM that measured it. */
export interface BuiltEventLog {
  readonly bytes: Uint8Array
  /** Values of PCRs 0 to 23 by bank. */
  readonly pcrs: BuiltPcrs
  /** Where each record starts in `bytes`, the header first. */
  readonly offsets: readonly number[]
}

/** Builds a log step by step; each method returns the builder. */
export interface EventLogBuilder {
  /** The header. A log without it is no crypto-agile log; tests may want that. */
  specId(options?: SpecIdOptions): EventLogBuilder
  /** States the locality of TPM2_Startup, which is where PCR 0 begins. */
  startupLocality(locality: number): EventLogBuilder
  event(event: BuiltEvent): EventLogBuilder
  /** A separator: 0 for a boot that goes on, 1 for an error, 0xffffffff as some firmware writes. */
  separator(pcr: number, value?: number): EventLogBuilder
  /** A variable of UEFI's own, as firmware measures it. */
  variable(name: string, data: Uint8Array, options?: { pcr?: number; type?: number }): EventLogBuilder
  /** Bytes as they are; no PCR is extended. */
  raw(bytes: Uint8Array): EventLogBuilder
  build(): BuiltEventLog
}

/** EFI_GLOBAL_VARIABLE as it stands in memory. */
const globalVendor = fromHex('61dfe48bca93d211aa0d00e098032b8c')

/**
 * Builds any event log, good or bad, with the PCRs that a TPM would then have. The PCRs are computed here, not by the
 * code that tests want to judge.
 */
export function eventLog({ banks, format, confidential }: EventLogOptions = {}): EventLogBuilder {
  const old = format === 'sha1'
  const known = banks ?? [old ? 'sha1' : 'sha256']
  const records: Uint8Array[] = []
  const pcrs = new PcrRecorder(known)
  const add = (record: Uint8Array): EventLogBuilder => {
    records.push(record)
    return builder
  }
  const builder: EventLogBuilder = {
    specId(options = {}) {
      const stated = { ...(confidential === true ? { pcr: 1 } : {}), ...options }
      return add(old ? sha1Header(stated) : agileHeader(known, stated))
    },
    startupLocality(locality) {
      pcrs.startAt(locality)
      const data = concatBytes(utf8('StartupLocality\0'), Uint8Array.of(locality))
      return builder.event({ pcr: 0, type: eventTypes.EV_NO_ACTION, data })
    },
    event(event) {
      const record = { ...event, data: toBytes(event.data), digests: digestsOf(event, known) }
      if (event.extend ?? event.type !== eventTypes.EV_NO_ACTION) pcrs.extend(event.pcr, record.digests)
      return add(old ? sha1Record(record) : agileRecord(record))
    },
    separator(pcr, value = 0) {
      const data = new Uint8Array(4)
      new DataView(data.buffer).setUint32(0, value, true)
      return builder.event({ pcr, type: eventTypes.EV_SEPARATOR, data })
    },
    variable(name, data, { pcr = 7, type = eventTypes.EV_EFI_VARIABLE_DRIVER_CONFIG } = {}) {
      const variable = encode(uefiVariableData, { vendor: globalVendor, name, data })
      return builder.event({ pcr, type, data: variable })
    },
    raw: add,
    build: () => ({ ...joinRecords(records), pcrs: pcrs.values() }),
  }
  return builder
}

function digestsOf(event: BuiltEvent, banks: readonly HashAlgorithm[]): Map<HashAlgorithm, Uint8Array> {
  const given = event.digests
  const digests = new Map<HashAlgorithm, Uint8Array>()
  for (const bank of banks) {
    const digest = given === undefined ? measuredDigest(event, bank) : given[bank]
    if (digest !== undefined) digests.set(bank, digest)
  }
  return digests
}

function measuredDigest({ type, data, digestOf }: BuiltEvent, bank: HashAlgorithm): Uint8Array {
  return digestOf === undefined && type === eventTypes.EV_NO_ACTION
    ? new Uint8Array(hashFacts(bank).size)
    : digestWith(bank, toBytes(digestOf ?? data))
}

function toBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? utf8(data) : data
}
