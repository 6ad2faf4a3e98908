import { type Infer, integer, one, secret, structure } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', { dataLength: one('DataLength', integer) })
/** How many bytes. */
export interface RngRetrieveRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { data: one('Data', secret) })
/** Random bytes. */
export interface RngRetrieveResponse extends Infer<typeof responseDef> {}

/** RNG Retrieve. KMIP 1.4, section 4.35. */
export const rngRetrieve: Operation<RngRetrieveRequest, RngRetrieveResponse> = {
  name: 'RNGRetrieve',
  since: '1.2',
  repeatable: true,
  about: 'nothing',
  request: requestDef,
  response: responseDef,
}
