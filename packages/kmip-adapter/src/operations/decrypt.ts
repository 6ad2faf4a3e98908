import { cryptographicParameters, objectId } from '../protocol/index.js'
import { bytes, type Infer, maybe, one, secret, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'
import { partAnswerFields, partFields } from './streaming-fields.js'

const since14 = { since: '1.4' } as const

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  cryptographicParameters: maybe('CryptographicParameters', cryptographicParameters),
  data: maybe('Data', bytes),
  ivCounterNonce: maybe('IVCounterNonce', bytes),
  ...partFields,
  authenticatedEncryptionAdditionalData: maybe('AuthenticatedEncryptionAdditionalData', bytes, since14),
  authenticatedEncryptionTag: maybe('AuthenticatedEncryptionTag', bytes, since14),
})
/** The key, and what to decrypt with it. */
export interface DecryptRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  data: maybe('Data', secret),
  ...partAnswerFields,
})
/** What was decrypted. */
export interface DecryptResponse extends Infer<typeof responseDef> {}

/** Decrypt. KMIP 1.4, section 4.30. */
export const decrypt: Operation<DecryptRequest, DecryptResponse> = {
  name: 'Decrypt',
  since: '1.2',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
