import { objectId } from '../protocol/index.js'
import { type Infer, interval, maybe, structure } from '../ttlv/index.js'
import { keyPairRequestFields, keyPairResponseFields } from './key-pair-fields.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', {
  privateKeyUniqueIdentifier: maybe('PrivateKeyUniqueIdentifier', objectId),
  offset: maybe('Offset', interval),
  ...keyPairRequestFields,
})
/** The private key of the pair to replace. */
export interface ReKeyKeyPairRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', keyPairResponseFields)
/** The keys that replace the pair. */
export interface ReKeyKeyPairResponse extends Infer<typeof responseDef> {}

/** Re-key Key Pair. KMIP 1.4, section 4.5. */
export const reKeyKeyPair: Operation<ReKeyKeyPairRequest, ReKeyKeyPairResponse> = {
  name: 'ReKeyKeyPair',
  since: '1.1',
  repeatable: false,
  about: 'newObject',
  request: requestDef,
  response: responseDef,
}
