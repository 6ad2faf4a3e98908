import { describeError, isTrustholdError, TrustholdError } from '../errors/index.js'
import type { ConfigChange, ConfigEntry, ConfigStore } from '../ports/index.js'
import { keyOfName, nameOfKey } from './names.js'

/** How documents of one kind are stored. */
export interface LiveMapOptions<T> {
  store: ConfigStore
  /** Start of the keys, ending in a slash. */
  prefix: string
  /** What one document is called in errors. */
  kind: string
  /** Throws when the bytes are not a document of this kind. */
  decode(bytes: Uint8Array, name: string): T
  encode(document: T): Uint8Array
  /** Follows every change, whoever makes it; called with undefined when a document is deleted. */
  onChange?(name: string, document: T | undefined): void
}

/** A document and its revision. */
export interface LiveDocument<T> {
  readonly document: T
  readonly revision: bigint
}

const firstRetryMs = 100
const longestRetryMs = 5_000

/**
 * All documents of one kind, in memory, kept equal to the store by a watch. Reading costs no I/O. When the watch
 * breaks, what is in memory may be out of date; reading then fails with STORE_UNAVAILABLE until it is whole again, so
 * that nothing is decided on a document that was taken back.
 */
export class LiveMap<T> {
  readonly #options: LiveMapOptions<T>
  readonly #documents = new Map<string, LiveDocument<T>>()
  /** Revisions of deletions, so that an older write that is reported late does not bring a document back. */
  readonly #gone = new Map<string, bigint>()
  /** The store's revision at the last load: what was written before and is not here was deleted. */
  #loaded = 0n
  /** The greatest revision that the store has shown. */
  #seen = 0n
  readonly #ending = new AbortController()
  #broken: unknown
  #following: Promise<void> = Promise.resolve()

  private constructor(options: LiveMapOptions<T>) {
    this.#options = options
  }

  /** Loads all documents of a kind and starts to watch them. */
  static async open<T>(options: LiveMapOptions<T>): Promise<LiveMap<T>> {
    const map = new LiveMap(options)
    map.#following = map.#follow(await map.#load())
    return map
  }

  /** @throws STORE_UNAVAILABLE when what is in memory may be out of date, STORE_CLOSED after closing */
  assertLive(): void {
    const { kind } = this.#options
    if (this.#ending.signal.aborted) throw new TrustholdError('STORE_CLOSED', { operation: `read ${kind}` })
    if (this.#broken !== undefined) {
      const context = { operation: `follow ${kind}`, reason: describeError(this.#broken) }
      throw new TrustholdError('STORE_UNAVAILABLE', context, { cause: this.#broken })
    }
  }

  /** @throws STORE_UNAVAILABLE */
  get(name: string): LiveDocument<T> | undefined {
    this.assertLive()
    return this.#documents.get(name)
  }

  /** Names in ascending order. @throws STORE_UNAVAILABLE */
  names(): string[] {
    this.assertLive()
    return [...this.#documents.keys()].sort()
  }

  /** Number of documents. @throws STORE_UNAVAILABLE */
  get size(): number {
    this.assertLive()
    return this.#documents.size
  }

  /** Writes a new document. @throws ALREADY_EXISTS */
  async create(name: string, document: T): Promise<void> {
    try {
      await this.#put(name, document, 0n)
    } catch (error) {
      if (!isTrustholdError(error, 'STORE_CONFLICT')) throw error
      throw new TrustholdError('ALREADY_EXISTS', { kind: this.#options.kind, name }, { cause: error })
    }
  }

  /** Writes over the revision that was read. @throws STORE_CONFLICT */
  async replace(name: string, document: T, revision: bigint): Promise<void> {
    await this.#put(name, document, revision)
  }

  /** Deletes what is there now, at once also for readers of this map. @throws NOT_FOUND, REQUEST_INVALID */
  async delete(name: string): Promise<void> {
    const { store, prefix, kind } = this.#options
    const key = keyOfName(prefix, name)
    const entry = await store.get(key)
    if (entry === undefined) throw new TrustholdError('NOT_FOUND', { kind, name })
    try {
      await store.delete(key, { ifRevision: entry.revision })
    } catch (error) {
      if (!isTrustholdError(error, 'STORE_CONFLICT')) throw error
      return this.delete(name)
    }
    // The deletion's own revision comes with the watch. This one is above every write before the deletion, so that
    // none that is reported late brings the document back, and below every write after it.
    this.#apply({ kind: 'delete', key, revision: entry.revision + 1n })
  }

  /** Ends the watch. */
  async close(): Promise<void> {
    this.#ending.abort()
    await this.#following
  }

  async #put(name: string, document: T, ifRevision: bigint): Promise<void> {
    const key = keyOfName(this.#options.prefix, name)
    const value = this.#options.encode(document)
    const revision = await this.#options.store.put(key, value, { ifRevision })
    this.#apply({ kind: 'put', key, value, revision })
  }

  #apply(change: ConfigChange): void {
    const name = nameOfKey(this.#options.prefix, change.key)
    const known = this.#documents.get(name)?.revision ?? this.#gone.get(name) ?? this.#loaded
    if (change.revision <= known) return
    if (change.revision > this.#seen) this.#seen = change.revision
    if (change.kind === 'delete') {
      this.#gone.set(name, change.revision)
      this.#forget(name)
      return
    }
    const document = this.#options.decode(change.value, name)
    // First the follower: what it refuses is not taken over either, and so not live when it is loaded once more.
    this.#options.onChange?.(name, document)
    this.#gone.delete(name)
    this.#documents.set(name, { document, revision: change.revision })
  }

  #forget(name: string): void {
    if (this.#documents.delete(name)) this.#options.onChange?.(name, undefined)
  }

  /** Takes over the store's whole content and returns the revision from which to watch. */
  async #load(): Promise<bigint> {
    const { prefix } = this.#options
    const seen = this.#seen
    const { entries, revision } = await this.#list()
    if (revision < seen) {
      const reason = `the store went back from revision ${seen} to ${revision}: restart to take it over`
      throw new TrustholdError('STORE_CORRUPT', { key: prefix, reason })
    }
    for (const entry of entries) this.#apply({ kind: 'put', ...entry })
    const listed = new Set(entries.map(({ key }) => nameOfKey(prefix, key)))
    for (const [name, known] of this.#documents) {
      if (!listed.has(name) && known.revision <= revision) this.#forget(name)
    }
    for (const [name, gone] of this.#gone) if (gone <= revision) this.#gone.delete(name)
    this.#loaded = revision
    if (revision > this.#seen) this.#seen = revision
    return revision
  }

  /** All entries, and the store's revision before the first of them was read. */
  async #list(): Promise<{ entries: ConfigEntry[]; revision: bigint }> {
    const { store, prefix } = this.#options
    let page = await store.list(prefix, { limit: 1_000 })
    const { revision } = page
    const entries = [...page.entries]
    while (page.cursor !== undefined) {
      page = await store.list(prefix, { limit: 1_000, cursor: page.cursor })
      entries.push(...page.entries)
    }
    return { entries, revision }
  }

  async #follow(from: bigint): Promise<void> {
    const { signal } = this.#ending
    let after: bigint | undefined = from
    let delay = firstRetryMs
    while (!signal.aborted) {
      try {
        after ??= await this.#load()
        this.#broken = undefined
        for await (const change of this.#options.store.watch(this.#options.prefix, { after, signal })) {
          this.#apply(change)
          after = change.revision
          delay = firstRetryMs
        }
        if (!signal.aborted) throw new Error('the watch ended')
      } catch (error) {
        this.#broken = error
        after = undefined
        await pause(delay, signal)
        delay = Math.min(delay * 2, longestRetryMs)
      }
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done, { once: true })
  })
}
