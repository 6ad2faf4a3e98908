import { cryptographicParameters, objectId } from '../protocol/index.js'
import { bytes, type Infer, maybe, one, secret, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'
import { partAnswerFields, partFields } from './streaming-fields.js'

const since14 = { since: '1.4' } as const

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  cryptographicParameters: maybe('CryptographicParameters', cryptographicParameters),
  data: maybe('Data', secret),
  ivCounterNonce: maybe('IVCounterNonce', bytes),
  ...partFields,
  authenticatedEncryptionAdditionalData: maybe('AuthenticatedEncryptionAdditionalData', bytes, since14),
})
/** The key, and what to encrypt with it. */
export interface EncryptRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  data: maybe('Data', bytes),
  ivCounterNonce: maybe('IVCounterNonce', bytes),
  ...partAnswerFields,
  authenticatedEncryptionTag: maybe('AuthenticatedEncryptionTag', bytes, since14),
})
/** What was encrypted, and the initialization vector if the server chose it. */
export interface EncryptResponse extends Infer<typeof responseDef> {}

/** Encrypt. KMIP 1.4, section 4.29. */
export const encrypt: Operation<EncryptRequest, EncryptResponse> = {
  name: 'Encrypt',
  since: '1.2',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
