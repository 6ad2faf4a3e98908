import { type Attribute, attribute, attributes, hasTaggedAttributes, objectId } from '../protocol/index.js'
import { type Infer, type KmipVersion, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  attribute: maybe('Attribute', attribute, { until: '1.4' }),
  newAttribute: maybe('NewAttribute', attributes, { since: '2.0' }),
})
/** The object and the attribute that it gets. */
export interface AddAttributeRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  attribute: maybe('Attribute', attribute, { until: '1.4' }),
})
/** The object; before KMIP 2.0 also the attribute, with the index that it got. */
export interface AddAttributeResponse extends Infer<typeof responseDef> {}

/** Add Attribute. KMIP 1.4, section 4.14. */
export const addAttribute: Operation<AddAttributeRequest, AddAttributeResponse> = {
  name: 'AddAttribute',
  since: '1.0',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}

/** Adds an attribute to an object. */
export function addAttributeRequest(
  uniqueIdentifier: string | undefined,
  added: Attribute,
  version: KmipVersion,
): AddAttributeRequest {
  return {
    ...(uniqueIdentifier === undefined ? {} : { uniqueIdentifier }),
    ...(hasTaggedAttributes(version) ? { newAttribute: [added] } : { attribute: added }),
  }
}
