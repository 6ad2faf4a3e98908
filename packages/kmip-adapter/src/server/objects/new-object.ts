import { randomUUID } from 'node:crypto'
import {
  type Attribute,
  type AttributeName,
  type AttributeValue,
  attributeTable,
  attributeTitle,
  hasAttribute,
} from '../../protocol/index.js'
import type { KmipVersion } from '../../ttlv/index.js'
import type { OperationContext } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { ruleOf } from './attribute-rules.js'
import type { AdmittedContent } from './contents.js'
import { type HeldObject, isSameAttribute, valueIn, valuesIn, withInstance } from './held-object.js'

/** How an attribute is called in messages to the client. */
export function nameOf(attribute: Attribute): string {
  return attributeTitle(attribute) ?? attribute.name
}

/** Refuses an attribute that the version or this server does not have. */
export function requireKnown(attribute: Attribute, version: KmipVersion): void {
  const { name } = attribute
  const isKnown = name === 'Custom' || (name !== 'Other' && hasAttribute(version, name))
  if (!isKnown) refuse('UnsupportedAttribute', `the attribute ${nameOf(attribute)} is not supported`)
}

/** Whether an object can have several of an attribute. */
export function isMulti({ name }: Attribute): boolean {
  return name === 'Custom' || (name !== 'Other' && attributeTable[name].many)
}

/** The rule of an attribute. */
export function ruleFor(attribute: Attribute) {
  return ruleOf(attribute.name, attribute.name === 'Custom' ? attribute.vendor : undefined)
}

/** Refuses attributes that a client may not give to a new object. */
function requireGivable(attributes: readonly Attribute[], version: KmipVersion): void {
  attributes.forEach((attribute, i) => {
    requireKnown(attribute, version)
    if (!ruleFor(attribute).create) {
      refuse('ReadOnlyAttribute', `clients do not set the attribute ${nameOf(attribute)}`)
    }
    const earlier = attributes.slice(0, i).some((other) => isSameAttribute(other, attribute))
    if (earlier && !isMulti(attribute)) {
      refuse('AttributeSingleValued', `an object has one ${nameOf(attribute)}`)
    }
  })
}

const before = (a: bigint | undefined, b: bigint | undefined): boolean =>
  a !== undefined && b !== undefined && a < b

/** Refuses dates that do not follow one another. KMIP 1.4, sections 3.24 to 3.27. */
export function requireDates(object: HeldObject): void {
  const activation = valueIn(object, 'ActivationDate')
  const deactivation = valueIn(object, 'DeactivationDate')
  const start = valueIn(object, 'ProcessStartDate')
  const stop = valueIn(object, 'ProtectStopDate')
  const wrong =
    before(deactivation, activation) ||
    before(start, activation) ||
    before(stop, activation) ||
    before(deactivation, start) ||
    before(deactivation, stop)
  if (wrong) refuse('InvalidAttributeValue', 'the dates of the object do not follow one another')
}

/** The value that a list of attributes has of one. */
export function pick<N extends AttributeName>(
  attributes: readonly Attribute[],
  name: N,
): AttributeValue<N> | undefined {
  return attributes.find((attribute) => attribute.name === name)?.value as AttributeValue<N> | undefined
}

/** An object to be. */
export interface NewObject {
  readonly content: AdmittedContent
  /** What the client gives it. */
  readonly given: readonly Attribute[]
  /** What the server adds: links, for example. */
  readonly added?: readonly Attribute[]
}

/** Seconds that a lease lasts. */
export const leaseSeconds = 3_600

function stamp(context: OperationContext, { given }: NewObject): Attribute[] {
  const { now } = context
  const isGrouped = given.some(({ name }) => name === 'ObjectGroup')
  return [
    { name: 'InitialDate', value: now },
    { name: 'LastChangeDate', value: now },
    ...(isGrouped ? [{ name: 'Fresh', value: true } as const] : []),
  ]
}

/** Puts an object together, checked but not stored. @throws Refusal */
export function buildObject(context: OperationContext, created: NewObject): HeldObject {
  const { content, given, added = [] } = created
  requireGivable(given, context.version)
  const own = content.attributes.filter(
    (attribute) => !given.some((other) => isSameAttribute(attribute, other)),
  )
  const all = [...own, ...given, ...stamp(context, created), ...added]
  const empty: HeldObject = {
    id: randomUUID(),
    objectType: content.content.objectType,
    attributes: [],
    content: content.content,
  }
  const object = all.reduce(withInstance, empty)
  requireDates(object)
  return object
}

/** The names of an object, as texts. */
export function namesOf(object: HeldObject): string[] {
  return valuesIn(object, 'Name').map(({ nameValue }) => nameValue)
}

/**
 * Stores a new object under its names; of two requests for one name at most one succeeds.
 * @throws Refusal when another object has one of them
 */
export async function storeObject({ objects }: OperationContext, object: HeldObject): Promise<void> {
  const names = namesOf(object)
  if (new Set(names).size !== names.length) refuse('NonUniqueNameAttribute', 'a name is given twice')
  await objects.add(object)
  const claimed: string[] = []
  for (const name of names) {
    if (await objects.claimName(name, object.id)) {
      claimed.push(name)
      continue
    }
    await objects.remove(object.id)
    for (const mine of claimed) await objects.releaseName(mine, object.id)
    refuse('NonUniqueNameAttribute', 'another object has this name')
  }
}

/** Builds and stores an object; returns its id. @throws Refusal */
export async function admit(context: OperationContext, created: NewObject): Promise<string> {
  const object = buildObject(context, created)
  await storeObject(context, object)
  return object.id
}
