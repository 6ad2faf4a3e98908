/**
 * Stores for Trusthold's services: in memory and in SQLite.
 * @module
 */
export { type MemoryOptions, openMemory } from './memory/index.js'
export type { RetentionOptions } from './retention.js'
export {
  openSqlite,
  type SqliteConstructor,
  type SqliteDatabase,
  type SqliteOptions,
  type SqliteStatement,
  type Timers,
} from './sqlite/index.js'
