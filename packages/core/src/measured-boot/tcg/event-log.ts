import type { HashAlgorithm } from '../../tpm2/index.js'
import type { Extensions, MeasuredEvent, MeasurementLog } from '../record.js'
import type { EventTypeName } from './event-types.js'

/** One event of a TCG log. */
export interface TcgEvent extends MeasuredEvent {
  /** Number of its type. Not measured: a label, never a reason for trust. */
  readonly type: number
  /** Name of its type; undefined for one that is not known here. */
  readonly typeName: EventTypeName | undefined
  /** What the event says of itself; a view of the log. Only a digest that covers it makes it true. */
  readonly data: Uint8Array
}

/** What is in every log of the TCG's formats. Events look into the bytes that were parsed, which must not be changed. */
export interface EventLogContent {
  /** With several digests an event (TCG_PCR_EVENT2), or with one of SHA-1 (TCG_PCClientPCREvent). */
  readonly format: 'crypto-agile' | 'sha1'
  /** What the header states; undefined for a log in the SHA-1 format without one. */
  readonly specId: SpecId | undefined
  /** Banks that the header declares and that are known here; for the SHA-1 format that one. */
  readonly algorithms: readonly HashAlgorithm[]
  /** How many algorithms the header declares that are not known here; their digests are skipped. */
  readonly unknownAlgorithms: number
  /** All events in order; a header is event 0. They are made when they are first asked for. */
  readonly events: readonly TcgEvent[]
  /** How many events there are, without making them. */
  readonly eventCount: number
  /** Unused bytes at the end, all 0x00 or all 0xff, as in a log that was taken with the area that holds it. */
  readonly padding: number
  /** Bytes of a last record that is cut off; 0 unless such logs are asked for. */
  readonly truncated: number
  /** What the log extends in one of `algorithms`. */
  extensions(bank: HashAlgorithm): Extensions
}

/** A parsed TCG log of what was measured into the PCRs of a TPM. */
export interface TcgEventLog extends EventLogContent, MeasurementLog {
  readonly source: 'tcg'
  readonly algorithms: readonly HashAlgorithm[]
  readonly events: readonly TcgEvent[]
  extensions(bank: HashAlgorithm): Extensions
}

/**
 * A parsed log of a confidential machine without a TPM (CCEL), for looking at. Where a TCG log has PCRs, it has
 * measurement registers: `pcr` 0 is MRTD, n is RTMR[n-1] of Intel TDX, or what stands for them. No quote of a TPM says
 * anything of them, so it is no {@link MeasurementLog}. UEFI 2.11, section 38.4.
 */
export interface CcEventLog extends EventLogContent {
  readonly source: 'cc'
}

/** What a log's header states of the firmware. PC Client Platform Firmware Profile, section 10.4.5.1. */
export interface SpecId {
  /** Number in the header's signature: 3 for the crypto-agile format, 2 or 0 for that of SHA-1. */
  readonly event: 0 | 2 | 3
  /** 0: client, 1: server. */
  readonly platformClass: number
  /** Of the specification that the firmware follows. */
  readonly specVersion: { readonly major: number; readonly minor: number; readonly errata: number }
  /** Firmware's own bytes in the header. */
  readonly vendorInfo: Uint8Array
}
