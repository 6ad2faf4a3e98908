import type { MeasuredEvent, MeasurementLog } from '../record.js'

/** One record of systemd's userspace log. All but its digests are labels, unless a digest covers the string. */
export interface SystemdEvent extends MeasuredEvent {
  /** The PCR; 0xffffffff when the record is of an NV index. */
  readonly pcr: number
  /** What wrote the record: `systemd`, whose content is read; that of others is not. */
  readonly contentType: string | undefined
  /** What kind of measurement it says it is, such as `phase`, `machine-id`, `filesystem`, `volume-key`. */
  readonly eventType: string | undefined
  /**
   * What was measured, in its own words. For most kinds the digests are of its UTF-8 bytes; for a volume key they are
   * keyed with a secret, so that nothing shows what they cover.
   */
  readonly string: string | undefined
  /** The boot in which it was measured: 32 hexadecimal digits. */
  readonly bootId: string | undefined
  /** When, in microseconds since the boot. */
  readonly timestamp: bigint | undefined
  /** The NV index that it was extended into, when that was no PCR: then no quote of PCRs covers it. */
  readonly nvIndex: number | undefined
  /** Name of that NV index. */
  readonly nvIndexName: string | undefined
}

/** A parsed log of what systemd measured after the firmware handed over. */
export interface SystemdLog extends MeasurementLog {
  readonly source: 'systemd'
  readonly events: readonly SystemdEvent[]
}

/** What such a log may have at most. */
export interface SystemdLogLimits {
  /** Of the whole log, in bytes; 4 MiB by default. */
  readonly bytes: number
  /** Records; 16384 by default. */
  readonly records: number
  /** Of one record, in bytes; 64 KiB by default. */
  readonly recordBytes: number
  /** How deeply arrays and objects of a record are nested; 16 by default. */
  readonly depth: number
}
