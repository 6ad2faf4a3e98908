import type { SqliteDatabase } from './driver.js'
import type { Timers } from './timers.js'

/**
 * Notices what other connections commit, through `PRAGMA data_version`: it changes exactly then, and reading it costs
 * some microseconds. Polls only while someone listens.
 * @returns the function of `SqlEngine.watchOthers`
 */
export function createDataVersionPoll(
  database: SqliteDatabase,
  timers: Timers,
  pollMs: number,
): (changed: () => void) => () => void {
  const statement = database.prepare('PRAGMA data_version')
  const listeners = new Set<() => void>()
  let seen: unknown
  let stopTimer: (() => void) | undefined

  // Who cannot read the version must look at the store itself, and will meet the error there.
  function readVersion(): unknown {
    try {
      const row = statement.all([])[0] as { data_version: unknown } | undefined
      return row?.data_version
    } catch {
      return undefined
    }
  }

  function poll(): void {
    const version = readVersion()
    if (version !== undefined && version === seen) return
    seen = version
    for (const changed of [...listeners]) changed()
  }

  return (listener) => {
    // An own object for each call, also when the same function listens twice.
    const changed = () => listener()
    listeners.add(changed)
    if (stopTimer === undefined) {
      seen = readVersion()
      stopTimer = timers.every(pollMs, poll)
    }
    return () => {
      listeners.delete(changed)
      if (listeners.size > 0) return
      stopTimer?.()
      stopTimer = undefined
    }
  }
}
