import { chmod, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import Database from 'libsql'
import { describe, expect, test } from 'vitest'
import { openSqlite, type SqliteDatabase, type Timers } from '../../src/index.js'
import { makeDirectory } from '../temporary-directory.js'
import { openWrapped } from './wrapped-database.js'

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
const bytes = (...values: number[]) => new Uint8Array(values)

/** Waits no time at all, and counts what it was asked to wait. */
function createCountingTimers(): Timers & { waited: number } {
  const timers = {
    waited: 0,
    async sleep(milliseconds: number) {
      timers.waited += milliseconds
    },
    every: () => () => undefined,
  }
  return timers
}

describe('the file', () => {
  test('and those beside it are for their owner only', async () => {
    await using directory = await makeDirectory()
    const storage = await openSqlite(directory.file('stores.db'))
    await storage.config.put('a', bytes(1))
    const names = (await readdir(directory.path)).sort()
    expect(names).toEqual(['stores.db', 'stores.db-shm', 'stores.db-wal'])
    for (const name of names) expect(await modeOf(directory.file(name))).toBe('600')
    await storage.close()
  })

  test('that others could read is closed to them', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    await writeFile(path, '', { mode: 0o644 })
    await chmod(path, 0o666)
    const storage = await openSqlite(path)
    expect(await modeOf(path)).toBe('600')
    await storage.close()
  })

  test.each(['', ':memory:', 'a\0b', 'missing/stores.db'])('%j is no path for it', async (path) => {
    await using directory = await makeDirectory()
    await expect(openSqlite(path.includes('/') ? directory.file(path) : path)).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      context: { name: 'path' },
    })
  })

  test.each(['http://127.0.0.1:1/x', 'libsql://127.0.0.1/x', 'https://db.example/x?authToken=1'])(
    'never lies at the address %j, which libsql would connect to',
    async (address) => {
      let opened = false
      class Watched extends Database {
        constructor(path: string) {
          super(path)
          opened = true
        }
      }
      const opening = openSqlite(address, { driver: Watched })
      await expect(opening).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
      expect(opened).toBe(false)
    },
  )

  test('cannot be a directory', async () => {
    await using directory = await makeDirectory()
    await expect(openSqlite(directory.path)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  })

  test('is whole after close, and no secret of it stays behind in it', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    const storage = await openSqlite(path)
    const secret = 'a-value-that-was-replaced'.repeat(400)
    await storage.config.put('a', new TextEncoder().encode(secret))
    await storage.config.put('a', bytes(1))
    await storage.close()
    expect((await stat(`${path}-wal`)).size).toBe(0)
    expect((await readFile(path)).includes('value-that-was')).toBe(false)
  })
})

describe('a damaged file', () => {
  test('that is not SQLite gives STORE_CORRUPT', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    await writeFile(path, Buffer.alloc(8192, 7))
    await expect(openSqlite(path)).rejects.toMatchObject({ code: 'STORE_CORRUPT', context: { key: path } })
    expect(await readFile(path)).toEqual(Buffer.alloc(8192, 7))
  })

  test('with destroyed pages gives STORE_CORRUPT', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    const first = await openSqlite(path)
    for (let i = 0; i < 200; i++) await first.config.put(`k/${i}`, new Uint8Array(2000).fill(i))
    await first.close()
    const { size } = await stat(path)
    const file = await open(path, 'r+')
    await file.write(Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096)
    await file.close()
    const failed = openSqlite(path).then(async (storage) => {
      await storage.config.list('', { limit: 1000 }).finally(() => storage.close())
    })
    await expect(failed).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  })

  test.each([
    ['a changed value', "UPDATE config SET value = x'02'"],
    ['a changed revision', 'UPDATE config SET revision = 7'],
    ['a value of another key', "UPDATE config SET key = 'b'"],
    ['a deletion that nobody made', 'UPDATE config SET value = NULL'],
  ])('%s gives STORE_CORRUPT, everywhere', async (_, sql) => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    const storage = await openSqlite(path)
    await storage.config.put('a', bytes(1))
    const database = new Database(path)
    database.exec(sql)
    database.exec("UPDATE counters SET value = 9 WHERE name = 'revision'")
    database.close()
    const key = sql.includes("'b'") ? 'b' : 'a'
    await expect(storage.config.get(key)).rejects.toMatchObject({ code: 'STORE_CORRUPT', context: { key } })
    const changes = storage.config.watch('', { after: 0n })[Symbol.asyncIterator]()
    await expect(changes.next()).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    if (!sql.includes('NULL')) {
      await expect(storage.config.list('')).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    }
    await storage.close()
  })
})

describe('a file that another process has locked', () => {
  test('gives STORE_UNAVAILABLE after the time that was allowed, and works again afterwards', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    const timers = createCountingTimers()
    const storage = await openSqlite(path, { timers, busyTimeoutMs: 300 })
    const other = new Database(path)
    other.exec('BEGIN IMMEDIATE')
    const later = Date.now() + 60_000
    for (const call of [
      () => storage.config.put('a', bytes(1)),
      () => storage.config.delete('a'),
      () => storage.replay.claim('a', later),
      () => storage.audit.append(bytes(1)),
    ]) {
      timers.waited = 0
      await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true })
      expect(timers.waited).toBeGreaterThanOrEqual(300)
    }
    expect(await storage.config.get('a')).toBe(undefined)
    other.exec('ROLLBACK')
    other.close()
    expect(await storage.replay.claim('a', later)).toBe(true)
    expect(await storage.config.put('a', bytes(1))).toBe(1n)
    expect((await storage.audit.append(bytes(1))).sequence).toBe(1)
    await storage.close()
  })

  test('is waited for', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    await (await openSqlite(path)).close()
    const other = new Database(path)
    let tries = 0
    const timers: Timers = {
      async sleep() {
        tries += 1
        if (tries === 3) other.exec('ROLLBACK')
      },
      every: () => () => undefined,
    }
    const storage = await openSqlite(path, { timers })
    other.exec('BEGIN IMMEDIATE')
    expect(await storage.config.put('a', bytes(1))).toBe(1n)
    expect(tries).toBe(3)
    other.close()
    await storage.close()
  })
})

describe('a driver', () => {
  test('may be given as a class or as an instance', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    const opened: string[] = []
    class Counting extends Database implements SqliteDatabase {
      constructor(name: string) {
        super(name)
        opened.push(name)
      }
    }
    const first = await openSqlite(path, { driver: Counting })
    await first.config.put('a', bytes(1))
    await first.close()
    expect(opened).toEqual([path])
    const second = await openSqlite(path, { driver: new Database(path) })
    expect((await second.config.get('a'))?.value).toEqual(bytes(1))
    await second.close()
  })

  // better-sqlite3 returns Buffers, and numbers unless it is told otherwise.
  test('may return Buffers and numbers', async () => {
    await using directory = await makeDirectory()
    const path = directory.file('stores.db')
    const convert = (value: unknown) => {
      if (value instanceof ArrayBuffer) return Buffer.from(value)
      return typeof value === 'bigint' ? Number(value) : value
    }
    const convertRow = (row: unknown) =>
      Object.fromEntries(Object.entries(row as object).map(([name, value]) => [name, convert(value)]))
    const driver = openWrapped(path, (_, statement) => ({
      reader: statement.reader,
      run: (parameters) => statement.run(parameters),
      all: (parameters) => statement.all(parameters).map(convertRow),
    }))
    const storage = await openSqlite(path, { driver })
    const revision = await storage.config.put('a', bytes(1, 2))
    expect(await storage.config.get('a')).toStrictEqual({ key: 'a', value: bytes(1, 2), revision })
    await storage.audit.append(bytes(3))
    const [record] = await storage.audit.read(1, 1)
    expect(record?.content).toStrictEqual(bytes(3))
    expect(record?.hash.constructor).toBe(Uint8Array)
    await storage.close()
  })
})
