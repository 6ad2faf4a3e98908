import { TrustholdError } from '@trusthold/core/errors'
import type { SqlEngine } from '../sql/engine.js'
import { type ColumnTypes, migrate } from '../sql/migrations.js'
import type { SqliteDatabase } from './driver.js'
import { retryBusy, type SqliteEngineSettings } from './engine.js'

/** `PRAGMA application_id` of our files: the ASCII text `THLD`. */
const applicationId = 0x54484c44n

const columnTypes: ColumnTypes = { text: 'text', integer: 'integer', bytes: 'blob' }

/** SQLite's own waiting, which blocks the event loop: just long enough for another process's short transaction. */
const blockingMs = 5

function readPragma(database: SqliteDatabase, name: string): unknown {
  const row = database.prepare(`PRAGMA ${name}`).all([])[0]
  return Object.values(row ?? {})[0]
}

function isEmpty(database: SqliteDatabase): boolean {
  return database.prepare('SELECT 1 FROM sqlite_master LIMIT 1').all([]).length === 0
}

// Runs inside the transaction of the migrations, so that two processes cannot set up one new file differently.
function claimFile(database: SqliteDatabase): void {
  const id = BigInt(readPragma(database, 'application_id') as bigint)
  if (id === applicationId) return
  if (id !== 0n || !isEmpty(database)) {
    throw new TrustholdError('STORE_VERSION', {
      found: `SQLite application id 0x${id.toString(16)}`,
      supported: `0x${applicationId.toString(16)}, this SDK's stores`,
    })
  }
  database.exec(`PRAGMA application_id = ${applicationId}`)
}

/** Settings that a connection has from its start on. */
export function configureConnection(database: SqliteDatabase): void {
  database.defaultSafeIntegers(true)
  database.exec(`PRAGMA busy_timeout = ${blockingMs}`)
  // FULL: a commit is on the disk when it returns, also in WAL mode.
  database.exec('PRAGMA synchronous = FULL')
  database.exec('PRAGMA trusted_schema = OFF')
  database.exec('PRAGMA cell_size_check = ON')
  // What is deleted or replaced is overwritten in the file.
  database.exec('PRAGMA secure_delete = ON')
}

function switchToWal(database: SqliteDatabase): void {
  const mode = readPragma(database, 'journal_mode = WAL')
  if (mode !== 'wal') {
    throw new TrustholdError('CONFIGURATION_INVALID', {
      name: 'path',
      reason: `the file system does not allow SQLite's WAL mode (it stays in mode ${String(mode)})`,
    })
  }
  database.exec('PRAGMA journal_size_limit = 67108864')
}

/**
 * Brings the file to the present schema.
 * @throws STORE_VERSION when a newer release or another program wrote it
 */
export async function setUpFile(
  database: SqliteDatabase,
  engine: SqlEngine,
  settings: SqliteEngineSettings,
): Promise<void> {
  await engine.write('set up the schema', async (db) => {
    claimFile(database)
    await migrate(db, columnTypes)
  })
  await retryBusy(settings, 'switch to WAL mode', () => switchToWal(database))
}
