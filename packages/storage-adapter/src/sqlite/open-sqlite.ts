import { type Clock, type Storage, systemClock } from '@trusthold/core/ports'
import { fillRetention, type RetentionOptions } from '../retention.js'
import { openSql } from '../sql/open-sql.js'
import { loadLibsql, type SqliteConstructor, type SqliteDatabase } from './driver.js'
import { createSqliteEngine, retryBusy, type SqliteEngineSettings } from './engine.js'
import { prepareFile } from './file.js'
import { configureConnection, setUpFile } from './set-up.js'
import { systemTimers, type Timers } from './timers.js'

/** Options of {@link openSqlite}. */
export interface SqliteOptions extends RetentionOptions {
  /**
   * Another driver than libsql: the class of any better-sqlite3-compatible package, or an instance that has the file
   * open already and that the store then owns and closes.
   */
  driver?: SqliteConstructor | SqliteDatabase
  /** How long a call waits while other processes hold the lock, in milliseconds; 5,000 by default. */
  busyTimeoutMs?: number
  /** How often watches look for changes by other processes, in milliseconds; 250 by default. */
  pollMs?: number
  /** When deletions and claims may be forgotten; the machine's clock by default. */
  clock?: Clock
  /** The machine's own by default. */
  timers?: Timers
}

async function openDatabase(path: string, driver: SqliteOptions['driver']): Promise<SqliteDatabase> {
  if (typeof driver === 'object') return driver
  const Driver = driver ?? (await loadLibsql())
  return new Driver(path)
}

/**
 * Opens stores in one SQLite file, which is made when there is none; several processes of one machine may share it.
 * Every change is on the disk when its promise is fulfilled. The file and those beside it (`-wal`, `-shm`) are
 * readable for their owner only. It must not lie on a network file system: SQLite's locks do not work there.
 * @param path in a directory that exists
 * @throws CONFIGURATION_INVALID for a path that cannot be used
 * @throws STORE_VERSION when a newer release or another program wrote the file
 * @throws STORE_CORRUPT when it is not a SQLite file, or a damaged one
 * @throws STORE_UNAVAILABLE when it is locked or cannot be read and written
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<Storage> {
  const settings: SqliteEngineSettings = {
    path: await prepareFile(path),
    busyTimeoutMs: options.busyTimeoutMs ?? 5000,
    pollMs: options.pollMs ?? 250,
    timers: options.timers ?? systemTimers,
  }
  const database = await retryBusy(settings, 'open', () => openDatabase(settings.path, options.driver))
  try {
    await retryBusy(settings, 'open', () => configureConnection(database))
    const engine = createSqliteEngine(database, settings)
    await setUpFile(database, engine, settings)
    return openSql(engine, options.clock ?? systemClock, fillRetention(options))
  } catch (error) {
    database.close()
    throw error
  }
}
