import { objectId } from '../protocol/index.js'
import { type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', { uniqueIdentifier: maybe('UniqueIdentifier', objectId) })
/** The object to destroy. Some servers take an absent identifier for an object of another client: send it always. */
export interface DestroyRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { uniqueIdentifier: one('UniqueIdentifier', text) })
/** The object that was destroyed. */
export interface DestroyResponse extends Infer<typeof responseDef> {}

/** Destroy. KMIP 1.4, section 4.21. */
export const destroy: Operation<DestroyRequest, DestroyResponse> = {
  name: 'Destroy',
  since: '1.0',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
