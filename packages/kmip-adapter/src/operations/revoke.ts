import {
  dateTime,
  type Enumerated,
  enumeration,
  type Infer,
  maybe,
  one,
  type StructureKind,
  structure,
  text,
} from '../ttlv/index.js'
import type { Operation } from './operation.js'

const revocationReasonDef = structure('RevocationReason', {
  revocationReasonCode: one('RevocationReasonCode', enumeration('RevocationReasonCode')),
  revocationMessage: maybe('RevocationMessage', text),
})
/** Why an object may no longer be used. KMIP 1.4, section 3.31. */
export interface RevocationReason extends Infer<typeof revocationReasonDef> {}
const revocationReason: StructureKind<RevocationReason> = revocationReasonDef

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', text),
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
  request: requestDef,
  response: responseDef,
}

/** Why an object is revoked, by name. */
export type RevocationReasonCode = Exclude<Enumerated<'RevocationReasonCode'>, number>
