import { type Attribute, hasTaggedAttributes } from '../protocol/index.js'
import type { KmipVersion } from '../ttlv/index.js'

/** Attributes that a new object gets, in either form. */
export interface NewAttributes {
  readonly templateAttribute?: { readonly attribute: readonly Attribute[] }
  readonly attributes?: readonly Attribute[]
}

/** Attributes that a new object gets, in the form of a version. */
export function newAttributes(list: readonly Attribute[], version: KmipVersion): NewAttributes {
  return hasTaggedAttributes(version) ? { attributes: list } : { templateAttribute: { attribute: list } }
}

/** The attributes of either form. */
export function newAttributesOf(request: {
  readonly templateAttribute?: { readonly attribute?: readonly Attribute[] }
  readonly attributes?: readonly Attribute[]
}): readonly Attribute[] {
  return [...(request.templateAttribute?.attribute ?? []), ...(request.attributes ?? [])]
}
