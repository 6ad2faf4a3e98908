import {
  type Attribute,
  type AttributeName,
  attributes,
  attributeTitle,
  hasAttribute,
} from '../../protocol/index.js'
import { encodeMessage, isAtLeast, type KmipVersion, one, structure } from '../../ttlv/index.js'
import type { OperationContext } from '../exchange/operation-context.js'
import { keyBlockOf } from './contents.js'
import { type HeldObject, valueIn } from './held-object.js'
import { stateAt } from './lifecycle.js'
import { isMulti, leaseSeconds } from './new-object.js'

/** Objects that have no life cycle: KMIP 1.4, section 3.22. */
export function hasState({ objectType }: HeldObject): boolean {
  return objectType !== 'OpaqueObject'
}

/** Attributes that follow from the rest. */
function computed(object: HeldObject, now: bigint): Attribute[] {
  const format = object.content && keyBlockOf(object.content)?.keyFormatType
  return [
    { name: 'UniqueIdentifier', value: object.id },
    { name: 'ObjectType', value: object.objectType },
    ...(hasState(object) ? [{ name: 'State', value: stateAt(object, now) } as const] : []),
    { name: 'LeaseTime', value: leaseSeconds },
    ...(format === undefined ? [] : [{ name: 'KeyFormatType', value: format } as const]),
  ]
}

/**
 * What attributes have when nobody set them. They are told when they are asked for by name and not among all: clients
 * in the field cannot read them.
 */
function implied(object: HeldObject): Attribute[] {
  const sensitive = valueIn(object, 'Sensitive') ?? false
  const extractable = valueIn(object, 'Extractable') ?? true
  const initial = valueIn(object, 'InitialDate')
  return [
    { name: 'Sensitive', value: sensitive },
    { name: 'AlwaysSensitive', value: sensitive },
    { name: 'Extractable', value: extractable },
    { name: 'NeverExtractable', value: !extractable },
    ...(initial === undefined ? [] : [{ name: 'OriginalCreationDate', value: initial } as const]),
  ]
}

const probe = structure('RequestPayload', { attributes: one('Attributes', attributes) })

/** Whether a version can say an attribute: it has the attribute and everything in its value. */
function isSayable(attribute: Attribute, version: KmipVersion): boolean {
  const { name } = attribute
  if (name === 'Other') return false
  if (!isAtLeast(version, '2.0') && attributeTitle(attribute) === undefined) return false
  if (name === 'Custom') return true
  if (!hasAttribute(version, name)) return false
  try {
    encodeMessage(probe, { attributes: [attribute] }, isAtLeast(version, '2.0') ? version : '2.0')
    return true
  } catch {
    return false
  }
}

/** An attribute in the form in which the version counts instances. */
export function toVersion(attribute: Attribute, version: KmipVersion): Attribute {
  const { index, ...rest } = attribute
  const counted = index !== undefined && !isAtLeast(version, '2.0') && (isMulti(attribute) || index > 0)
  return (counted ? { ...rest, index } : rest) as Attribute
}

/** All attributes that a client of this version is told. */
export function allAttributes(object: HeldObject, { version, now }: OperationContext): Attribute[] {
  return [...computed(object, now), ...object.attributes]
    .filter((attribute) => isSayable(attribute, version))
    .map((attribute) => toVersion(attribute, version))
}

/** Those that a client asks for by name, also such as nobody set. */
export function namedAttributes(
  object: HeldObject,
  context: OperationContext,
  isWanted: (attribute: Attribute) => boolean,
): Attribute[] {
  const set = allAttributes(object, context)
  const present = new Set<AttributeName | 'Custom' | 'Other'>(set.map(({ name }) => name))
  const rest = implied(object).filter(
    (attribute) => !present.has(attribute.name) && isSayable(attribute, context.version),
  )
  return [...set, ...rest].filter(isWanted)
}

/** Every attribute whatever the version, for searching. */
export function searchableAttributes(object: HeldObject, now: bigint): Attribute[] {
  return [...computed(object, now), ...object.attributes]
}
