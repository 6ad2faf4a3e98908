import {
  type Attribute,
  type AttributeName,
  attribute,
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
  return [
    { name: 'UniqueIdentifier', value: object.id },
    { name: 'ObjectType', value: object.objectType },
    ...(hasState(object) ? [{ name: 'State', value: stateAt(object, now) } as const] : []),
    { name: 'LeaseTime', value: leaseSeconds },
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
  const format = object.content && keyBlockOf(object.content)?.keyFormatType
  return [
    { name: 'Sensitive', value: sensitive },
    { name: 'AlwaysSensitive', value: sensitive },
    { name: 'Extractable', value: extractable },
    { name: 'NeverExtractable', value: !extractable },
    ...(format === undefined ? [] : [{ name: 'KeyFormatType', value: format } as const]),
    ...(initial === undefined ? [] : [{ name: 'OriginalCreationDate', value: initial } as const]),
  ]
}

const titledProbe = structure('RequestPayload', { attribute: one('Attribute', attribute) })
const taggedProbe = structure('RequestPayload', { attributes: one('Attributes', attributes) })

/** Whether a version can say an attribute: it has the attribute, and everything in its value. */
function isSayable(said: Attribute, version: KmipVersion): boolean {
  if (said.name === 'Other') return false
  if (said.name !== 'Custom' && !hasAttribute(version, said.name)) return false
  if (!isAtLeast(version, '2.0') && attributeTitle(said) === undefined) return false
  try {
    if (isAtLeast(version, '2.0')) encodeMessage(taggedProbe, { attributes: [said] }, version)
    else encodeMessage(titledProbe, { attribute: said }, version)
    return true
  } catch {
    return false
  }
}

/** An attribute in the form in which the version counts instances. */
export function toVersion(said: Attribute, version: KmipVersion): Attribute {
  const { index, ...rest } = said
  const counted = index !== undefined && !isAtLeast(version, '2.0') && (isMulti(said) || index > 0)
  return (counted ? { ...rest, index } : rest) as Attribute
}

/** All attributes that a client of this version is told. */
export function allAttributes(object: HeldObject, { version, now }: OperationContext): Attribute[] {
  return [...computed(object, now), ...object.attributes]
    .filter((said) => isSayable(said, version))
    .map((said) => toVersion(said, version))
}

/** Those that a client asks for by name, also such as nobody set. */
export function namedAttributes(
  object: HeldObject,
  context: OperationContext,
  isWanted: (attribute: Attribute) => boolean,
): Attribute[] {
  const set = allAttributes(object, context)
  const present = new Set<AttributeName | 'Custom' | 'Other'>(set.map(({ name }) => name))
  const rest = implied(object).filter((said) => !present.has(said.name) && isSayable(said, context.version))
  return [...set, ...rest].filter(isWanted)
}

/** Every attribute whatever the version, for searching. */
export function searchableAttributes(object: HeldObject, now: bigint): Attribute[] {
  return [...computed(object, now), ...object.attributes]
}
