import type { IdReference } from '../../protocol/index.js'
import { allowsUsage, type UsageBit } from '../../protocol/index.js'
import type { OperationContext } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { type HeldObject, valueIn, withValue } from './held-object.js'
import type { StoredObject } from './object-store.js'

/**
 * The object that a request names, in whatever state. That another owner has one of that id is not told.
 * @throws Refusal
 */
export async function loadAny(
  context: OperationContext,
  id: string | IdReference | undefined,
): Promise<StoredObject> {
  const stored = await context.objects.get(context.ids.resolve(id))
  return stored ?? refuse('ItemNotFound', 'there is no object with this Unique Identifier')
}

/**
 * The object that a request names; one that was destroyed or archived is refused.
 * @throws Refusal
 */
export async function loadObject(
  context: OperationContext,
  id: string | IdReference | undefined,
): Promise<StoredObject> {
  const stored = await loadAny(context, id)
  if (stored.destroyed) return refuse('ObjectDestroyed', 'the object was destroyed')
  if (valueIn(stored.object, 'ArchiveDate') !== undefined) {
    return refuse('ObjectArchived', 'the object is archived')
  }
  return stored
}

/** The object with the date of this change. */
export function changed(object: HeldObject, { now }: OperationContext): HeldObject {
  return withValue(object, 'LastChangeDate', now)
}

/** Refuses a key that may not be used so. */
export function requireUsage(object: HeldObject, use: UsageBit): void {
  const mask = valueIn(object, 'CryptographicUsageMask') ?? 0
  if (!allowsUsage(mask, use)) {
    refuse('IncompatibleCryptographicUsageMask', `the object's Cryptographic Usage Mask lacks ${use}`)
  }
}
