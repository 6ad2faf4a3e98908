/**
 * Stores in a SQLite file.
 * @module
 */
export type { SqliteConstructor, SqliteDatabase, SqliteStatement } from './driver.js'
export { openSqlite, type SqliteOptions } from './open-sqlite.js'
export type { Timers } from './timers.js'
