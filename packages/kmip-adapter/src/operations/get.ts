import { keyWrappingSpecification, objectFields, objectId } from '../protocol/index.js'
import { enumeration, type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

/** The fields of a request that say which object, and in what form. */
export const getRequestFields = {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  keyFormatType: maybe('KeyFormatType', enumeration('KeyFormatType')),
  keyWrapType: maybe('KeyWrapType', enumeration('KeyWrapType'), { since: '1.4' }),
  keyCompressionType: maybe('KeyCompressionType', enumeration('KeyCompressionType')),
  keyWrappingSpecification: maybe('KeyWrappingSpecification', keyWrappingSpecification),
} as const

const requestDef = structure('RequestPayload', getRequestFields)
/** The object to return. Some servers take an absent identifier for an object of another client: send it always. */
export interface GetRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  objectType: one('ObjectType', enumeration('ObjectType')),
  uniqueIdentifier: one('UniqueIdentifier', text),
  ...objectFields,
})
/** The object, in the field that its type has. */
export interface GetResponse extends Infer<typeof responseDef> {}

/** Get. KMIP 1.4, section 4.11. */
export const get: Operation<GetRequest, GetResponse> = {
  name: 'Get',
  since: '1.0',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
