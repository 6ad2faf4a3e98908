import { attributes, objectId } from '../protocol/index.js'
import { type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  newAttribute: one('NewAttribute', attributes),
})
/** The object and the only value that one of its attributes gets. */
export interface SetAttributeRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { uniqueIdentifier: one('UniqueIdentifier', text) })
/** The object. */
export interface SetAttributeResponse extends Infer<typeof responseDef> {}

/** Set Attribute. KMIP 2.1, section 6.1.53. */
export const setAttribute: Operation<SetAttributeRequest, SetAttributeResponse> = {
  name: 'SetAttribute',
  since: '2.0',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
