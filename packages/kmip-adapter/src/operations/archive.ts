import { objectId } from '../protocol/index.js'
import { type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', { uniqueIdentifier: maybe('UniqueIdentifier', objectId) })
/** The object to archive. Some servers take an absent identifier for an object of another client: send it always. */
export interface ArchiveRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { uniqueIdentifier: one('UniqueIdentifier', text) })
/** The object that was archived. */
export interface ArchiveResponse extends Infer<typeof responseDef> {}

/** Archive. KMIP 1.4, section 4.22. */
export const archive: Operation<ArchiveRequest, ArchiveResponse> = {
  name: 'Archive',
  since: '1.0',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
