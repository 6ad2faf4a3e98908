import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ConfigChange, ConfigStore } from '../ports/index.js'
import type { ConfigStoreCase } from './config-store.contract.js'
import { expectCode, expectWithin } from './expectations.js'

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values)

/** The first changes that a watch reports. */
export function takeChanges(
  changes: AsyncIterable<ConfigChange>,
  count: number,
  patienceMs: number,
): Promise<ConfigChange[]> {
  const take = async () => {
    const taken: ConfigChange[] = []
    for await (const change of changes) {
      taken.push(change)
      if (taken.length === count) break
    }
    return taken
  }
  return expectWithin(patienceMs, `the report of ${count} changes`, take())
}

/** What a watch says, without revisions: `put key value` and `delete key`. */
export const wordsOf = (changes: readonly ConfigChange[]): string[] =>
  changes.map((change) =>
    change.kind === 'put' ? `put ${change.key} ${[...change.value].join()}` : `delete ${change.key}`,
  )

function assertAscending(changes: readonly ConfigChange[], after: bigint): void {
  let last = after
  for (const { revision } of changes) {
    assert.ok(revision > last, `revision ${revision} comes after ${last}`)
    last = revision
  }
}

const revisionOf = async (store: ConfigStore): Promise<bigint> => (await store.list('')).revision

/** Starts waiting for the next change; the promise settles when the watch ends too. */
function startWaiting(changes: AsyncIterable<ConfigChange>) {
  const iterator = changes[Symbol.asyncIterator]()
  return { iterator, next: iterator.next() }
}

/** Watching. */
export const watchCases: readonly ConfigStoreCase[] = [
  {
    name: 'a watch reports what happened since, in order',
    async run({ store }, patienceMs) {
      await store.put('before', bytes(1))
      const after = await revisionOf(store)
      await store.put('a', bytes(1))
      await store.put('b', bytes(2))
      await store.delete('before')
      const changes = await takeChanges(store.watch('', { after }), 3, patienceMs)
      assert.deepEqual(wordsOf(changes), ['put a 1', 'put b 2', 'delete before'])
      assertAscending(changes, after)
      assert.equal(changes[0]?.revision, (await store.get('a'))?.revision)
    },
  },
  {
    name: 'a watch misses nothing that happens while pages are read',
    async run({ store }, patienceMs) {
      for (const key of ['a', 'b', 'c', 'd']) await store.put(key, bytes(1))
      const first = await store.list('', { limit: 2 })
      await store.put('a', bytes(2))
      await store.delete('b')
      const second = await store.list('', { limit: 2, cursor: first.cursor ?? '' })
      await store.delete('d')
      const known = new Map([...first.entries, ...second.entries].map((entry) => [entry.key, entry.value]))
      const changes = await takeChanges(store.watch('', { after: second.revision }), 3, patienceMs)
      for (const change of changes) {
        if (change.kind === 'put') known.set(change.key, change.value)
        else known.delete(change.key)
      }
      assert.deepEqual(
        [...known],
        [
          ['a', bytes(2)],
          ['c', bytes(1)],
        ],
      )
    },
  },
  {
    name: 'a watch reports what happens while it waits',
    async run({ store }, patienceMs) {
      const { iterator, next } = startWaiting(store.watch('', { after: await revisionOf(store) }))
      for (let turn = 0; turn < 5; turn++) await nextTurn()
      await store.put('a', bytes(1))
      const first = await expectWithin(patienceMs, 'the report of a write', next)
      assert.deepEqual(wordsOf(first.done ? [] : [first.value]), ['put a 1'])
      const second = iterator.next()
      await store.delete('a')
      const last = await expectWithin(patienceMs, 'the report of a deletion', second)
      assert.deepEqual(wordsOf(last.done ? [] : [last.value]), ['delete a'])
      await iterator.return?.()
    },
  },
  {
    name: 'a watch from 0 reports first what is there',
    async run({ store }, patienceMs) {
      await store.put('a', bytes(1))
      await store.put('b', bytes(1))
      await store.put('a', bytes(2))
      const changes = await takeChanges(store.watch('', { after: 0n }), 2, patienceMs)
      assert.ok(wordsOf(changes).includes('put b 1'))
      assert.equal(wordsOf(changes).at(-1), 'put a 2')
    },
  },
  {
    name: 'a watch reports only keys with its prefix',
    async run({ store }, patienceMs) {
      const after = await revisionOf(store)
      for (const key of ['b', 'a', 'aXb', 'a%b', 'A/x', 'a/x', 'a/b/c']) await store.put(key, bytes(1))
      await store.delete('b')
      await store.delete('a/x')
      const words = async (prefix: string, count: number) =>
        wordsOf(await takeChanges(store.watch(prefix, { after }), count, patienceMs)).sort()
      assert.deepEqual(await words('a/', 2), ['delete a/x', 'put a/b/c 1'])
      assert.deepEqual(await words('a%', 1), ['put a%b 1'])
      assert.deepEqual(await words('A', 1), ['put A/x 1'])
    },
  },
  {
    name: 'of many changes to many keys none is missed',
    async run({ store }, patienceMs) {
      const after = await revisionOf(store)
      const watching = takeChanges(store.watch('k/', { after }), 500, patienceMs)
      const keys = Array.from({ length: 500 }, (_, i) => `k/${i}`)
      await Promise.all(keys.map((key) => store.put(key, bytes(1))))
      const changes = await watching
      assert.deepEqual(new Set(changes.map((change) => change.key)), new Set(keys))
      assertAscending(changes, after)
    },
  },
  {
    name: 'of many changes to one key the last one is reported',
    async run({ store }, patienceMs) {
      const after = await revisionOf(store)
      const last = Promise.all(Array.from({ length: 50 }, (_, i) => store.put('a', bytes(i))))
      const follow = async () => {
        for await (const change of store.watch('a', { after })) {
          if (change.kind === 'put' && change.value[0] === 49) return change.revision
        }
        return 0n
      }
      const reported = await expectWithin(patienceMs, 'the report of the last change', follow())
      assert.equal(reported, (await last).at(-1))
    },
  },
  {
    name: 'large values do not keep a watch from getting on',
    async run({ store }, patienceMs) {
      const value = new Uint8Array(3 * 1024 * 1024).fill(7)
      for (const key of ['a', 'b', 'c']) await store.put(key, value)
      const changes = await takeChanges(store.watch('', { after: 0n }), 3, patienceMs)
      assert.deepEqual(
        changes.map(({ key }) => key),
        ['a', 'b', 'c'],
      )
    },
  },
  {
    name: 'each iteration starts anew, and several go on side by side',
    async run({ store }, patienceMs) {
      await store.put('a', bytes(1))
      const changes = store.watch('', { after: 0n })
      assert.deepEqual(wordsOf(await takeChanges(changes, 1, patienceMs)), ['put a 1'])
      const both = [takeChanges(changes, 2, patienceMs), takeChanges(changes, 2, patienceMs)]
      await store.put('b', bytes(2))
      for (const taken of await Promise.all(both)) assert.deepEqual(wordsOf(taken), ['put a 1', 'put b 2'])
    },
  },
  {
    name: 'the signal ends a watch without an error',
    async run({ store }, patienceMs) {
      await store.put('a', bytes(1))
      const aborted = startWaiting(store.watch('', { after: 0n, signal: AbortSignal.abort() }))
      assert.equal((await expectWithin(patienceMs, 'the end of an aborted watch', aborted.next)).done, true)
      const controller = new AbortController()
      const after = await revisionOf(store)
      const { iterator, next } = startWaiting(store.watch('', { after, signal: controller.signal }))
      await store.get('a')
      controller.abort()
      assert.equal((await expectWithin(patienceMs, 'the end of a waiting watch', next)).done, true)
      assert.equal((await iterator.next()).done, true)
    },
  },
  {
    name: 'leaving a watch ends it, also while it waits',
    async run({ store }, patienceMs) {
      const { iterator, next } = startWaiting(store.watch('', { after: await revisionOf(store) }))
      await store.get('a')
      const left = Promise.resolve(iterator.return?.())
      await expectWithin(patienceMs, 'leaving', left)
      assert.equal((await expectWithin(patienceMs, 'the end of the watch', next)).done, true)
      await store.put('a', bytes(1))
      assert.equal((await iterator.next()).done, true)
    },
  },
  {
    name: 'a revision that the store has not reached, or that is none, is refused',
    async run({ store }, patienceMs) {
      await store.put('a', bytes(1))
      const beyond = (await revisionOf(store)) + 1n
      await expectCode('STORE_ARGUMENT', () => takeChanges(store.watch('', { after: beyond }), 1, patienceMs))
      for (const after of [-1n, 2n ** 63n, 0 as unknown as bigint, undefined as unknown as bigint]) {
        await expectCode('STORE_ARGUMENT', () => takeChanges(store.watch('', { after }), 1, patienceMs))
      }
      await expectCode('STORE_ARGUMENT', () => takeChanges(store.watch('../', { after: 0n }), 1, patienceMs))
    },
  },
]
