import { isTrustholdError } from '@trusthold/core/errors'
import type { ConfigStore } from '@trusthold/core/ports'
import type { HeldObject } from './held-object.js'
import { readRecord, writeRecord } from './record.js'
import type { Sealer } from './sealing.js'

/** What the records of all owners share. */
export interface RecordContext {
  readonly store: ConfigStore
  readonly sealer: Sealer
  /** Starts every key. */
  readonly prefix: string
  readonly cache: RecordCache
  /** Whether nobody else writes to these objects, so that a cached record is the one in the store. */
  readonly exclusive: boolean
}

/** A record that was opened, and the revision that it is of. */
export interface CachedRecord {
  readonly revision: bigint
  readonly object: HeldObject
}

/** Records that were opened, by their place. */
export interface RecordCache {
  get(place: string): CachedRecord | undefined
  put(place: string, record: CachedRecord): void
  forget(place: string): void
}

/** Keeps the records that were used last. */
export function createRecordCache(most: number): RecordCache {
  const records = new Map<string, CachedRecord>()
  return {
    get(place) {
      const found = records.get(place)
      if (found === undefined) return undefined
      records.delete(place)
      records.set(place, found)
      return found
    },
    put(place, record) {
      records.delete(place)
      records.set(place, record)
      const [oldest] = records.keys()
      if (records.size > most && oldest !== undefined) records.delete(oldest)
    },
    forget: (place) => void records.delete(place),
  }
}

/** Objects in the store, sealed for their places. */
export interface SealedRecords {
  /** @throws STORE_CORRUPT */
  read(place: string): Promise<CachedRecord | undefined>
  /** @throws STORE_CONFLICT when the place does not have that revision any more */
  write(place: string, object: HeldObject, ifRevision?: bigint): Promise<void>
  delete(place: string, ifRevision?: bigint): Promise<void>
  /** All records whose places start so. */
  list(prefix: string): AsyncIterable<CachedRecord>
}

const pageSize = 200

/** Whether another write came first. */
export function isConflict(error: unknown): boolean {
  return isTrustholdError(error, 'STORE_CONFLICT')
}

/** Opens the records. */
export function openRecords({ store, sealer, cache, exclusive }: RecordContext): SealedRecords {
  const open = (place: string, revision: bigint, sealed: Uint8Array): CachedRecord => {
    const cached = cache.get(place)
    if (cached?.revision === revision) return cached
    const plain = sealer.open(place, sealed)
    try {
      const record = { revision, object: readRecord(plain) }
      cache.put(place, record)
      return record
    } finally {
      plain.fill(0)
    }
  }
  return {
    async read(place) {
      const cached = exclusive ? cache.get(place) : undefined
      if (cached !== undefined) return cached
      const entry = await store.get(place)
      return entry && open(place, entry.revision, entry.value)
    },
    async write(place, object, ifRevision) {
      const plain = writeRecord(object)
      try {
        const options = ifRevision === undefined ? {} : { ifRevision }
        const revision = await store.put(place, sealer.seal(place, plain), options)
        cache.put(place, { revision, object })
      } catch (error) {
        // What is in the store now is not what was cached.
        cache.forget(place)
        throw error
      } finally {
        plain.fill(0)
      }
    },
    async delete(place, ifRevision) {
      cache.forget(place)
      await store.delete(place, ifRevision === undefined ? {} : { ifRevision })
    },
    async *list(prefix) {
      let cursor: string | undefined
      do {
        const options = cursor === undefined ? { limit: pageSize } : { limit: pageSize, cursor }
        const page = await store.list(prefix, options)
        for (const { key, value, revision } of page.entries) yield open(key, revision, value)
        cursor = page.cursor
      } while (cursor !== undefined)
    },
  }
}
