import { type Infer, structure } from '../ttlv/index.js'
import { keyPairRequestFields, keyPairResponseFields } from './key-pair-fields.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', keyPairRequestFields)
/** What the keys get. */
export interface CreateKeyPairRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', keyPairResponseFields)
/** The keys that were made. */
export interface CreateKeyPairResponse extends Infer<typeof responseDef> {}

/** Create Key Pair. KMIP 1.4, section 4.2. */
export const createKeyPair: Operation<CreateKeyPairRequest, CreateKeyPairResponse> = {
  name: 'CreateKeyPair',
  since: '1.0',
  repeatable: false,
  about: 'newObject',
  request: requestDef,
  response: responseDef,
}
