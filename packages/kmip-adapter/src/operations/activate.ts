import { objectId } from '../protocol/index.js'
import { type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', { uniqueIdentifier: maybe('UniqueIdentifier', objectId) })
/** The object to activate. Some servers take an absent identifier for an object of another client: send it always. */
export interface ActivateRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { uniqueIdentifier: one('UniqueIdentifier', text) })
/** The object that was activated. */
export interface ActivateResponse extends Infer<typeof responseDef> {}

/** Activate. KMIP 1.4, section 4.19. */
export const activate: Operation<ActivateRequest, ActivateResponse> = {
  name: 'Activate',
  since: '1.0',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
