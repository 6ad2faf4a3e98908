import { isTrustholdError } from '@trusthold/core/errors'
import { Kysely } from 'kysely'
import type { SqlEngine } from '../sql/engine.js'
import type { Schema } from '../sql/schema.js'
import { createDataVersionPoll } from './data-version.js'
import { createSqliteDialect } from './dialect.js'
import type { SqliteDatabase } from './driver.js'
import { isBusy, translateFailure } from './failures.js'
import type { Timers } from './timers.js'

/** Longest pause between two tries to get a lock. */
const longestPauseMs = 50

/** What {@link createSqliteEngine} needs besides the database. */
export interface SqliteEngineSettings {
  /** For errors. */
  readonly path: string
  readonly busyTimeoutMs: number
  readonly pollMs: number
  readonly timers: Timers
}

/**
 * Tries again while another connection holds the lock. SQLite's own waiting would block the event loop.
 * @throws STORE_UNAVAILABLE, STORE_CORRUPT
 */
export async function retryBusy<T>(
  { path, busyTimeoutMs, timers }: SqliteEngineSettings,
  operation: string,
  run: () => T | Promise<T>,
): Promise<T> {
  let waited = 0
  for (let pause = 1; ; pause = Math.min(2 * pause, longestPauseMs)) {
    try {
      return await run()
    } catch (error) {
      if (isTrustholdError(error) || !isBusy(error) || waited >= busyTimeoutMs) {
        throw translateFailure(error, path, operation)
      }
    }
    await timers.sleep(pause)
    waited += pause
  }
}

/** SQLite as the engine of the SQL stores. */
export function createSqliteEngine(database: SqliteDatabase, settings: SqliteEngineSettings): SqlEngine {
  const db = new Kysely<Schema>({ dialect: createSqliteDialect(database) })
  return {
    query: (operation, run) => retryBusy(settings, operation, () => run(db)),
    snapshot: (operation, run) =>
      retryBusy(settings, operation, () => db.transaction().setAccessMode('read only').execute(run)),
    write: (operation, run) => retryBusy(settings, operation, () => db.transaction().execute(run)),
    watchOthers: createDataVersionPoll(database, settings.timers, settings.pollMs),
    close: () => retryBusy(settings, 'close', () => db.destroy()),
  }
}
