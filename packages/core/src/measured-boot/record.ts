import type { HashAlgorithm } from '../tpm2/index.js'

/** PCRs of a PC: 0 to 23. */
export const pcrCount = 24
/** Stands for the PCR of an event that was extended into none. */
export const noPcr = 0xffff_ffff

/**
 * One measurement, whatever log it stands in: a TCG event, an entry of IMA's list, a record of systemd. Replay and
 * policy know this form only. It is the record of the TCG Canonical Event Log, section 4: number, PCR, digests, content.
 */
export interface MeasuredEvent {
  /** Place in its log, from 0. */
  readonly index: number
  /** Where its record starts in the log, in bytes. */
  readonly offset: number
  /** The PCR that it was extended into. Not measured itself. */
  readonly pcr: number
  /** Whether the PCR was extended with it; an event without action only informs. */
  readonly extends: boolean
  /** What kind of event it says it is, in a word, such as `EV_IPL` or `ima-ng`. Not measured: a label, never a reason. */
  readonly label: string
  /** Digests by bank, for the algorithms that are known here; they must not be changed. */
  readonly digests: ReadonlyMap<HashAlgorithm, Uint8Array>
  /** What was extended into the PCR of one bank; undefined when the event has none for it. Must not be changed. */
  digest(bank: string): Uint8Array | undefined
  /** Copies the digest for one bank to a place in `target`, without making a view; false when the event has none. */
  copyDigest(bank: string, target: Uint8Array, at: number): boolean
  /**
   * The event in a few words, for reasons and reports: its label and what it says of itself, true or not. One line
   * without control characters.
   */
  describe(): string
}

/**
 * What a log extends in one bank, as columns: one entry for each event that extends a PCR, in order. A replay needs no
 * more, and is on the way of every attestation.
 */
export interface Extensions {
  /** The bytes in which the digests lie; must not be changed. */
  readonly bytes: Uint8Array
  /** PCR of each, 0 to 23. */
  readonly pcrs: readonly number[]
  /** Where the digest of each starts in `bytes`; -1 when the event has none for the bank. */
  readonly digests: readonly number[]
}

/** A parsed log of any kind whose events were extended into the PCRs of a TPM. */
export interface MeasurementLog {
  /** Who keeps such logs. */
  readonly source: 'tcg' | 'ima' | 'systemd'
  /** Banks that its events have digests for. */
  readonly algorithms: readonly HashAlgorithm[]
  /** All events, in the order in which they were measured. */
  readonly events: readonly MeasuredEvent[]
  /** The locality of TPM2_Startup as the log states it: the last byte of PCR 0's first value. 0 when it states none. */
  readonly startupLocality: number
  /** {@link Extensions} for one of `algorithms`, where the log has a faster way to them than through its events. */
  extensions?(bank: HashAlgorithm): Extensions
}
