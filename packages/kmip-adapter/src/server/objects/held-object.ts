import type { Attribute, AttributeName, AttributeValue, ManagedObject } from '../../protocol/index.js'
import type { Enumerated } from '../../ttlv/index.js'

/** Type of an object, by KMIP's name. */
export type ObjectTypeName = Exclude<Enumerated<'ObjectType'>, number>

/** An object that the server holds. Never changed: a change makes another one. */
export interface HeldObject {
  readonly id: string
  readonly objectType: ObjectTypeName
  /**
   * What is kept of its attributes, each with its index; those that follow from the rest, such as State, are not among
   * them.
   */
  readonly attributes: readonly Attribute[]
  /** The object itself; absent once it was destroyed. */
  readonly content?: ManagedObject
}

/** All values of an attribute. */
export function valuesIn<N extends AttributeName>(object: HeldObject, name: N): AttributeValue<N>[] {
  return object.attributes
    .filter((attribute) => attribute.name === name)
    .map(({ value }) => value as AttributeValue<N>)
}

/** The value of an attribute that an object has once; undefined when it has none. */
export function valueIn<N extends AttributeName>(object: HeldObject, name: N): AttributeValue<N> | undefined {
  return object.attributes.find((attribute) => attribute.name === name)?.value as
    | AttributeValue<N>
    | undefined
}

/** The object with one value of an attribute, in the place of those that it had. */
export function withValue<N extends AttributeName>(
  object: HeldObject,
  name: N,
  value: AttributeValue<N> | undefined,
): HeldObject {
  const others = object.attributes.filter((attribute) => attribute.name !== name)
  const mine = value === undefined ? [] : [{ name, value, index: 0 } as Attribute]
  return { ...object, attributes: [...others, ...mine] }
}

/** Whether two attributes are instances of one. */
export function isSameAttribute(a: Attribute, b: Attribute): boolean {
  if (a.name !== b.name) return false
  if (a.name === 'Custom' && b.name === 'Custom') return a.vendor === b.vendor && a.title === b.title
  return true
}

/** The object with one more instance of an attribute, under the next index that was not given yet. */
export function withInstance(object: HeldObject, attribute: Attribute): HeldObject {
  const indexes = object.attributes
    .filter((other) => isSameAttribute(other, attribute))
    .map(({ index = 0 }) => index)
  const index = Math.max(-1, ...indexes) + 1
  return { ...object, attributes: [...object.attributes, { ...attribute, index }] }
}
