import { objectId } from '../protocol/index.js'
import { type Infer, integer, interval, longInteger, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const limits = {
  usageLimitsCount: maybe('UsageLimitsCount', longInteger),
  cryptographicUsageMask: maybe('CryptographicUsageMask', integer),
  leaseTime: maybe('LeaseTime', interval),
} as const

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  ...limits,
})
/** The object, and the uses that the client has in mind. */
export interface CheckRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  ...limits,
})
/** The object, and of what was asked that which its policy does not allow. */
export interface CheckResponse extends Infer<typeof responseDef> {}

/** Check. KMIP 1.4, section 4.10. */
export const check: Operation<CheckRequest, CheckResponse> = {
  name: 'Check',
  since: '1.0',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
