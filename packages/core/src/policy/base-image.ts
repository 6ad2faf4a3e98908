import type { HashAlgorithm } from '../tpm2/index.js'

/** Version of the document that {@link BaseImage} is. */
export const baseImageVersion = 1

/** One event that was extended into a PCR. */
export interface ReferenceEvent {
  /** What was extended; lower-case hexadecimal. */
  readonly digest: string
  /** Name of the event's type, or its number in hexadecimal. For people; it decides nothing. */
  readonly type: string
  /** The event in a few words. For people; it decides nothing. */
  readonly description: string
}

/** The value that a PCR must have, and the events that lead to it. */
export interface ReferencePcr {
  readonly pcr: number
  /** Lower-case hexadecimal. */
  readonly value: string
  /** Locality of TPM2_Startup that the log stated; only in PCR 0, and only when it is not 0. */
  readonly startupLocality?: number
  /** In the order in which they were extended; at least one. */
  readonly events: readonly ReferenceEvent[]
}

/**
 * Reference values of software that may run: what a host measured that was known to be good. A plain document; see
 * {@link encodeBaseImage}.
 */
export interface BaseImage {
  readonly version: typeof baseImageVersion
  readonly name: string
  readonly description?: string
  /** Name of the PCR bank's hash algorithm. */
  readonly bank: HashAlgorithm
  /** Ascending, at least one. A host matches when each of these PCRs has its value. */
  readonly pcrs: readonly ReferencePcr[]
}
