import { attributes, objectId, storageMasks, templateAttribute } from '../protocol/index.js'
import { type Infer, interval, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  offset: maybe('Offset', interval),
  templateAttribute: maybe('TemplateAttribute', templateAttribute, { until: '1.4' }),
  attributes: maybe('Attributes', attributes, { since: '2.0' }),
  protectionStorageMasks: maybe('ProtectionStorageMasks', storageMasks, { since: '2.0' }),
})
/** The symmetric key to replace. */
export interface ReKeyRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  templateAttribute: maybe('TemplateAttribute', templateAttribute, { until: '1.4' }),
})
/** The key that replaces it. */
export interface ReKeyResponse extends Infer<typeof responseDef> {}

/** Re-key. KMIP 1.4, section 4.4. */
export const reKey: Operation<ReKeyRequest, ReKeyResponse> = {
  name: 'ReKey',
  since: '1.0',
  repeatable: false,
  about: 'newObject',
  request: requestDef,
  response: responseDef,
}
