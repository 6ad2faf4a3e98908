import { attributeReference, objectId } from '../protocol/index.js'
import { type Infer, many, maybe, one, structure, text } from '../ttlv/index.js'
import { type AttributeKey, keyOfReference, keyOfTitle } from './attribute-key.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', { uniqueIdentifier: maybe('UniqueIdentifier', objectId) })
/** The object whose attributes are wanted by name. */
export interface GetAttributeListRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  attributeName: many('AttributeName', text, { until: '1.4' }),
  attributeReference: many('AttributeReference', attributeReference, { since: '2.0' }),
})
/** Which attributes the object has. */
export interface GetAttributeListResponse extends Infer<typeof responseDef> {}

/** Get Attribute List. KMIP 1.4, section 4.13. */
export const getAttributeList: Operation<GetAttributeListRequest, GetAttributeListResponse> = {
  name: 'GetAttributeList',
  since: '1.0',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}

/** The attributes that an answer of either form names; a title or tag that the standard does not have as it came. */
export function listedAttributes(
  response: GetAttributeListResponse,
): readonly (AttributeKey | (string & {}) | number)[] {
  return [
    ...(response.attributeName ?? []).map(keyOfTitle),
    ...(response.attributeReference ?? []).map(keyOfReference),
  ]
}
