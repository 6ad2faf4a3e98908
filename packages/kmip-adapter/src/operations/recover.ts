import { objectId } from '../protocol/index.js'
import { type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', { uniqueIdentifier: maybe('UniqueIdentifier', objectId) })
/** The object to bring back from the archive. Some servers take an absent identifier for an object of another client: send it always. */
export interface RecoverRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { uniqueIdentifier: one('UniqueIdentifier', text) })
/** The object that was recovered. */
export interface RecoverResponse extends Infer<typeof responseDef> {}

/** Recover. KMIP 1.4, section 4.23. */
export const recover: Operation<RecoverRequest, RecoverResponse> = {
  name: 'Recover',
  since: '1.0',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
