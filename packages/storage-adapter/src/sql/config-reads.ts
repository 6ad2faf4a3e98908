import { TrustholdError } from '@trusthold/core/errors'
import type { ConfigChange, ConfigEntry, ConfigPage } from '@trusthold/core/ports'
import { type ExpressionBuilder, type Kysely, sql, type Transaction } from 'kysely'
import { assertPosition, type ChangeBatch } from '../change-feed.js'
import { encodeCursor, type ListingPlace } from '../cursor.js'
import { fitPage } from '../page-budget.js'
import { assertIntact } from './entry-digest.js'
import type { CounterTable, Schema } from './schema.js'

/** Most changes that a watch takes over at once. */
const batchLimit = 100

/** Greater than every character of a key. */
const afterKeyCharacters = '\x7f'

const valueLength = sql<bigint>`coalesce(length(value), 0)`

/** For listings: the range of keys, in which their index is read in order. */
const withPrefix = (prefix: string) => (where: ExpressionBuilder<Schema, 'config'>) =>
  where.and([where('key', '>=', prefix), where('key', '<', prefix + afterKeyCharacters)])

/** For watches: a comparison that cannot lure the database away from the index of revisions. */
const startsWith = (prefix: string) => sql<boolean>`substr(key, 1, ${BigInt(prefix.length)}) = ${prefix}`

async function readCounters(db: Transaction<Schema>): Promise<(name: CounterTable['name']) => bigint> {
  const rows = await db.selectFrom('counters').selectAll().execute()
  return (name) => {
    const row = rows.find((counter) => counter.name === name)
    if (row === undefined) throw new TrustholdError('STORE_CORRUPT', { key: name, reason: 'missing counter' })
    return row.value
  }
}

/** The entry of a key. */
export async function readEntry(db: Kysely<Schema>, key: string): Promise<ConfigEntry | undefined> {
  const row = await db
    .selectFrom('config')
    .select(['key', 'value', 'revision', 'digest'])
    .where('key', '=', key)
    .executeTakeFirst()
  if (row === undefined) return undefined
  assertIntact(row)
  return row.value === null ? undefined : { key: row.key, value: row.value, revision: row.revision }
}

/** One page of a listing. Lengths are read first, so that large values end the page instead of filling the memory. */
export async function readPage(
  db: Transaction<Schema>,
  prefix: string,
  limit: number,
  place: ListingPlace | undefined,
): Promise<ConfigPage> {
  const revision = place?.revision ?? (await readCounters(db))('revision')
  const rest = db
    .selectFrom('config')
    .where(withPrefix(prefix))
    .where('value', 'is not', null)
    .$if(place !== undefined, (query) => query.where('key', '>', place?.key ?? ''))
    .orderBy('key')
  const sizes = await rest
    .select(valueLength.as('size'))
    .limit(limit + 1)
    .execute()
  const count = fitPage(
    sizes.map((row) => Number(row.size)),
    limit,
  )
  const entries = (await rest.select(['key', 'value', 'revision', 'digest']).limit(count).execute()).map(
    toEntry,
  )
  const last = entries.at(-1)
  if (last === undefined || sizes.length === count) return { entries, revision }
  return { entries, revision, cursor: encodeCursor({ revision, key: last.key }) }
}

/** What changed after a revision, oldest first. */
export async function readChanges(
  db: Transaction<Schema>,
  prefix: string,
  after: bigint,
): Promise<ChangeBatch> {
  const counter = await readCounters(db)
  assertPosition(after, counter('revision'), counter('horizon'))
  const rest = db
    .selectFrom('config')
    .where(startsWith(prefix))
    .where('revision', '>', after)
    .orderBy('revision')
  const sizes = await rest
    .select(valueLength.as('size'))
    .limit(batchLimit + 1)
    .execute()
  const count = fitPage(
    sizes.map((row) => Number(row.size)),
    batchLimit,
  )
  const rows = await rest.select(['key', 'value', 'revision', 'digest']).limit(count).execute()
  const more = count < sizes.length
  return {
    changes: rows.map(toChange),
    more,
    upTo: more ? (rows.at(-1)?.revision ?? after) : counter('revision'),
  }
}

interface Row {
  readonly key: string
  readonly value: Uint8Array | null
  readonly revision: bigint
  readonly digest: Uint8Array
}

function toEntry(row: Row): ConfigEntry {
  assertIntact(row)
  if (row.value === null) throw new TrustholdError('STORE_CORRUPT', { key: row.key, reason: 'no value' })
  return { key: row.key, value: row.value, revision: row.revision }
}

function toChange(row: Row): ConfigChange {
  assertIntact(row)
  const { key, value, revision } = row
  return value === null ? { kind: 'delete', key, revision } : { kind: 'put', key, value, revision }
}
