import { setTimeout as sleep } from 'node:timers/promises'

/** How the store waits; tests pass one that they move themselves. */
export interface Timers {
  /** Resolves after so many milliseconds. */
  sleep(milliseconds: number): Promise<void>
  /**
   * Calls `tick` every so many milliseconds.
   * @returns ends it
   */
  every(milliseconds: number, tick: () => void): () => void
}

/** The machine's own. */
export const systemTimers: Timers = {
  sleep: (milliseconds) => sleep(milliseconds),
  every(milliseconds, tick) {
    const timer = setInterval(tick, milliseconds)
    return () => clearInterval(timer)
  },
}
