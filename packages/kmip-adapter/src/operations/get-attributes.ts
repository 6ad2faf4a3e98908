import {
  type Attribute,
  attribute,
  attributeReference,
  attributes,
  hasTaggedAttributes,
  objectId,
} from '../protocol/index.js'
import { type Infer, type KmipVersion, many, maybe, one, structure, text } from '../ttlv/index.js'
import { type AttributeKey, isKnown, referTo, titleOf } from './attribute-key.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  attributeName: many('AttributeName', text, { until: '1.4' }),
  attributeReference: many('AttributeReference', attributeReference, { since: '2.0' }),
})
/** The object and which of its attributes; all when none is named. */
export interface GetAttributesRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  attribute: many('Attribute', attribute, { until: '1.4' }),
  attributes: maybe('Attributes', attributes, { since: '2.0' }),
})
/** The object's attributes, in the form of the version. */
export interface GetAttributesResponse extends Infer<typeof responseDef> {}

/** Get Attributes. KMIP 1.4, section 4.12. */
export const getAttributes: Operation<GetAttributesRequest, GetAttributesResponse> = {
  name: 'GetAttributes',
  since: '1.0',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}

/**
 * Asks for attributes of an object; for all that it has when no key is given. Those that the version does not have are
 * not asked for; if these are all, the object's id is.
 */
export function getAttributesRequest(
  uniqueIdentifier: string | undefined,
  keys: readonly AttributeKey[],
  version: KmipVersion,
): GetAttributesRequest {
  const object = uniqueIdentifier === undefined ? {} : { uniqueIdentifier }
  if (keys.length === 0) return object
  const known = keys.filter((key) => isKnown(key, version))
  const asked = known.length === 0 ? (['UniqueIdentifier'] as const) : known
  return hasTaggedAttributes(version)
    ? { ...object, attributeReference: asked.map(referTo) }
    : { ...object, attributeName: asked.map(titleOf) }
}

/** The attributes of either form. */
export function attributesOf(response: {
  readonly attribute?: readonly Attribute[]
  readonly attributes?: readonly Attribute[]
}): readonly Attribute[] {
  return [...(response.attribute ?? []), ...(response.attributes ?? [])]
}
