import Database from 'libsql'
import { describe, expect, test } from 'vitest'
import { openSqlite, type SqliteDatabase, type Timers } from '../../src/index.js'
import { createSqliteDialect } from '../../src/sqlite/dialect.js'
import { makeDirectory } from '../temporary-directory.js'
import { createSqliteSubject } from './sqlite-subject.js'
import { openWrapped } from './wrapped-database.js'

const bytes = (...values: number[]) => new Uint8Array(values)
const later = Date.now() + 3_600_000

/** A driver that counts what runs. */
function createCountingDriver() {
  const ran: string[] = []
  class Counting extends Database implements SqliteDatabase {
    override exec(sql: string): this {
      ran.push(sql)
      return super.exec(sql)
    }
  }
  return { Counting, commits: () => ran.filter((sql) => sql === 'COMMIT').length }
}

describe('writes that come together', () => {
  test('share a transaction, of whatever kind they are', async () => {
    await using directory = await makeDirectory()
    const { Counting, commits } = createCountingDriver()
    const { config, replay, audit, close } = await openSqlite(directory.file('stores.db'), {
      driver: Counting,
    })
    const before = commits()
    await Promise.all(
      Array.from({ length: 32 }, (_, i) => [
        config.put(`k/${i}`, bytes(i)),
        replay.claim(`id-${i}`, later),
        audit.append(bytes(i)),
      ]).flat(),
    )
    expect(commits() - before).toBe(1)
    await close()
  })

  test('do not share it with what would make it long', async () => {
    await using directory = await makeDirectory()
    const { Counting, commits } = createCountingDriver()
    const { config, replay, close } = await openSqlite(directory.file('stores.db'), { driver: Counting })
    const before = commits()
    await Promise.all([1, 2, 3].map((i) => config.put(`k/${i}`, new Uint8Array(2 * 1024 * 1024))))
    expect(commits() - before).toBe(3)
    await Promise.all(Array.from({ length: 300 }, (_, i) => replay.claim(`id-${i}`, later)))
    expect(commits() - before).toBe(6)
    await close()
  })

  test('do not suffer from a conflict among them', async () => {
    const subject = await createSqliteSubject()
    const { config, audit } = subject.storage
    const outcomes = await Promise.allSettled([
      config.put('a', bytes(1)),
      config.put('a', bytes(2), { ifRevision: 0n }),
      audit.append(bytes(3)),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await config.get('a'))?.value).toEqual(bytes(1))
    await subject.close()
  })
})

test('the event loop gets its turns while much is written', async () => {
  const subject = await createSqliteSubject()
  let done = false
  let turns = 0
  const count = () => {
    turns += 1
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  await Promise.all(Array.from({ length: 1280 }, (_, i) => subject.storage.replay.claim(`id-${i}`, later)))
  done = true
  expect(turns).toBeGreaterThanOrEqual(10)
  await subject.close()
})

test('a watch looks for what other processes change only when the timer says so, and only while it runs', async () => {
  const ticks = new Set<() => void>()
  const timers: Timers = {
    sleep: async () => undefined,
    every(_, tick) {
      ticks.add(tick)
      return () => ticks.delete(tick)
    },
  }
  const subject = await createSqliteSubject({ timers })
  const other = await subject.openAgain()
  const changes = subject.storage.config.watch('', { after: 0n })[Symbol.asyncIterator]()
  expect(ticks.size).toBe(0)
  let reported = false
  const next = changes.next().finally(() => {
    reported = true
  })
  // The store's own calls go through the same connection as the watch's first look, so that one is over after this.
  await subject.storage.config.list('')
  await other.config.put('a', bytes(1))
  await subject.storage.config.list('')
  expect(reported).toBe(false)
  expect(ticks.size).toBe(1)
  for (const tick of ticks) tick()
  expect(await next).toMatchObject({ done: false, value: { kind: 'put', key: 'a', revision: 1n } })
  await changes.return?.()
  expect(ticks.size).toBe(0)
  await subject.close()
})

// libsql would end the process.
test.each([true, { a: 1 }, undefined, Number.NaN, 1.5])('%j is not handed to the driver', async (value) => {
  await using directory = await makeDirectory()
  const dialect = createSqliteDialect(new Database(directory.file('any.db')))
  const driver = dialect.createDriver()
  const connection = await driver.acquireConnection()
  const query = {
    sql: 'SELECT ?',
    parameters: [value],
    query: { kind: 'RawNode' },
    queryId: { queryId: '1' },
  }
  await expect(connection.executeQuery(query as never)).rejects.toThrow(TypeError)
})

test('queries use the indexes, so that they do not slow down with what is stored', async () => {
  const subject = await createSqliteSubject()
  const seen: string[] = []
  const driver = openWrapped(subject.path, (sql, statement) => {
    if (/^(select|insert|update|delete)/.test(sql)) seen.push(sql)
    return statement
  })
  const storage = await openSqlite(subject.path, {
    driver,
    clock: subject.clock,
    keepDeletionsMs: 0,
  })
  await storage.config.put('a/b', bytes(1), { ifRevision: 0n })
  await storage.config.delete('a/b')
  subject.clock.advance(1)
  await storage.config.put('a/c', bytes(1))
  await storage.config.delete('a/c')
  const page = await storage.config.list('a/')
  await storage.config.list('a/', { cursor: Buffer.from('1 a/b').toString('base64url') })
  await storage.config
    .watch('a/', { after: page.revision - 1n })
    [Symbol.asyncIterator]()
    .next()
  await storage.replay.claim('a', later)
  await storage.audit.append(bytes(1))
  await storage.audit.read(1, 10)
  await storage.close()
  const plans = seen.flatMap((sql) => subject.query(`EXPLAIN QUERY PLAN ${sql.replaceAll('?', "'a'")}`))
  const steps = plans.map((row) => (row as { detail: string }).detail)
  expect(seen.length).toBeGreaterThan(15)
  const slow = steps.filter((step) => step.startsWith('SCAN') || step.includes('TEMP B-TREE'))
  // The counters are three rows; the end of the audit log is read backwards, one record.
  expect(new Set(slow)).toEqual(new Set(['SCAN counters', 'SCAN audit']))
  await subject.close()
})
