import { type Attribute, attributeTitle, hasTaggedAttributes } from '../protocol/index.js'
import type { KmipVersion } from '../ttlv/index.js'

/** Attributes that a new object gets, in either form. */
export interface NewAttributes {
  readonly templateAttribute?: { readonly attribute: readonly Attribute[] }
  readonly attributes?: readonly Attribute[]
}

/**
 * Gives the second and later ones of several their index, without which servers refuse them; one alone goes without, as
 * some servers want it. KMIP 1.4, section 2.1.1.
 */
export function numberInstances(list: readonly Attribute[]): readonly Attribute[] {
  const counts = new Map<string | undefined, number>()
  return list.map((attribute) => {
    const title = attributeTitle(attribute)
    const count = counts.get(title) ?? 0
    counts.set(title, count + 1)
    return count === 0 || attribute.index !== undefined ? attribute : { ...attribute, index: count }
  })
}

/** Attributes that a new object gets, in the form of a version. */
export function newAttributes(list: readonly Attribute[], version: KmipVersion): NewAttributes {
  return hasTaggedAttributes(version)
    ? { attributes: list }
    : { templateAttribute: { attribute: numberInstances(list) } }
}

/** The attributes of either form. */
export function newAttributesOf(request: {
  readonly templateAttribute?: { readonly attribute?: readonly Attribute[] }
  readonly attributes?: readonly Attribute[]
}): readonly Attribute[] {
  return [...(request.templateAttribute?.attribute ?? []), ...(request.attributes ?? [])]
}
