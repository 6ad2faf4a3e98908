import { objectId } from '../protocol/index.js'
import { dateTime, type Infer, interval, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', { uniqueIdentifier: maybe('UniqueIdentifier', objectId) })
/** The object to use for a while. */
export interface ObtainLeaseRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  leaseTime: one('LeaseTime', interval),
  lastChangeDate: one('LastChangeDate', dateTime),
})
/** For how long the object may be used, and when its attributes changed last. */
export interface ObtainLeaseResponse extends Infer<typeof responseDef> {}

/** Obtain Lease. KMIP 1.4, section 4.17. */
export const obtainLease: Operation<ObtainLeaseRequest, ObtainLeaseResponse> = {
  name: 'ObtainLease',
  since: '1.0',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
