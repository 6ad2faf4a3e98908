import { TrustholdError } from '@trusthold/core/errors'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Schema } from './schema.js'

/** Names of column types where databases differ. */
export interface ColumnTypes {
  /** Text that is ordered by its bytes. */
  readonly text: 'text' | 'text collate "C"'
  /** 64-bit signed integer. */
  readonly integer: 'integer' | 'bigint'
  /** Byte string. */
  readonly bytes: 'blob' | 'bytea'
}

type Migration = (db: Kysely<Schema>, types: ColumnTypes) => Promise<void>

const createConfig: Migration = async (db, types) => {
  const integer = sql.raw(types.integer)
  // The value comes last: SQLite walks through a large value to reach what lies behind it.
  await db.schema
    .createTable('config')
    .addColumn('key', sql.raw(types.text), (column) => column.primaryKey())
    .addColumn('revision', integer, (column) => column.notNull().unique())
    .addColumn('changed_at', integer, (column) => column.notNull())
    .addColumn('digest', sql.raw(types.bytes), (column) => column.notNull())
    .addColumn('value', sql.raw(types.bytes))
    .execute()
  // Only deletions are ever looked for by their time.
  await db.schema
    .createIndex('config_deletions')
    .on('config')
    .columns(['changed_at', 'revision'])
    .where(sql.ref('value'), 'is', null)
    .execute()
  await db
    .insertInto('counters')
    .values([
      { name: 'revision', value: 0n },
      { name: 'horizon', value: 0n },
    ])
    .execute()
}

const createClaims: Migration = async (db, types) => {
  await db.schema
    .createTable('claims')
    .addColumn('id_digest', sql.raw(types.bytes), (column) => column.primaryKey())
    .addColumn('held_until', sql.raw(types.integer), (column) => column.notNull())
    .execute()
  await db.schema.createIndex('claims_held_until').on('claims').column('held_until').execute()
}

const createAudit: Migration = async (db, types) => {
  await db.schema
    .createTable('audit')
    .addColumn('sequence', sql.raw(types.integer), (column) => column.primaryKey())
    .addColumn('content', sql.raw(types.bytes), (column) => column.notNull())
    .addColumn('hash', sql.raw(types.bytes), (column) => column.notNull())
    .execute()
}

/** All migrations in order. One that was released is never changed; new ones are added at the end. */
export const migrations: readonly Migration[] = [createConfig, createClaims, createAudit]

async function readSchemaVersion(db: Kysely<Schema>, types: ColumnTypes): Promise<number> {
  await db.schema
    .createTable('counters')
    .ifNotExists()
    .addColumn('name', sql.raw(types.text), (column) => column.primaryKey())
    .addColumn('value', sql.raw(types.integer), (column) => column.notNull())
    .execute()
  const row = await db.selectFrom('counters').select('value').where('name', '=', 'schema').executeTakeFirst()
  if (row === undefined) await db.insertInto('counters').values({ name: 'schema', value: 0n }).execute()
  return Number(row?.value ?? 0n)
}

/**
 * Carries out the migrations that the store lacks, inside the caller's transaction: all or none.
 * @param target number of migrations that the store has afterwards; all by default
 * @throws STORE_VERSION when the store has more than we know
 */
export async function migrate(
  db: Transaction<Schema>,
  types: ColumnTypes,
  target = migrations.length,
): Promise<void> {
  const version = await readSchemaVersion(db, types)
  if (version > migrations.length) {
    throw new TrustholdError('STORE_VERSION', {
      found: `schema version ${version}`,
      supported: `versions up to ${migrations.length}`,
    })
  }
  for (const step of migrations.slice(version, target)) await step(db, types)
  if (version < target) {
    await db
      .updateTable('counters')
      .set({ value: BigInt(target) })
      .where('name', '=', 'schema')
      .execute()
  }
}
