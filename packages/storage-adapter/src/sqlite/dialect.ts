import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { SqliteDatabase, SqliteStatement } from './driver.js'

// libsql ends the process when it gets a boolean or an object, and stores a number as a floating-point one.
function toParameter(value: unknown): string | bigint | Uint8Array | null {
  if (typeof value === 'string' || typeof value === 'bigint' || value === null) return value
  if (value instanceof Uint8Array) return value
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  throw new TypeError(`a ${typeof value} is no parameter of a query`)
}

// libsql returns byte strings as ArrayBuffer from `all`, other drivers as Buffer.
function fromColumn(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return Number.isSafeInteger(value) ? BigInt(value as number) : value
}

function fromRow(row: unknown): Record<string, unknown> {
  const columns = row as Record<string, unknown>
  for (const name of Object.keys(columns)) columns[name] = fromColumn(columns[name])
  return columns
}

/** There are few different queries, so that every statement is kept. */
type Statements = Map<string, SqliteStatement>

function createConnection(database: SqliteDatabase, statements: Statements): DatabaseConnection {
  function prepare(text: string): SqliteStatement {
    const known = statements.get(text)
    if (known !== undefined) return known
    const statement = database.prepare(text)
    statements.set(text, statement)
    return statement
  }

  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const statement = prepare(sql)
      const values = parameters.map(toParameter)
      if (statement.reader) return { rows: statement.all(values).map(fromRow) as R[] }
      return { rows: [], numAffectedRows: BigInt(statement.run(values).changes) }
    },
    // biome-ignore lint/correctness/useYield: the interface asks for a generator, and nothing streams
    async *streamQuery() {
      throw new Error('queries of this store do not stream')
    },
  }
}

/** Lets one after the other in, in the order in which they came. */
function createTurns(): { take(): Promise<void>; pass(): void } {
  const waiting: (() => void)[] = []
  let taken = false
  return {
    async take() {
      if (taken) await new Promise<void>((resolve) => waiting.push(resolve))
      taken = true
    },
    pass() {
      const next = waiting.shift()
      if (next === undefined) taken = false
      else next()
    },
  }
}

function moveLogIntoFile(database: SqliteDatabase): void {
  try {
    database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all([])
  } catch {
    // What others still read stays in the log, which is as durable and is found again.
  }
}

function createDriver(database: SqliteDatabase): Driver {
  const statements: Statements = new Map()
  const connection = createConnection(database, statements)
  const turns = createTurns()
  return {
    init: async () => undefined,
    async acquireConnection() {
      await turns.take()
      return connection
    },
    // A deferred transaction could fail half-way when another process writes first; an immediate one owns the lock.
    async beginTransaction(_, { accessMode }) {
      database.exec(accessMode === 'read only' ? 'BEGIN' : 'BEGIN IMMEDIATE')
    },
    async commitTransaction() {
      database.exec('COMMIT')
    },
    // After some errors SQLite has rolled back by itself.
    async rollbackTransaction() {
      if (database.inTransaction) database.exec('ROLLBACK')
    },
    async releaseConnection() {
      turns.pass()
    },
    async destroy() {
      await turns.take()
      // libsql frees a connection when its last statement is collected, so the file is made whole before.
      moveLogIntoFile(database)
      statements.clear()
      database.close()
    },
  }
}

/** SQLite for Kysely over a better-sqlite3-compatible database: integers as bigint, byte strings as Uint8Array. */
export function createSqliteDialect(database: SqliteDatabase): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => createDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}
