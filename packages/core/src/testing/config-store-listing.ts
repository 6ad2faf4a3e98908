import assert from 'node:assert/strict'
import type { ConfigEntry, ConfigStore } from '../ports/index.js'
import type { ConfigStoreCase } from './config-store.contract.js'
import { expectCode } from './expectations.js'

const one = new Uint8Array([1])

const putAll = (store: ConfigStore, keys: readonly string[], value = one) =>
  Promise.all(keys.map((key) => store.put(key, value)))

/** All entries, page by page. */
async function listAll(store: ConfigStore, prefix: string, limit?: number): Promise<ConfigEntry[]> {
  const entries: ConfigEntry[] = []
  let cursor: string | undefined
  do {
    const options = { ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) }
    const page = await store.list(prefix, options)
    assert.ok(page.entries.length <= (limit ?? 100), 'no page has more entries than its limit')
    assert.ok(page.entries.length > 0 || page.cursor === undefined, 'every page but the last gets on')
    entries.push(...page.entries)
    assert.ok(entries.length <= 1000, 'a listing ends')
    cursor = page.cursor
  } while (cursor !== undefined)
  return entries
}

const keysOf = (entries: readonly ConfigEntry[]): string[] => entries.map((entry) => entry.key)

/** Listing. */
export const listCases: readonly ConfigStoreCase[] = [
  {
    name: 'an empty store lists nothing',
    async run({ store }) {
      const page = await store.list('')
      assert.deepEqual(page.entries, [])
      assert.equal(page.cursor, undefined)
      assert.equal(typeof page.revision, 'bigint')
    },
  },
  {
    name: 'entries come in the order of their bytes, with values and revisions',
    async run({ store }) {
      const keys = [
        'b',
        'a/b',
        'a',
        'a-b',
        'a.b',
        'A',
        '_',
        '~',
        '%',
        '0',
        '10',
        '2',
        'aa',
        'a/B',
        'a0',
        'Z',
        'a~',
      ]
      for (const [i, key] of keys.entries()) await store.put(key, new Uint8Array([i]))
      const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const entries = await listAll(store, '')
      assert.deepEqual(keysOf(entries), sorted)
      for (const entry of entries) assert.deepEqual(entry, await store.get(entry.key))
      assert.deepEqual(keysOf(await listAll(store, '', 3)), sorted)
    },
  },
  {
    name: 'a prefix selects by its characters, and none of them is a wildcard',
    async run({ store }) {
      const keys = ['a', 'a%b', 'a/b', 'a/b/c', 'a_b', 'aXb', 'ab', 'b', 'A', 'a~~', '~', '~~']
      await putAll(store, keys)
      for (const prefix of [
        '',
        'a',
        'a/',
        'a/b',
        'a_',
        'a%',
        'ab',
        'A',
        '~',
        'a~',
        'c',
        'a/b/c/',
        '.',
        'a/..',
      ]) {
        const expected = keys.filter((key) => key.startsWith(prefix)).sort()
        assert.deepEqual(keysOf(await listAll(store, prefix, 2)), expected, `prefix ${prefix}`)
      }
    },
  },
  {
    name: 'pages have every entry exactly once, whatever their size',
    async run({ store }) {
      const keys = Array.from({ length: 250 }, (_, i) => `k/${String(i).padStart(3, '0')}`)
      await putAll(store, [...keys, 'j', 'l', 'k'])
      for (const limit of [undefined, 7, 50, 99, 100, 101, 125, 249, 250, 251, 1000]) {
        assert.deepEqual(keysOf(await listAll(store, 'k/', limit)), keys, `limit ${limit}`)
      }
      assert.equal((await store.list('k/', { limit: 250 })).cursor, undefined)
    },
  },
  {
    name: 'deleted entries are not listed, and a deletion does not stop a listing',
    async run({ store }) {
      await putAll(store, ['a', 'b', 'c', 'd'])
      await store.delete('a')
      const first = await store.list('', { limit: 1 })
      assert.deepEqual(keysOf(first.entries), ['b'])
      await store.delete('b')
      await store.delete('c')
      const second = await store.list('', { limit: 1, cursor: first.cursor ?? '' })
      assert.deepEqual(keysOf(second.entries), ['d'])
    },
  },
  {
    name: 'all pages carry the revision of the first',
    async run({ store }) {
      await putAll(store, ['a', 'b', 'c'])
      const first = await store.list('', { limit: 1 })
      assert.equal(first.revision, (await store.get('c'))?.revision)
      await store.put('d', one)
      const second = await store.list('', { limit: 1, cursor: first.cursor ?? '' })
      assert.equal(second.revision, first.revision)
      assert.ok((await store.list('')).revision > first.revision)
    },
  },
  {
    name: 'large values are listed whole',
    async run({ store }) {
      const value = new Uint8Array(3 * 1024 * 1024).fill(7)
      const keys = ['a', 'b', 'c', 'd']
      for (const key of keys) await store.put(key, value)
      const entries = await listAll(store, '', 1000)
      assert.deepEqual(keysOf(entries), keys)
      for (const entry of entries) assert.equal(Buffer.compare(entry.value, value), 0)
    },
  },
  {
    name: 'what is not a prefix, a limit or a cursor is refused',
    async run({ store }) {
      await putAll(store, ['a/1', 'a/2', 'b/1', 'b/2'])
      for (const prefix of ['/', '//', 'a//', '../', './', 'a/../', '*', ' ', 'a\0', 'é', 'k'.repeat(513)]) {
        await expectCode('STORE_ARGUMENT', () => store.list(prefix))
      }
      for (const limit of [0, -1, 1.5, 1001, Number.NaN, '5' as unknown as number]) {
        await expectCode('STORE_ARGUMENT', () => store.list('', { limit }))
      }
      const { cursor = '' } = await store.list('a/', { limit: 1 })
      await expectCode('STORE_ARGUMENT', () => store.list('b/', { cursor }))
      for (const bad of ['', 'x', '!', `${cursor}A`, cursor.slice(1)]) {
        await expectCode('STORE_ARGUMENT', () => store.list('a/', { cursor: bad }))
      }
    },
  },
]
