import { type Infer, structure } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {})
/** Nothing. */
export interface PingRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {})
/** Nothing. */
export interface PingResponse extends Infer<typeof responseDef> {}

/** Ping. KMIP 2.1, section 6.1.39. */
export const ping: Operation<PingRequest, PingResponse> = {
  name: 'Ping',
  since: '2.1',
  repeatable: true,
  about: 'nothing',
  request: requestDef,
  response: responseDef,
}
