import { symmetricKey } from '../protocol/index.js'
import { enumeration, type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', text),
  keyFormatType: maybe('KeyFormatType', enumeration('KeyFormatType')),
})
/** The object to return. Some servers take an absent identifier for an object of another client: always send it. */
export interface GetRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  objectType: one('ObjectType', enumeration('ObjectType')),
  uniqueIdentifier: one('UniqueIdentifier', text),
  symmetricKey: maybe('SymmetricKey', symmetricKey),
})
/** The object; of another type than a symmetric key it is under `unknown`. */
export interface GetResponse extends Infer<typeof responseDef> {}

/** Get. KMIP 1.4, section 4.11. */
export const get: Operation<GetRequest, GetResponse> = {
  name: 'Get',
  since: '1.0',
  repeatable: true,
  request: requestDef,
  response: responseDef,
}
