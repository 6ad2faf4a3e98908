import { fromUtf8, utf8 } from '@trusthold/core/bytes'
import { isTrustholdError } from '@trusthold/core/errors'
import type { ConfigStore } from '@trusthold/core/ports'
import { type HeldObject, valuesIn } from './held-object.js'
import { readRecord, writeRecord } from './record.js'
import type { Sealer } from './sealing.js'

/** An object as it was read, and where that was. */
export interface StoredObject {
  readonly object: HeldObject
  /** Of the store, when the object was read. */
  readonly revision: bigint
  /** True once it was destroyed: only its attributes are left. */
  readonly destroyed: boolean
}

/** The objects of one owner. A change that another request made meanwhile gives STORE_CONFLICT. */
export interface ObjectStore {
  /** An object by its id, also one that was destroyed. */
  get(id: string): Promise<StoredObject | undefined>
  /** The id of the object that has a name; names of destroyed objects are free. */
  findName(name: string): Promise<string | undefined>
  /** Adds a new object. */
  add(object: HeldObject): Promise<void>
  /** Writes an object anew. */
  replace(stored: StoredObject, object: HeldObject): Promise<void>
  /** Deletes an object with all that it holds, and keeps what is known of it. */
  bury(stored: StoredObject, remains: HeldObject): Promise<void>
  /** Removes an object that should not have been added. */
  remove(id: string): Promise<void>
  /** Removes what is known of an object that was destroyed. */
  forgetRemains(id: string): Promise<void>
  /** Reserves a name for an object that was added; false when another object has it. */
  claimName(name: string, id: string): Promise<boolean>
  /** Gives a name to the object that takes another's place. */
  moveName(name: string, id: string): Promise<void>
  /** Frees a name that the object had. */
  releaseName(name: string, id: string): Promise<void>
  /** All objects, those that were destroyed only when asked for. */
  list(withDestroyed: boolean): AsyncIterable<StoredObject>
}

/** What object stores of all owners share. */
export interface ObjectStoreContext {
  readonly store: ConfigStore
  readonly sealer: Sealer
  /** Starts every key. */
  readonly prefix: string
  readonly cache: RecordCache
  /** Whether nobody else writes to these objects, so that a cached record is the one in the store. */
  readonly exclusive: boolean
}

/** A record that was opened, and the revision that it is of. */
interface CachedRecord {
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

const pageSize = 200
/** The form of ids that are made here. Imported ones may have any, and not each is a valid key of a store. */
const plainId = /^[0-9a-f-]{36}$/

/** Opens the objects of one owner. Nothing of the owner's name or of the objects' names is in the store's keys. */
export function openObjects(context: ObjectStoreContext, owner: string): ObjectStore {
  const { store, sealer, cache } = context
  const root = `${context.prefix}owners/${sealer.hide('owner', owner)}`
  const segment = (id: string): string => (plainId.test(id) ? id : `~${sealer.hide('id', owner, id)}`)
  const livePlace = (id: string): string => `${root}/objects/${segment(id)}`
  const buriedPlace = (id: string): string => `${root}/destroyed/${segment(id)}`
  const namePlace = (name: string): string => `${root}/names/${sealer.hide('name', owner, name)}`

  const open = (place: string, revision: bigint, sealed: Uint8Array): HeldObject => {
    const cached = cache.get(place)
    if (cached?.revision === revision) return cached.object
    const plain = sealer.open(place, sealed)
    try {
      const object = readRecord(plain)
      cache.put(place, { revision, object })
      return object
    } finally {
      plain.fill(0)
    }
  }

  const write = async (place: string, object: HeldObject, ifRevision?: bigint): Promise<void> => {
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
  }

  const read = async (place: string, destroyed: boolean): Promise<StoredObject | undefined> => {
    const cached = context.exclusive ? cache.get(place) : undefined
    if (cached !== undefined) return { ...cached, destroyed }
    const entry = await store.get(place)
    if (entry === undefined) return undefined
    return { object: open(place, entry.revision, entry.value), revision: entry.revision, destroyed }
  }

  const idAt = (place: string, sealed: Uint8Array): string => fromUtf8(sealer.open(place, sealed))

  /** Reservations outlive names only when the server died between the two writes. */
  const hasName = async (id: string, name: string): Promise<boolean> => {
    const stored = await read(livePlace(id), false)
    return stored !== undefined && valuesIn(stored.object, 'Name').some(({ nameValue }) => nameValue === name)
  }

  async function* readAll(folder: string, destroyed: boolean): AsyncGenerator<StoredObject> {
    let cursor: string | undefined
    do {
      const options = cursor === undefined ? { limit: pageSize } : { limit: pageSize, cursor }
      const page = await store.list(`${root}/${folder}/`, options)
      for (const { key, value, revision } of page.entries) {
        yield { object: open(key, revision, value), revision, destroyed }
      }
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  return {
    async get(id) {
      return (await read(livePlace(id), false)) ?? (await read(buriedPlace(id), true))
    },
    async findName(name) {
      const place = namePlace(name)
      const entry = await store.get(place)
      return entry === undefined ? undefined : idAt(place, entry.value)
    },
    add: (object) => write(livePlace(object.id), object, 0n),
    replace: ({ revision, destroyed, object: { id } }, object) =>
      write(destroyed ? buriedPlace(id) : livePlace(id), object, revision),
    async bury({ revision, object: { id } }, remains) {
      // What is left is written first: a server that dies in between leaves the object as it was.
      await write(buriedPlace(id), remains)
      cache.forget(livePlace(id))
      await store.delete(livePlace(id), { ifRevision: revision })
    },
    async remove(id) {
      cache.forget(livePlace(id))
      await store.delete(livePlace(id))
    },
    async forgetRemains(id) {
      cache.forget(buriedPlace(id))
      await store.delete(buriedPlace(id))
    },
    async claimName(name, id) {
      const place = namePlace(name)
      const entry = await store.get(place)
      const holder = entry && idAt(place, entry.value)
      if (holder === id) return true
      if (holder !== undefined && (await hasName(holder, name))) return false
      try {
        const sealed = sealer.seal(place, utf8(id))
        await store.put(place, sealed, { ifRevision: entry?.revision ?? 0n })
        return true
      } catch (error) {
        if (isConflict(error)) return false
        throw error
      }
    },
    async moveName(name, id) {
      const place = namePlace(name)
      await store.put(place, sealer.seal(place, utf8(id)))
    },
    async releaseName(name, id) {
      const place = namePlace(name)
      const entry = await store.get(place)
      if (entry === undefined || idAt(place, entry.value) !== id) return
      await store.delete(place, { ifRevision: entry.revision }).catch((error: unknown) => {
        if (!isConflict(error)) throw error
      })
    },
    async *list(withDestroyed) {
      yield* readAll('objects', false)
      if (withDestroyed) yield* readAll('destroyed', true)
    },
  }
}

/** Whether another write came first. */
export function isConflict(error: unknown): boolean {
  return isTrustholdError(error, 'STORE_CONFLICT')
}
