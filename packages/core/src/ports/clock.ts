/**
 * Where time comes from. Contract: `now` never blocks; wall-clock time, so it may step when the machine's clock is
 * corrected. Tests pass a clock that they move themselves.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, an integer. */
  now(): number
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now() }
