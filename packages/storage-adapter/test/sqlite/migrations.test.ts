import { isTrustholdError } from '@trusthold/core/errors'
import { Kysely } from 'kysely'
import Database from 'libsql'
import { describe, expect, test } from 'vitest'
import { openSqlite } from '../../src/index.js'
import { migrate, migrations } from '../../src/sql/migrations.js'
import type { Schema } from '../../src/sql/schema.js'
import { createSqliteDialect } from '../../src/sqlite/dialect.js'
import { makeDirectory } from '../temporary-directory.js'

const types = { text: 'text', integer: 'integer', bytes: 'blob' } as const

/** Makes a file as the release with so many migrations left it. */
async function makeOldFile(path: string, version: number): Promise<void> {
  const database = new Database(path)
  const db = new Kysely<Schema>({ dialect: createSqliteDialect(database) })
  await db.transaction().execute(async (transaction) => {
    database.exec('PRAGMA application_id = 0x54484c44')
    await migrate(transaction, types, version)
  })
  await db.destroy()
}

function run(path: string, sql: string): void {
  const database = new Database(path)
  database.exec(sql)
  database.close()
}

function tablesOf(path: string): string[] {
  const database = new Database(path)
  const rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all([])
  database.close()
  return (rows as { name: string }[]).map((row) => row.name)
}

describe('a file of an older release', () => {
  test.each(migrations.map((_, version) => [version]))('with schema version %i opens', async (version) => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    await makeOldFile(path, version)
    const storage = await openSqlite(path)
    expect(await storage.config.put('a', new Uint8Array([1]))).toBe(1n)
    expect(await storage.replay.claim('a', Date.now() + 1000)).toBe(true)
    expect((await storage.audit.append(new Uint8Array([1]))).sequence).toBe(1)
    await storage.close()
    expect(tablesOf(path)).toEqual(['audit', 'claims', 'config', 'counters'])
  })

  test('keeps what is in it', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    const first = await openSqlite(path)
    const revision = await first.config.put('a', new Uint8Array([1, 2, 3]))
    await first.close()
    run(path, "DROP TABLE claims; DROP TABLE audit; UPDATE counters SET value = 1 WHERE name = 'schema'")
    const second = await openSqlite(path)
    expect(await second.config.get('a')).toEqual({ key: 'a', value: new Uint8Array([1, 2, 3]), revision })
    expect(await second.audit.read(1, 10)).toEqual([])
    await second.close()
  })

  test('is left as it was when a migration fails', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    await makeOldFile(path, 1)
    run(path, 'CREATE TABLE audit (other)')
    await expect(openSqlite(path)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(tablesOf(path)).toEqual(['audit', 'config', 'counters'])
  })
})

describe('a file that is not ours to change', () => {
  test('of a newer release is refused and left as it was', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    await (await openSqlite(path)).close()
    run(path, "UPDATE counters SET value = value + 1 WHERE name = 'schema'")
    const error: unknown = await openSqlite(path).catch((reason: unknown) => reason)
    expect(isTrustholdError(error, 'STORE_VERSION')).toBe(true)
    expect(error).toMatchObject({
      retryable: false,
      context: {
        found: `schema version ${migrations.length + 1}`,
        supported: `versions up to ${migrations.length}`,
      },
    })
    run(path, "UPDATE counters SET value = value - 1 WHERE name = 'schema'")
    await (await openSqlite(path)).close()
  })

  test.each([
    ['with tables of another program', 'CREATE TABLE cookies (a)'],
    ['marked by another program', 'PRAGMA application_id = 7'],
  ])('%s is refused', async (_, sql) => {
    await using directory = await makeDirectory()
    const path = directory.file('other.db')
    run(path, sql)
    const before = tablesOf(path)
    await expect(openSqlite(path)).rejects.toMatchObject({ code: 'STORE_VERSION' })
    expect(tablesOf(path)).toEqual(before)
  })
})
