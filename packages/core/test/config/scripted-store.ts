import { TrustholdError } from '../../src/errors/index.js'
import type { ConfigChange, ConfigEntry, ConfigStore } from '../../src/ports/index.js'

interface Watcher {
  readonly queue: ConfigChange[]
  failure?: Error | 'end'
  wake(): void
}

/** A configuration store in memory whose watch does what a test tells it to. */
export interface ScriptedStore extends ConfigStore {
  /** Watches that run. */
  readonly watching: number
  /** The store's revision. */
  revision: bigint
  /** While true, changes are kept back from watches. */
  lagging: boolean
  /** Thrown by every listing while set. */
  listFailure: Error | undefined
  /** Thrown by every write and deletion while set. */
  writeFailure: Error | undefined
  /** Entries in a page of a listing. */
  pageSize: number
  /** Called between a write or a page and its answer. */
  beforeAnswer: (what: 'put' | 'list' | 'get') => Promise<void> | void
  /** What was kept back; handed over with {@link report}. */
  readonly keptBack: ConfigChange[]
  /** Hands changes to all watches. */
  report(...changes: ConfigChange[]): void
  /** Breaks all watches. */
  breakWatch(error: Error): void
  /** Ends all watches without an error. */
  endWatch(): void
  /** The content, to be put back later with {@link restore}. */
  backup(): () => void
}

export function scriptedStore(): ScriptedStore {
  const entries = new Map<string, ConfigEntry>()
  const watchers = new Set<Watcher>()
  const history: ConfigChange[] = []
  const check = (key: string, ifRevision: bigint | undefined) => {
    const actual = entries.get(key)?.revision ?? 0n
    if (ifRevision !== undefined && ifRevision !== actual) {
      throw new TrustholdError('STORE_CONFLICT', {
        key,
        expected: String(ifRevision),
        actual: String(actual),
      })
    }
  }
  const changed = (change: ConfigChange) => {
    history.push(change)
    if (store.lagging) store.keptBack.push(change)
    else store.report(change)
  }
  const breakAll = (failure: Error | 'end') => {
    for (const watcher of watchers) {
      watcher.failure = failure
      watcher.wake()
    }
  }
  const store: ScriptedStore = {
    revision: 0n,
    lagging: false,
    listFailure: undefined,
    writeFailure: undefined,
    pageSize: 1_000,
    keptBack: [],
    beforeAnswer: () => undefined,
    get watching() {
      return watchers.size
    },
    report(...changes) {
      for (const watcher of watchers) {
        watcher.queue.push(...changes)
        watcher.wake()
      }
    },
    breakWatch: (error) => breakAll(error),
    endWatch() {
      breakAll('end')
    },
    backup() {
      const kept = [...entries]
      const { revision } = store
      return () => {
        entries.clear()
        for (const [key, entry] of kept) entries.set(key, entry)
        store.revision = revision
      }
    },
    async get(key) {
      const found = entries.get(key)
      await store.beforeAnswer('get')
      return found
    },
    async put(key, value, { ifRevision } = {}) {
      if (store.writeFailure !== undefined) throw store.writeFailure
      check(key, ifRevision)
      const revision = ++store.revision
      entries.set(key, { key, value: Uint8Array.from(value), revision })
      changed({ kind: 'put', key, value: Uint8Array.from(value), revision })
      await store.beforeAnswer('put')
      return revision
    },
    async delete(key, { ifRevision } = {}) {
      if (store.writeFailure !== undefined) throw store.writeFailure
      check(key, ifRevision)
      if (!entries.delete(key)) return false
      changed({ kind: 'delete', key, revision: ++store.revision })
      return true
    },
    async list(prefix, { cursor } = {}) {
      if (store.listFailure !== undefined) throw store.listFailure
      const [from, at] =
        cursor === undefined ? [0, store.revision] : (JSON.parse(cursor, (_, v) => v) as [number, string])
      const all = [...entries.values()]
        .filter(({ key }) => key.startsWith(prefix))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
      const to = from + store.pageSize
      const page = {
        entries: all.slice(from, to),
        revision: BigInt(at),
        ...(to < all.length ? { cursor: JSON.stringify([to, String(at)]) } : {}),
      }
      await store.beforeAnswer('list')
      return page
    },
    async *watch(prefix, { after, signal }) {
      let wake = () => undefined as undefined
      const watcher: Watcher = { queue: [], wake: () => wake() }
      if (!store.lagging) watcher.queue.push(...history.filter(({ revision }) => revision > after))
      watchers.add(watcher)
      signal?.addEventListener('abort', () => watcher.wake())
      try {
        while (signal?.aborted !== true) {
          const next = watcher.queue.shift()
          if (next !== undefined) {
            if (next.key.startsWith(prefix)) yield next
            continue
          }
          if (watcher.failure === 'end') return
          if (watcher.failure !== undefined) throw watcher.failure
          await new Promise<void>((resolve) => {
            wake = () => resolve() as undefined
          })
        }
      } finally {
        watchers.delete(watcher)
      }
    },
    close: async () => undefined,
  }
  return store
}
