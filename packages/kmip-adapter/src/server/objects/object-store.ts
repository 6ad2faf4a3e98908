import { wipeContent } from './contents.js'
import type { HeldObject } from './held-object.js'
import { type NameStore, openNames } from './names.js'
import { openRecords, type RecordContext } from './sealed-records.js'

/** An object as it was read, and where that was. */
export interface StoredObject {
  readonly object: HeldObject
  /** Of the store, when the object was read. */
  readonly revision: bigint
  /** True once it was destroyed: only its attributes are left. */
  readonly destroyed: boolean
}

/** The objects of one owner. A change that another request made meanwhile gives STORE_CONFLICT. */
export interface ObjectStore extends NameStore {
  /** An object by its id, also one that was destroyed. */
  get(id: string): Promise<StoredObject | undefined>
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
  /** All objects, those that were destroyed only when asked for. */
  list(withDestroyed: boolean): AsyncIterable<StoredObject>
}

/** The form of ids that are made here. Imported ones may have any, and not each is a valid key of a store. */
const plainId = /^[0-9a-f-]{36}$/

/** Opens the objects of one owner. Nothing of the owner's name or of the objects' names is in the store's keys. */
export function openObjects(context: RecordContext, owner: string): ObjectStore {
  const { sealer } = context
  const root = `${context.prefix}owners/${sealer.hide('owner', owner)}`
  const segment = (id: string): string => (plainId.test(id) ? id : `~${sealer.hide('id', owner, id)}`)
  const livePlace = (id: string): string => `${root}/objects/${segment(id)}`
  const buriedPlace = (id: string): string => `${root}/destroyed/${segment(id)}`
  const records = openRecords(context)

  const read = async (place: string, destroyed: boolean): Promise<StoredObject | undefined> => {
    const record = await records.read(place)
    return record && { ...record, destroyed }
  }
  const readLive = (id: string): Promise<StoredObject | undefined> => read(livePlace(id), false)
  async function* readAll(folder: string, destroyed: boolean): AsyncGenerator<StoredObject> {
    for await (const record of records.list(`${root}/${folder}/`)) yield { ...record, destroyed }
  }

  return {
    ...openNames(
      context,
      (name) => `${root}/names/${sealer.hide('name', owner, name)}`,
      async (id) => (await readLive(id))?.object,
    ),
    get: async (id) => (await readLive(id)) ?? read(buriedPlace(id), true),
    add: (object) => records.write(livePlace(object.id), object, 0n),
    replace: ({ revision, destroyed, object: { id } }, object) =>
      records.write(destroyed ? buriedPlace(id) : livePlace(id), object, revision),
    async bury({ revision, object: { id, content } }, remains) {
      // What is left is written first: a server that dies in between leaves the object as it was.
      await records.write(buriedPlace(id), remains)
      await records.delete(livePlace(id), revision)
      if (content !== undefined) wipeContent(content)
    },
    remove: (id) => records.delete(livePlace(id)),
    forgetRemains: (id) => records.delete(buriedPlace(id)),
    async *list(withDestroyed) {
      yield* readAll('objects', false)
      if (!withDestroyed) return
      for await (const remains of readAll('destroyed', true)) {
        // Another change may have come before the object could be deleted: then it lives, as `get` has it.
        if ((await readLive(remains.object.id)) === undefined) yield remains
      }
    },
  }
}
