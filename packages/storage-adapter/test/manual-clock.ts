import type { Clock } from '@trusthold/core/ports'

/** A clock that tests move. */
export interface ManualClock extends Clock {
  set(milliseconds: number): void
  advance(milliseconds: number): void
}

export function createManualClock(start = 1_700_000_000_000): ManualClock {
  let time = start
  return {
    now: () => time,
    set(milliseconds) {
      time = milliseconds
    },
    advance(milliseconds) {
      time += milliseconds
    },
  }
}
