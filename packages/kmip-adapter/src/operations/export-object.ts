import { attribute, attributes, objectFields } from '../protocol/index.js'
import { enumeration, type Infer, many, maybe, one, structure, text } from '../ttlv/index.js'
import { getRequestFields } from './get.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', getRequestFields)
/** The object to return with all its attributes. */
export interface ExportRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  objectType: one('ObjectType', enumeration('ObjectType')),
  uniqueIdentifier: one('UniqueIdentifier', text),
  attribute: many('Attribute', attribute, { until: '1.4' }),
  attributes: maybe('Attributes', attributes, { since: '2.0' }),
  ...objectFields,
})
/** The object, in the field that its type has, and all its attributes. */
export interface ExportResponse extends Infer<typeof responseDef> {}

/** Export. KMIP 1.4, section 4.43. */
export const exportObject: Operation<ExportRequest, ExportResponse> = {
  name: 'Export',
  since: '1.4',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
