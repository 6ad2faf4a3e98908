import { objectId, revocationReason } from '../protocol/index.js'
import { dateTime, type Enumerated, type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  revocationReason: one('RevocationReason', revocationReason),
  compromiseOccurrenceDate: maybe('CompromiseOccurrenceDate', dateTime),
})
/** The object to revoke, and why. */
export interface RevokeRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { uniqueIdentifier: one('UniqueIdentifier', text) })
/** The object that was revoked. */
export interface RevokeResponse extends Infer<typeof responseDef> {}

/** Revoke. KMIP 1.4, section 4.20. */
export const revoke: Operation<RevokeRequest, RevokeResponse> = {
  name: 'Revoke',
  since: '1.0',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}

/** Why an object is revoked, by name. */
export type RevocationReasonCode = Exclude<Enumerated<'RevocationReasonCode'>, number>
