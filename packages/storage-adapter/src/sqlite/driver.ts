/** A prepared statement, as better-sqlite3 has it. */
export interface SqliteStatement {
  /** Whether it returns rows. */
  readonly reader: boolean
  all(parameters: readonly unknown[]): unknown[]
  run(parameters: readonly unknown[]): { readonly changes: number | bigint }
}

/** The part of better-sqlite3's `Database` that is used; libsql has the same. Calls are synchronous. */
export interface SqliteDatabase {
  readonly inTransaction: boolean
  prepare(sql: string): SqliteStatement
  exec(sql: string): unknown
  /** Integers come back as bigint from now on. */
  defaultSafeIntegers(on: boolean): unknown
  close(): unknown
}

/** A class that opens files, such as the default export of better-sqlite3 or libsql. */
export type SqliteConstructor = new (path: string) => SqliteDatabase

/** libsql, loaded only when no other driver is given. */
export async function loadLibsql(): Promise<SqliteConstructor> {
  const { default: Libsql } = await import('libsql')
  return Libsql
}
