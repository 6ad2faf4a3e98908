import Database from 'libsql'
import type { SqliteDatabase, SqliteStatement } from '../../src/index.js'

/** libsql's database of a file, with a `prepare` that may look at the query and change the statement. */
export function openWrapped(
  path: string,
  wrap: (sql: string, statement: SqliteStatement) => SqliteStatement,
): SqliteDatabase {
  const inner: SqliteDatabase = new Database(path)
  return {
    get inTransaction() {
      return inner.inTransaction
    },
    prepare: (sql) => wrap(sql, inner.prepare(sql)),
    exec: (sql) => inner.exec(sql),
    defaultSafeIntegers: (on) => inner.defaultSafeIntegers(on),
    close: () => inner.close(),
  }
}
