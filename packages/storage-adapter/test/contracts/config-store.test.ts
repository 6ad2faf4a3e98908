import { setImmediate as nextTurn } from 'node:timers/promises'
import { isTrustholdError } from '@trusthold/core/errors'
import {
  assertConfigKey,
  assertConfigValue,
  type ConfigChange,
  type ConfigEntry,
  type ConfigStore,
  guardConfigStore,
} from '@trusthold/core/ports'
import { configStoreContract, type TestRunner } from '@trusthold/core/testing'
import { describe, test } from 'vitest'
import { createMemoryConfigStore } from '../../src/memory/config-store.js'
import { createManualClock } from '../manual-clock.js'
import { expectAccepted, expectRefused } from './failed-cases.js'

const hour = 60 * 60 * 1000

/** `store` keeps the contract, `raw` is the same without its guard, and survives closing. */
interface Parts {
  readonly store: ConfigStore
  readonly raw: ConfigStore
}

type Break = (parts: Parts) => ConfigStore

function suite(breakIt: Break, again: Break = breakIt) {
  return (runner: TestRunner) =>
    configStoreContract(runner, {
      create: async () => {
        const clock = createManualClock()
        const raw = createMemoryConfigStore(clock, hour)
        const parts = { raw, store: guardConfigStore(raw) }
        return { clock, raw, store: breakIt(parts), close: async () => undefined }
      },
      another: async ({ raw }) => again({ raw, store: guardConfigStore(raw) }),
      outliveDeletions: async ({ clock }) => clock.advance(hour + 1),
      patienceMs: 150,
    })
}

/** Over entries that survive closing. */
function reopeningSuite(reopen: Break) {
  return (runner: TestRunner) =>
    configStoreContract(runner, {
      create: async () => {
        const raw = createMemoryConfigStore(createManualClock(), hour)
        return { raw, store: guardConfigStore(raw), close: () => raw.close() }
      },
      reopen: async ({ raw }) => reopen({ raw, store: guardConfigStore(raw) }),
      patienceMs: 150,
    })
}

const part =
  (change: (parts: Parts) => Partial<ConfigStore>): Break =>
  (parts) => ({ ...parts.store, ...change(parts) })

type Watch = ConfigStore['watch']

/** Changes what a watch reports; undefined reports nothing. */
const reporting = (change: (reported: ConfigChange) => ConfigChange | undefined): Break =>
  part(({ store }) => ({
    watch: (prefix, options) => {
      const changes = store.watch(prefix, options)
      async function* changed() {
        for await (const reported of changes) {
          const now = change(reported)
          if (now) yield now
        }
      }
      return { [Symbol.asyncIterator]: changed }
    },
  }))

const watching = (watch: (store: ConfigStore) => Watch): Break =>
  part(({ store }) => ({ watch: watch(store) }))

const remembering: Break = part(({ store }) => {
  const known = new Map<string, ConfigEntry>()
  return {
    async get(key) {
      const entry = known.get(key) ?? (await store.get(key))
      if (entry) known.set(key, entry)
      return entry
    },
  }
})

const writing: readonly [what: string, part: string, breakIt: Break][] = [
  [
    'ignores conditions',
    'that does not hold',
    part(({ store }) => ({ put: (key, value) => store.put(key, value) })),
  ],
  [
    'ignores the condition of a deletion',
    'that does not hold',
    part(({ store }) => ({ delete: (key) => store.delete(key) })),
  ],
  [
    'checks the condition and writes later',
    'exactly one wins',
    part(({ store }) => ({
      async put(key, value, options) {
        const copy = value instanceof Uint8Array ? new Uint8Array(value) : value
        if (options && 'ifRevision' in options) {
          const revision = (await store.get(key))?.revision ?? 0n
          if (revision !== options.ifRevision) return store.put(key, copy, options)
          await nextTurn()
        }
        return store.put(key, copy)
      },
    })),
  ],
  [
    'takes no revision for no condition',
    'never taken for none',
    part(({ store }) => ({
      put: (key, value, options) =>
        options?.ifRevision === undefined ? store.put(key, value) : store.put(key, value, options),
    })),
  ],
  [
    'hides a conflict',
    'that does not hold',
    part(({ store }) => ({
      put: (key, value, options) =>
        store.put(key, value, options).catch((error: unknown) => {
          if (isTrustholdError(error, 'STORE_CONFLICT')) return 0n
          throw error
        }),
    })),
  ],
  [
    'writes before it finds the conflict',
    'changes nothing',
    part(({ store, raw }) => ({
      put: (key, value, options) =>
        store.put(key, value, options).catch(async (error: unknown) => {
          if (isTrustholdError(error, 'STORE_CONFLICT')) await raw.put(key, new Uint8Array(value))
          throw error
        }),
    })),
  ],
  [
    'takes an empty value for none',
    'an empty value is an entry',
    part(({ store }) => ({
      get: async (key) => {
        const entry = await store.get(key)
        return entry?.value.length ? entry : undefined
      },
    })),
  ],
  [
    'cuts large values',
    'every size up to 16 MiB',
    part(({ store }) => ({
      get: async (key) => {
        const entry = await store.get(key)
        return entry && { ...entry, value: entry.value.slice(0, 16 * 1024 * 1024 - 1) }
      },
    })),
  ],
  [
    'returns Buffers of text',
    'every size',
    part(({ store }) => ({
      get: async (key) => {
        const entry = await store.get(key)
        return entry && { ...entry, value: new Uint8Array(Buffer.from(Buffer.from(entry.value).toString())) }
      },
    })),
  ],
  [
    'returns the revision before',
    'with its revision',
    part(({ store }) => ({
      put: async (key, value, options) => (await store.put(key, value, options)) - 1n,
    })),
  ],
  [
    'says that it deleted what was not there',
    'whether there was something',
    part(({ store }) => ({
      delete: async (key, options) => (await store.delete(key, options)) || true,
    })),
  ],
  ['takes any key', 'is not a key', ({ raw }) => raw],
  [
    'ignores case',
    'alike differ',
    part(({ store }) => ({
      get: (key) => store.get(typeof key === 'string' ? key.toLowerCase() : key),
      put: (key, value, options) =>
        store.put(typeof key === 'string' ? key.toLowerCase() : key, value, options),
    })),
  ],
  [
    'uses an object as a map',
    'there is no entry',
    part(({ store }) => ({
      get: async (key) =>
        typeof key === 'string' && key in {}
          ? { key, value: new Uint8Array(), revision: 1n }
          : store.get(key),
    })),
  ],
  [
    'keeps the arrays that it gets',
    'passed in are neither kept',
    part(({ raw }) => ({
      put: async (key, value, options) => {
        assertConfigKey(key)
        assertConfigValue(value)
        return raw.put(key, value, options)
      },
    })),
  ],
  ['hands out its own arrays', 'changing what was returned', remembering],
]

const reading: readonly [what: string, part: string, breakIt: Break, again?: Break][] = [
  [
    'orders like a dictionary',
    'order of their bytes',
    part(({ store }) => ({
      list: async (prefix, options) => {
        const page = await store.list(prefix, options)
        return { ...page, entries: [...page.entries].sort((a, b) => a.key.localeCompare(b.key)) }
      },
    })),
  ],
  [
    'takes _ for any character',
    'none of them is a wildcard',
    part(({ store }) => ({
      list: async (prefix, options) =>
        typeof prefix === 'string' && prefix.includes('_') && options?.cursor === undefined
          ? { ...(await store.list(prefix.slice(0, prefix.indexOf('_')), options)) }
          : store.list(prefix, options),
    })),
  ],
  [
    'takes a prefix for a folder',
    'selects by its characters',
    part(({ store }) => ({
      list: (prefix, options) => store.list(prefix === 'a' ? 'a/' : prefix, options),
    })),
  ],
  [
    'forgets that more follows a full page',
    'exactly once',
    part(({ store }) => ({
      list: async (prefix, options) => {
        const { entries, revision, cursor } = await store.list(prefix, options)
        return cursor === undefined || entries.length >= 100
          ? { entries, revision }
          : { entries, revision, cursor }
      },
    })),
  ],
  [
    'gives each page its own revision',
    'the revision of the first',
    part(({ store }) => ({
      list: async (prefix, options) => ({
        ...(await store.list(prefix, options)),
        revision: (await store.list('')).revision,
      }),
    })),
  ],
  [
    'lists values cut',
    'large values are listed whole',
    part(({ store }) => ({
      list: async (prefix, options) => {
        const page = await store.list(prefix, options)
        return { ...page, entries: page.entries.map((e) => ({ ...e, value: e.value.slice(0, 1_000_000) })) }
      },
    })),
  ],
  [
    'takes a broken cursor for none',
    'or a cursor is refused',
    part(({ store }) => ({
      list: (prefix, options = {}) => {
        const { cursor, ...rest } = options
        return cursor === '' || cursor === 'x' ? store.list(prefix, rest) : store.list(prefix, options)
      },
    })),
  ],
  [
    'lets a watch miss deletions',
    'what happened since',
    reporting((c) => (c.kind === 'delete' ? undefined : c)),
  ],
  [
    'lets a watch see the wrong revision',
    'what happened since',
    reporting((c) => ({ ...c, revision: c.revision + 1n })),
  ],
  [
    'ignores the prefix of a watch',
    'keys with its prefix',
    watching((store) => (_, options) => store.watch('', options)),
  ],
  [
    'ignores the case of a prefix',
    'keys with its prefix',
    watching((store) => (prefix, options) => store.watch(prefix.toLowerCase(), options)),
  ],
  [
    'watches only from the call on',
    'misses nothing',
    watching((store) => (prefix, { after, ...rest }) => ({
      async *[Symbol.asyncIterator]() {
        const { revision } = await store.list('')
        yield* store.watch(prefix, { ...rest, after: after > 0n && after < revision ? revision : after })
      },
    })),
  ],
  [
    'ends a watch when there is nothing new',
    'while it waits',
    watching((store) => (prefix, { after }) => ({
      async *[Symbol.asyncIterator]() {
        const stop = new AbortController()
        setImmediate(() => stop.abort())
        yield* store.watch(prefix, { after, signal: stop.signal })
      },
    })),
  ],
  [
    'ignores the signal',
    'the signal ends',
    watching(
      (store) =>
        (prefix, { after }) =>
          store.watch(prefix, { after }),
    ),
  ],
  [
    'fails a watch when its signal says stop',
    'the signal ends',
    watching((store) => (prefix, options) => ({
      async *[Symbol.asyncIterator]() {
        yield* store.watch(prefix, options)
        options.signal?.throwIfAborted()
      },
    })),
  ],
  ['lets a generator wait behind itself', 'leaving a watch', reporting((change) => change)],
  [
    'loses every hundredth change',
    'none is missed',
    reporting((c) => (c.revision % 100n === 99n ? undefined : c)),
  ],
  [
    'passes silently over what it forgot',
    'would miss a forgotten deletion',
    watching((store) => (prefix, options) => ({
      async *[Symbol.asyncIterator]() {
        try {
          yield* store.watch(prefix, options)
        } catch (error) {
          if (!isTrustholdError(error, 'STORE_COMPACTED')) throw error
          yield* store.watch(prefix, { ...options, after: 0n })
        }
      },
    })),
  ],
  ['works on after close', 'after close', part(({ raw }) => ({ get: (key) => raw.get(key) }))],
  ['leaves watches running at close', 'ends running watches', part(() => ({ close: async () => undefined }))],
  ['remembers what the other store changed', 'the other sees at once', ({ store }) => store, remembering],
  [
    'tells its own watches only',
    'what the other store writes',
    ({ store }) => store,
    // As a store over the same file that nobody polls.
    ({ store }) => ({ ...store, put: async (_, value) => BigInt(value.length), delete: async () => true }),
  ],
]

test('a store that keeps the contract passes', () => expectAccepted(suite(({ store }) => store)))

describe('a store fails that', () => {
  test.each([...writing, ...reading.map(([a, b, c, d]) => [a, b, c, d] as const)])(
    '%s',
    (_, name, breakIt, again?: Break) => expectRefused(suite(breakIt, again), name),
  )
  test('loses its entries when it is closed', () =>
    expectRefused(
      reopeningSuite(() => guardConfigStore(createMemoryConfigStore(createManualClock(), hour))),
      'survive closing and opening',
    ))
})
