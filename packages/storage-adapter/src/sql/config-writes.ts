import { TrustholdError } from '@trusthold/core/errors'
import type { ConfigPutOptions } from '@trusthold/core/ports'
import type { WriteTransaction } from './engine.js'
import { digestEntry } from './entry-digest.js'

/** Each deletion forgets up to so many old ones: more than it adds, so the table cannot grow without bound. */
const forgetCount = 4

async function readRevision(db: WriteTransaction, key: string): Promise<bigint> {
  const row = await db
    .selectFrom('config')
    .select('revision')
    .where('key', '=', key)
    .where('value', 'is not', null)
    .executeTakeFirst()
  return row?.revision ?? 0n
}

async function assertRevisionOf(
  db: WriteTransaction,
  key: string,
  { ifRevision }: ConfigPutOptions,
): Promise<void> {
  if (ifRevision === undefined) return
  const actual = await readRevision(db, key)
  if (actual === ifRevision) return
  throw new TrustholdError('STORE_CONFLICT', { key, expected: `${ifRevision}`, actual: `${actual}` })
}

async function nextRevision(db: WriteTransaction): Promise<bigint> {
  const { value } = await db
    .updateTable('counters')
    .set((update) => ({ value: update('value', '+', 1n) }))
    .where('name', '=', 'revision')
    .returning('value')
    .executeTakeFirstOrThrow()
  return value
}

async function record(
  db: WriteTransaction,
  key: string,
  value: Uint8Array | null,
  now: number,
): Promise<bigint> {
  const revision = await nextRevision(db)
  const state = { value, revision, changed_at: BigInt(now), digest: digestEntry(key, revision, value) }
  await db
    .insertInto('config')
    .values({ key, ...state })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(state))
    .execute()
  return revision
}

/** Writes a value inside a transaction. */
export async function putEntry(
  db: WriteTransaction,
  key: string,
  value: Uint8Array,
  options: ConfigPutOptions,
  now: number,
): Promise<bigint> {
  await assertRevisionOf(db, key, options)
  return record(db, key, value, now)
}

/** Deletes a key inside a transaction. What remains is a row without a value, for watches. */
export async function deleteEntry(
  db: WriteTransaction,
  key: string,
  options: ConfigPutOptions,
  now: number,
): Promise<boolean> {
  await assertRevisionOf(db, key, options)
  if ((await readRevision(db, key)) === 0n) return false
  await record(db, key, null, now)
  return true
}

/**
 * Forgets some deletions from before a time and moves the horizon past them, in the same transaction: from then on a
 * watch that would have had to report one of them fails instead of missing it.
 */
export async function forgetDeletions(db: WriteTransaction, before: number): Promise<void> {
  const old = await db
    .selectFrom('config')
    .select('revision')
    .where('value', 'is', null)
    .where('changed_at', '<', BigInt(before))
    .orderBy('changed_at')
    .orderBy('revision')
    .limit(forgetCount)
    .execute()
  if (old.length === 0) return
  const revisions = old.map((row) => row.revision)
  let last = 0n
  for (const revision of revisions) if (revision > last) last = revision
  await db.deleteFrom('config').where('revision', 'in', revisions).execute()
  await db
    .updateTable('counters')
    .set({ value: last })
    .where('name', '=', 'horizon')
    .where('value', '<', last)
    .execute()
}
