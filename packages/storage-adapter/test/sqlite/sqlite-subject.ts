import type { Storage } from '@trusthold/core/ports'
import Database from 'libsql'
import { openSqlite, type SqliteOptions } from '../../src/index.js'
import { createManualClock, type ManualClock } from '../manual-clock.js'
import { makeDirectory } from '../temporary-directory.js'

/** Stores in a file of their own, with ways around them. */
export interface SqliteSubject {
  readonly storage: Storage
  readonly clock: ManualClock
  readonly path: string
  /** Opens the same file once more, as another process would. */
  openAgain(): Promise<Storage>
  /** Closes the first stores and opens the file anew. */
  reopen(): Promise<Storage>
  /** Runs a query on the file past the stores. */
  query(sql: string): unknown[]
  close(): Promise<void>
}

export async function createSqliteSubject(options: SqliteOptions = {}): Promise<SqliteSubject> {
  const directory = await makeDirectory()
  const path = directory.file('stores.db')
  const clock = createManualClock()
  const opened: Storage[] = []
  const openAgain = async () => {
    const storage = await openSqlite(path, { clock, pollMs: 5, ...options })
    opened.push(storage)
    return storage
  }
  const storage = await openAgain()
  return {
    storage,
    clock,
    path,
    openAgain,
    async reopen() {
      await storage.close()
      return openAgain()
    },
    query(sql) {
      const database = new Database(path)
      const rows = database.prepare(sql).all()
      database.close()
      return rows
    },
    async close() {
      await Promise.all(opened.map((one) => one.close()))
      await directory[Symbol.asyncDispose]()
    },
  }
}
