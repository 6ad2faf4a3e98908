import { bytes, type Infer, one, structure } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  asynchronousCorrelationValue: one('AsynchronousCorrelationValue', bytes),
})
/** The request that the server deferred. */
export interface PollRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {})
/** The payload of the operation that was deferred, under `unknown`. */
export interface PollResponse extends Infer<typeof responseDef> {}

/** Poll. KMIP 1.4, section 4.27. The last answer looks like that of the operation that was deferred. */
export const poll: Operation<PollRequest, PollResponse> = {
  name: 'Poll',
  since: '1.0',
  repeatable: true,
  about: 'nothing',
  request: requestDef,
  response: responseDef,
}
