import { bytes, type Enumerated, enumeration, type Infer, one, structure } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  asynchronousCorrelationValue: one('AsynchronousCorrelationValue', bytes),
})
/** The request that the server deferred. */
export interface CancelRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  asynchronousCorrelationValue: one('AsynchronousCorrelationValue', bytes),
  cancellationResult: one('CancellationResult', enumeration('CancellationResult')),
})
/** What became of the request. */
export interface CancelResponse extends Infer<typeof responseDef> {}

/** Cancel. KMIP 1.4, section 4.26. */
export const cancel: Operation<CancelRequest, CancelResponse> = {
  name: 'Cancel',
  since: '1.0',
  repeatable: false,
  about: 'nothing',
  request: requestDef,
  response: responseDef,
}

/** What became of a request that was to be cancelled. */
export type CancellationResult = Enumerated<'CancellationResult'>
