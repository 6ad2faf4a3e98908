import assert from 'node:assert/strict'
import { isTrustholdError } from '../errors/index.js'
import type { ConfigStore } from '../ports/index.js'
import type { ConfigStoreCase } from './config-store.contract.js'
import { expectCode } from './expectations.js'

const mebibyte = 1024 * 1024

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values)

/** Bytes that differ from place to place, so that a shifted or cut value shows. */
function patternOf(length: number): Uint8Array {
  const value = new Uint8Array(length)
  for (let i = 0; i < length; i++) value[i] = (i * 31 + (i >> 8)) & 0xff
  return value
}

async function assertStored(store: ConfigStore, key: string, value: Uint8Array): Promise<void> {
  const entry = await store.get(key)
  assert.equal(entry?.key, key)
  assert.ok(entry.value instanceof Uint8Array)
  assert.equal(Buffer.compare(entry.value, value), 0, `the value of ${key} is what was written`)
}

const goodKeys = [
  ...[
    'a',
    'A',
    '0',
    '.a',
    '..a',
    'a.',
    'a..b',
    '...',
    'a/b',
    'a/b/c',
    '-',
    '_',
    '~',
    '%',
    '%2e%2e',
    '%2F',
    'a%',
    'a_b',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '__proto__/x',
    'null',
    'undefined',
    'NaN',
    'k'.repeat(512),
  ],
]

const badKeys = [
  ...[
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    '../a',
    'a/..',
    'a/../b',
    'a/./b',
    './a',
    'a/.',
    'k'.repeat(513),
  ],
  ...[
    'a b',
    'a\0',
    '\0',
    'a\n',
    'a\\b',
    'C:a',
    'é',
    '🔑',
    "a'",
    'a"',
    'a*',
    'a?',
    'a#',
    'a;',
    '\ud800',
    '\x7f',
  ],
]

/** Values and keys. */
export const valueCases: readonly ConfigStoreCase[] = [
  {
    name: 'there is no entry before it was written',
    async run({ store }) {
      for (const key of goodKeys) assert.equal(await store.get(key), undefined)
    },
  },
  {
    name: 'what was written is there, with its revision',
    async run({ store }) {
      const revision = await store.put('a/b', bytes(1, 2, 3))
      assert.deepEqual(await store.get('a/b'), { key: 'a/b', value: bytes(1, 2, 3), revision })
    },
  },
  {
    name: 'every possible key works, and keys that are alike differ',
    async run({ store }) {
      for (const [i, key] of goodKeys.entries()) await store.put(key, bytes(i))
      for (const [i, key] of goodKeys.entries()) await assertStored(store, key, bytes(i))
      for (const key of goodKeys) assert.equal(await store.delete(key), true, key)
      for (const key of goodKeys) assert.equal(await store.get(key), undefined, key)
    },
  },
  {
    name: 'what is not a key is refused everywhere and changes nothing',
    async run({ store }) {
      const values = [...badKeys, 7, null, undefined, ['a']] as string[]
      for (const key of values) {
        await expectCode('STORE_ARGUMENT', () => store.get(key))
        await expectCode('STORE_ARGUMENT', () => store.put(key, bytes(1)))
        await expectCode('STORE_ARGUMENT', () => store.delete(key))
      }
      assert.deepEqual((await store.list('')).entries, [])
    },
  },
  {
    name: 'values of every size up to 16 MiB come back',
    async run({ store }) {
      for (const length of [0, 1, 255, 4096, 65_537, mebibyte, 16 * mebibyte]) {
        const value = patternOf(length)
        await store.put('value', value)
        await assertStored(store, 'value', value)
      }
      for (const value of [bytes(0), bytes(0, 0), bytes(255), patternOf(256)]) {
        await store.put('value', value)
        await assertStored(store, 'value', value)
      }
    },
  },
  {
    name: 'an empty value is an entry',
    async run({ store }) {
      const revision = await store.put('empty', bytes())
      assert.deepEqual(await store.get('empty'), { key: 'empty', value: bytes(), revision })
      assert.equal((await store.list('')).entries.length, 1)
      await expectCode('STORE_CONFLICT', () => store.put('empty', bytes(), { ifRevision: 0n }))
      assert.equal(await store.delete('empty'), true)
    },
  },
  {
    name: 'what is not a value is refused and changes nothing',
    async run({ store }) {
      const values = [new Uint8Array(16 * mebibyte + 1), 'text', [1], null, undefined] as Uint8Array[]
      for (const value of values) await expectCode('STORE_ARGUMENT', () => store.put('a', value))
      assert.equal(await store.get('a'), undefined)
    },
  },
  {
    name: 'arrays that are passed in are neither kept nor changed',
    async run({ store }) {
      const backing = bytes(9, 1, 2, 3, 9)
      const running = store.put('a', backing.subarray(1, 4))
      assert.deepEqual(backing, bytes(9, 1, 2, 3, 9))
      backing.fill(7)
      await running
      await assertStored(store, 'a', bytes(1, 2, 3))
      backing.fill(8)
      await assertStored(store, 'a', bytes(1, 2, 3))
    },
  },
  {
    name: 'changing what was returned changes nothing stored',
    async run({ store }) {
      await store.put('a', bytes(1, 2, 3))
      const returned = [await store.get('a'), (await store.list('')).entries[0]]
      for await (const change of store.watch('', { after: 0n })) {
        if (change.kind === 'put') change.value.fill(0)
        break
      }
      for (const entry of returned) entry?.value.fill(0)
      await assertStored(store, 'a', bytes(1, 2, 3))
    },
  },
]

async function readCounter(store: ConfigStore, key: string): Promise<{ count: number; ifRevision: bigint }> {
  const entry = await store.get(key)
  return { count: entry?.value[0] ?? 0, ifRevision: entry?.revision ?? 0n }
}

async function increment(store: ConfigStore, key: string, others: number): Promise<void> {
  // Every conflict means that another increment came through, so there can be no more conflicts than others.
  for (let conflicts = 0; conflicts <= others; conflicts++) {
    const { count, ifRevision } = await readCounter(store, key)
    try {
      await store.put(key, bytes(count + 1), { ifRevision })
      return
    } catch (error) {
      if (!isTrustholdError(error, 'STORE_CONFLICT')) throw error
    }
  }
  assert.fail('conflicts do not end')
}

/** Fails unless exactly one call succeeded and all others found another revision; returns the winner's index. */
export async function expectOneWinner(calls: readonly Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(calls)
  const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
  assert.equal(winners.length, 1, `${winners.length} of ${calls.length} conditional writers won`)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.ok(isTrustholdError(outcome.reason, 'STORE_CONFLICT'))
  }
  return winners[0] ?? -1
}

/** Revisions and conditional writes. */
export const conditionCases: readonly ConfigStoreCase[] = [
  {
    name: 'every write and deletion has a greater revision than all before',
    async run({ store }) {
      const revisions: bigint[] = []
      for (const key of ['a', 'b', 'a', 'a']) revisions.push(await store.put(key, bytes(1)))
      await store.delete('a')
      revisions.push((await store.list('')).revision)
      revisions.push(await store.put('a', bytes(1)))
      for (const [i, revision] of revisions.entries()) {
        assert.equal(typeof revision, 'bigint')
        assert.ok(revision > (revisions[i - 1] ?? 0n), `${revisions.join()} is ascending`)
      }
    },
  },
  {
    name: 'a condition that holds lets the write through',
    async run({ store }) {
      const first = await store.put('a', bytes(1), { ifRevision: 0n })
      const second = await store.put('a', bytes(2), { ifRevision: first })
      assert.equal(await store.delete('a', { ifRevision: second }), true)
      await store.put('a', bytes(3), { ifRevision: 0n })
      await assertStored(store, 'a', bytes(3))
      assert.equal(await store.delete('b', { ifRevision: 0n }), false)
    },
  },
  {
    name: 'a condition that does not hold gives STORE_CONFLICT and changes nothing',
    async run({ store }) {
      const old = await store.put('a', bytes(1))
      const revision = await store.put('a', bytes(2))
      for (const ifRevision of [0n, old, revision + 1n, 2n ** 63n - 1n]) {
        const error = await expectCode('STORE_CONFLICT', () => store.put('a', bytes(3), { ifRevision }))
        assert.deepEqual(error.context, { key: 'a', expected: `${ifRevision}`, actual: `${revision}` })
        await expectCode('STORE_CONFLICT', () => store.delete('a', { ifRevision }))
      }
      await expectCode('STORE_CONFLICT', () => store.put('b', bytes(3), { ifRevision: revision }))
      await expectCode('STORE_CONFLICT', () => store.delete('b', { ifRevision: revision }))
      assert.deepEqual(await store.get('a'), { key: 'a', value: bytes(2), revision })
      assert.equal((await store.list('')).revision, revision)
    },
  },
  {
    name: 'a revision that was deleted is no revision any more',
    async run({ store }) {
      const revision = await store.put('a', bytes(1))
      await store.delete('a')
      const deleted = (await store.list('')).revision
      for (const ifRevision of [revision, deleted]) {
        await expectCode('STORE_CONFLICT', () => store.put('a', bytes(2), { ifRevision }))
        await expectCode('STORE_CONFLICT', () => store.delete('a', { ifRevision }))
      }
      assert.equal(await store.get('a'), undefined)
    },
  },
  {
    name: 'a condition that is no revision is refused and never taken for none',
    async run({ store }) {
      await store.put('a', bytes(1))
      for (const value of [undefined, null, 0, 1, '0', -1n, 2n ** 63n]) {
        const options = { ifRevision: value as bigint }
        await expectCode('STORE_ARGUMENT', () => store.put('a', bytes(2), options))
        await expectCode('STORE_ARGUMENT', () => store.delete('a', options))
      }
      await assertStored(store, 'a', bytes(1))
    },
  },
  {
    name: 'of concurrent writers of a new key exactly one wins',
    async run({ store }) {
      const calls = Array.from({ length: 32 }, (_, i) => store.put('a', bytes(i), { ifRevision: 0n }))
      await assertStored(store, 'a', bytes(await expectOneWinner(calls)))
    },
  },
  {
    name: 'of concurrent writers and deleters of one revision exactly one wins',
    async run({ store }) {
      const ifRevision = await store.put('a', bytes(255))
      const calls = Array.from({ length: 32 }, (_, i) =>
        i % 4 === 3 ? store.delete('a', { ifRevision }) : store.put('a', bytes(i), { ifRevision }),
      )
      const winner = await expectOneWinner(calls)
      if (winner % 4 === 3) assert.equal(await store.get('a'), undefined)
      else await assertStored(store, 'a', bytes(winner))
    },
  },
  {
    name: 'no increment is lost between concurrent writers',
    async run({ store }) {
      const workers = Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 10; i++) await increment(store, 'counter', 80)
      })
      await Promise.all(workers)
      assert.equal((await readCounter(store, 'counter')).count, 80)
    },
  },
  {
    name: 'deleting tells whether there was something',
    async run({ store }) {
      assert.equal(await store.delete('a'), false)
      await store.put('a', bytes(1))
      await store.put('a/b', bytes(2))
      assert.equal(await store.delete('a'), true)
      assert.equal(await store.delete('a'), false)
      assert.equal(await store.get('a'), undefined)
      await assertStored(store, 'a/b', bytes(2))
    },
  },
]
