import assert from 'node:assert/strict'
import type { ConfigStore } from '../ports/index.js'
import type { ConfigStoreCase, ConfigStoreSubject } from './config-store.contract.js'
import { expectOneWinner } from './config-store-values.js'
import { takeChanges, wordsOf } from './config-store-watching.js'
import { expectCode, expectWithin } from './expectations.js'

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values)

/** Closing. */
export const closeCases: readonly ConfigStoreCase[] = [
  {
    name: 'after close every call is refused, and closing again does nothing',
    async run({ store }) {
      await store.put('a', bytes(1))
      await store.close()
      await expectCode('STORE_CLOSED', () => store.get('a'))
      await expectCode('STORE_CLOSED', () => store.put('a', bytes(2)))
      await expectCode('STORE_CLOSED', () => store.delete('a'))
      await expectCode('STORE_CLOSED', () => store.list(''))
      await expectCode('STORE_CLOSED', () => store.watch('', { after: 0n }))
      await store.close()
    },
  },
  {
    name: 'closing ends running watches without an error',
    async run({ store }, patienceMs) {
      const { revision } = await store.list('')
      const waiting = store.watch('', { after: revision })[Symbol.asyncIterator]()
      const next = waiting.next()
      const unused = store.watch('', { after: revision })[Symbol.asyncIterator]()
      await store.get('a')
      await store.close()
      assert.equal((await expectWithin(patienceMs, 'the end of a waiting watch', next)).done, true)
      assert.equal((await expectWithin(patienceMs, 'the end of an unused watch', unused.next())).done, true)
    },
  },
  {
    name: 'calls that were made before closing are carried out',
    async run({ store }) {
      const calls = [store.put('a', bytes(1)), store.put('b', bytes(2)), store.get('a'), store.list('')]
      await store.close()
      const [first, second] = await Promise.all(calls)
      assert.equal(typeof first, 'bigint')
      assert.equal(typeof second, 'bigint')
    },
  },
]

/** Several stores over the same entries. */
export const anotherStoreCases = <S extends ConfigStoreSubject>(
  another: (subject: S) => Promise<ConfigStore>,
): readonly ConfigStoreCase<S>[] => [
  {
    name: 'what one store writes, the other sees at once',
    async run(subject) {
      const other = await another(subject)
      const revision = await subject.store.put('a', bytes(1))
      assert.deepEqual(await other.get('a'), { key: 'a', value: bytes(1), revision })
      await expectCode('STORE_CONFLICT', () => other.put('a', bytes(2), { ifRevision: 0n }))
      assert.ok((await other.put('b', bytes(2))) > revision)
      assert.equal(await other.delete('a', { ifRevision: revision }), true)
      assert.equal(await subject.store.get('a'), undefined)
      await subject.store.put('b', bytes(3))
      assert.deepEqual((await other.get('b'))?.value, bytes(3))
      await other.put('b', bytes(4))
      assert.deepEqual((await subject.store.get('b'))?.value, bytes(4))
      await subject.store.delete('b')
      assert.equal(await other.get('b'), undefined)
    },
  },
  {
    name: 'of conditional writers through two stores exactly one wins',
    async run(subject) {
      const stores = [subject.store, await another(subject)]
      for (let round = 0; round < 20; round++) {
        const calls = [0, 1, 2, 3].map((i) =>
          (stores[i % 2] as ConfigStore).put(`key-${round}`, bytes(i), { ifRevision: 0n }),
        )
        const winner = await expectOneWinner(calls)
        assert.deepEqual((await subject.store.get(`key-${round}`))?.value, bytes(winner))
      }
    },
  },
  {
    name: 'a watch reports what the other store writes and deletes',
    async run(subject, patienceMs) {
      const other = await another(subject)
      const { revision } = await subject.store.list('')
      const watching = takeChanges(subject.store.watch('', { after: revision }), 2, patienceMs)
      await other.put('a', bytes(1))
      await other.put('b', bytes(2))
      assert.deepEqual(wordsOf(await watching), ['put a 1', 'put b 2'])
      const next = takeChanges(
        subject.store.watch('', { after: (await other.list('')).revision }),
        1,
        patienceMs,
      )
      await other.delete('a')
      assert.deepEqual(wordsOf(await next), ['delete a'])
    },
  },
]

/** What survives closing. */
export const reopenCases = <S extends ConfigStoreSubject>(
  reopen: (subject: S) => Promise<ConfigStore>,
): readonly ConfigStoreCase<S>[] => [
  {
    name: 'entries, deletions and revisions survive closing and opening',
    async run(subject, patienceMs) {
      const revision = await subject.store.put('a', bytes(1))
      await subject.store.put('b', bytes(2))
      await subject.store.delete('b')
      const { revision: last } = await subject.store.list('')
      const again = await reopen(subject)
      assert.deepEqual(await again.get('a'), { key: 'a', value: bytes(1), revision })
      assert.equal(await again.get('b'), undefined)
      assert.equal((await again.list('')).revision, last)
      const changes = await takeChanges(again.watch('', { after: revision }), 1, patienceMs)
      assert.deepEqual(wordsOf(changes), ['delete b'])
      assert.ok((await again.put('c', bytes(3))) > last)
    },
  },
]

/** What happens when deletions were forgotten. */
export const afterForgettingCases = <S extends ConfigStoreSubject>(
  outlive: (subject: S) => Promise<void>,
): readonly ConfigStoreCase<S>[] => [
  {
    name: 'a watch that would miss a forgotten deletion fails; one that would not goes on',
    async run(subject, patienceMs) {
      const { store } = subject
      await store.put('a', bytes(1))
      const { revision: before } = await store.list('')
      await store.delete('a')
      await outlive(subject)
      for (let i = 0; i < 10; i++) {
        await store.put('other', bytes(i))
        await store.delete('other')
      }
      const { revision: after } = await store.list('')
      await store.put('b', bytes(2))
      const take = (from: bigint) => takeChanges(store.watch('', { after: from }), 1, patienceMs)
      await expectCode('STORE_COMPACTED', () => take(before))
      assert.deepEqual(wordsOf(await take(after)), ['put b 2'])
      assert.equal(await store.get('a'), undefined)
      await store.put('a', bytes(3), { ifRevision: 0n })
      assert.deepEqual(wordsOf(await takeChanges(store.watch('a', { after }), 1, patienceMs)), ['put a 3'])
    },
  },
]
