import { maxDeclaredAlgorithms } from './log-header.js'

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

/** How a log is read. Limits that are not given are the defaults. */
export interface ReadEventLogOptions extends Partial<EventLogLimits> {
  /**
   * Takes a log whose last record is cut off, without that record, and says so; for looking at what is left. Refused by
   * default.
   */
  readonly allowTruncated?: boolean
}

/** The limits that hold when none are given. */
export const defaultLimits: EventLogLimits = {
  bytes: 2 * 1024 * 1024,
  events: 16_384,
  eventData: 1024 * 1024,
  algorithms: maxDeclaredAlgorithms,
}
