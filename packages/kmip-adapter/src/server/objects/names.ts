import { fromUtf8, utf8 } from '@trusthold/core/bytes'
import { type HeldObject, valuesIn } from './held-object.js'
import { isConflict, type RecordContext } from './sealed-records.js'

/** Who has which name, among the objects of one owner. */
export interface NameStore {
  /** The id of the object that has a name; names of destroyed objects are free. */
  findName(name: string): Promise<string | undefined>
  /** Reserves a name for an object that was added; false when another object has it. */
  claimName(name: string, id: string): Promise<boolean>
  /** Gives a name to the object that takes another's place. */
  moveName(name: string, id: string): Promise<void>
  /** Frees a name that the object had. */
  releaseName(name: string, id: string): Promise<void>
}

/**
 * Opens the names.
 * @param placeOf where a name's holder is kept
 * @param read an object that was not destroyed
 */
export function openNames(
  { store, sealer }: RecordContext,
  placeOf: (name: string) => string,
  read: (id: string) => Promise<HeldObject | undefined>,
): NameStore {
  const holderOf = async (place: string) => {
    const entry = await store.get(place)
    return entry && { id: fromUtf8(sealer.open(place, entry.value)), revision: entry.revision }
  }
  /** Reservations outlive names only when the server died between the two writes. */
  const hasName = async (id: string, name: string): Promise<boolean> => {
    const object = await read(id)
    return object !== undefined && valuesIn(object, 'Name').some(({ nameValue }) => nameValue === name)
  }
  return {
    findName: async (name) => (await holderOf(placeOf(name)))?.id,
    async claimName(name, id) {
      const place = placeOf(name)
      const holder = await holderOf(place)
      if (holder?.id === id) return true
      if (holder !== undefined && (await hasName(holder.id, name))) return false
      try {
        await store.put(place, sealer.seal(place, utf8(id)), { ifRevision: holder?.revision ?? 0n })
        return true
      } catch (error) {
        if (isConflict(error)) return false
        throw error
      }
    },
    async moveName(name, id) {
      const place = placeOf(name)
      await store.put(place, sealer.seal(place, utf8(id)))
    },
    async releaseName(name, id) {
      const place = placeOf(name)
      const holder = await holderOf(place)
      if (holder?.id !== id) return
      await store.delete(place, { ifRevision: holder.revision }).catch((error: unknown) => {
        if (!isConflict(error)) throw error
      })
    },
  }
}
