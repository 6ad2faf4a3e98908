import {
  type Attribute,
  type AttributeName,
  attribute,
  attributeReference,
  attributes,
  attributeTable,
  hasTaggedAttributes,
} from '../protocol/index.js'
import { type Infer, type KmipVersion, many, maybe, one, structure, tags, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', text),
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
  request: requestDef,
  response: responseDef,
}

/** Asks for attributes of an object; for all that it has when no name is given. */
export function getAttributesRequest(
  uniqueIdentifier: string,
  names: readonly AttributeName[],
  version: KmipVersion,
): GetAttributesRequest {
  if (names.length === 0) return { uniqueIdentifier }
  return hasTaggedAttributes(version)
    ? { uniqueIdentifier, attributeReference: names.map((name) => tags[name]) }
    : { uniqueIdentifier, attributeName: names.map((name) => attributeTable[name].title) }
}

/** The attributes of either form. */
export function attributesOf(response: GetAttributesResponse): readonly Attribute[] {
  return [...(response.attribute ?? []), ...(response.attributes ?? [])]
}
