import type { Attribute, IdReference } from '../../protocol/index.js'
import type { OperationContext } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { changed, loadObject } from './access.js'
import { hasValue } from './equal-values.js'
import { type HeldObject, isSameAttribute, valueIn, withInstance, withValue } from './held-object.js'
import { stateAt } from './lifecycle.js'
import { isMulti, nameOf, namesOf, requireDates, requireKnown, ruleFor } from './new-object.js'
import type { StoredObject } from './object-store.js'

/** An object after a change, and the attribute that changed. */
export interface AttributeChange {
  readonly object: HeldObject
  readonly attribute: Attribute
}

/** Dates that are fixed once they are over. KMIP 1.4, sections 3.24 to 3.27. */
const reachable = ['ActivationDate', 'ProcessStartDate', 'ProtectStopDate', 'DeactivationDate'] as const

/** Refuses to change limits of which something was used: they would count anew. KMIP 1.4, section 3.21. */
function requireUnused(object: HeldObject, { name }: Attribute): void {
  const { usageLimitsTotal: total, usageLimitsCount: left = total } = valueIn(object, 'UsageLimits') ?? {}
  if (name !== 'UsageLimits' || left === total) return
  refuse('ReadOnlyAttribute', 'some of the Usage Limits was used')
}

function requireOpen(object: HeldObject, attribute: Attribute, now: bigint): void {
  const { name } = attribute
  requireUnused(object, attribute)
  if (name === 'Sensitive' || name === 'Extractable') {
    const open = name === 'Extractable'
    if ((valueIn(object, name) ?? open) !== open && attribute.value === open) {
      refuse('ReadOnlyAttribute', `${name} does not become ${open} again`)
    }
  }
  const date = reachable.find((one) => one === name)
  if (date === undefined) return
  const current = valueIn(object, date)
  const state = stateAt(object, now)
  const isFixed =
    (current !== undefined && current <= now) ||
    (date === 'ActivationDate' ? state !== 'PreActive' : state !== 'PreActive' && state !== 'Active')
  if (isFixed) refuse('ReadOnlyAttribute', `the ${nameOf(attribute)} is fixed`)
}

function requireChangeable(
  object: HeldObject,
  attribute: Attribute,
  { version, now }: OperationContext,
): void {
  requireKnown(attribute, version)
  if (!ruleFor(attribute).change) {
    refuse('ReadOnlyAttribute', `clients do not change the attribute ${nameOf(attribute)}`)
  }
  requireOpen(object, attribute, now)
}

/** Adds one more instance, or the only one. @throws Refusal */
export function addInstance(
  object: HeldObject,
  attribute: Attribute,
  context: OperationContext,
): AttributeChange {
  requireChangeable(object, attribute, context)
  if ((attribute.index ?? 0) !== 0) refuse('InvalidField', 'the server gives the Attribute Index')
  const present = object.attributes.filter((other) => isSameAttribute(other, attribute))
  if (present.length > 0 && !isMulti(attribute)) {
    refuse('AttributeSingleValued', `the object has a ${nameOf(attribute)} already`)
  }
  const next = withInstance(object, attribute)
  return { object: next, attribute: next.attributes.at(-1) as Attribute }
}

/** Gives an instance another value: that of the index, or in KMIP 2.x that which has the current value. */
export function modifyInstance(
  object: HeldObject,
  attribute: Attribute,
  current: Attribute | undefined,
  context: OperationContext,
): AttributeChange {
  requireChangeable(object, attribute, context)
  if (current !== undefined && !isSameAttribute(current, attribute)) {
    refuse('InvalidField', 'Current Attribute and New Attribute are not the same attribute')
  }
  const present = object.attributes.filter((other) => isSameAttribute(other, attribute))
  if (present.length === 0) refuse('AttributeNotFound', `the object has no ${nameOf(attribute)}`)
  const target = present.find((other) =>
    current === undefined
      ? (other.index ?? 0) === (attribute.index ?? 0)
      : hasValue(other.value, current.value),
  )
  if (target === undefined) {
    return refuse('AttributeInstanceNotFound', `the object has no such instance of ${nameOf(attribute)}`)
  }
  const next = { ...attribute, index: target.index ?? 0 } as Attribute
  const attributes = object.attributes.map((other) => (other === target ? next : other))
  return { object: { ...object, attributes }, attribute: next }
}

/** Gives an attribute one value in the place of all that it had. @throws Refusal */
export function replaceAll(
  object: HeldObject,
  attribute: Attribute,
  context: OperationContext,
): AttributeChange {
  requireChangeable(object, attribute, context)
  if (isMulti(attribute)) {
    refuse('MultiValuedAttribute', `${nameOf(attribute)} may have several values: modify or add it`)
  }
  const others = object.attributes.filter((other) => !isSameAttribute(other, attribute))
  const next = { ...attribute, index: 0 } as Attribute
  return { object: { ...object, attributes: [...others, next] }, attribute: next }
}

/** Which instances to delete. */
export type Deletion =
  | { readonly value: Attribute }
  | { readonly isMeant: (attribute: Attribute) => boolean; readonly index?: number }

/** Takes instances of an attribute away; the answer names the first of them. @throws Refusal */
export function deleteInstances(
  object: HeldObject,
  deletion: Deletion,
  _context: OperationContext,
): AttributeChange {
  const isMeant = (attribute: Attribute): boolean =>
    'value' in deletion ? isSameAttribute(attribute, deletion.value) : deletion.isMeant(attribute)
  const present = object.attributes.filter(isMeant)
  const [first] = present
  if (first === undefined) return refuse('AttributeNotFound', 'the object has no such attribute')
  if (!ruleFor(first).delete)
    refuse('ReadOnlyAttribute', `clients do not delete the attribute ${nameOf(first)}`)
  requireUnused(object, first)
  const isGone = (attribute: Attribute): boolean =>
    'value' in deletion
      ? hasValue(attribute.value, deletion.value.value)
      : deletion.index === undefined || (attribute.index ?? 0) === deletion.index
  const gone = present.filter(isGone)
  const [shown] = gone
  if (shown === undefined) {
    return refuse('AttributeInstanceNotFound', `the object has no such instance of ${nameOf(first)}`)
  }
  const attributes = object.attributes.filter((attribute) => !gone.includes(attribute))
  return { object: { ...object, attributes }, attribute: shown }
}

/**
 * Stores an object in the place of what it was, with its names: those that it gets are claimed, those that it loses
 * are free.
 * @throws Refusal when another object has one of them; the object then stays what it was
 */
export async function replaceObject(
  context: OperationContext,
  stored: StoredObject,
  object: HeldObject,
): Promise<void> {
  const [before, after] = [namesOf(stored.object), namesOf(object)]
  if (new Set(after).size !== after.length)
    refuse('NonUniqueNameAttribute', 'the object has this name already')
  const added = after.filter((name) => !before.includes(name))
  const { objects } = context
  const requireNames = async (revert: () => Promise<void>): Promise<void> => {
    for (const name of added) {
      if (await objects.claimName(name, object.id)) continue
      await revert()
      refuse('NonUniqueNameAttribute', 'another object has this name')
    }
  }
  await requireNames(async () => undefined)
  await objects.replace(stored, object)
  // A name without its object can be taken over: only now is it certain.
  await requireNames(async () => objects.replace(await loadObject(context, object.id), stored.object))
  for (const name of before.filter((one) => !after.includes(one))) await objects.releaseName(name, object.id)
}

/** Notes what an object stopped to be: that it is sensitive now does not mean that it always was. KMIP 1.4, section 3.47. */
function withHistory(before: HeldObject, after: HeldObject): HeldObject {
  const became = (name: 'Sensitive' | 'Extractable', guarded: boolean): boolean =>
    valueIn(after, name) === guarded && valueIn(before, name) !== guarded
  const noted = became('Sensitive', true) ? withValue(after, 'AlwaysSensitive', false) : after
  return became('Extractable', false) ? withValue(noted, 'NeverExtractable', false) : noted
}

/**
 * Changes attributes of an object and stores it.
 * @returns the object's id and the attribute that changed
 * @throws Refusal
 */
export async function changeAttributes(
  context: OperationContext,
  id: string | IdReference | undefined,
  change: (object: HeldObject) => AttributeChange,
): Promise<{ readonly id: string; readonly attribute: Attribute }> {
  const stored = await loadObject(context, id)
  const { object: after, attribute } = change(stored.object)
  const object = withHistory(stored.object, after)
  requireDates(object)
  await replaceObject(context, stored, changed(object, context))
  return { id: object.id, attribute }
}
