import { cryptographicParameters, objectId } from '../protocol/index.js'
import { bytes, enumeration, type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'
import { partAnswerFields, partFields } from './streaming-fields.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  cryptographicParameters: maybe('CryptographicParameters', cryptographicParameters),
  data: maybe('Data', bytes),
  digestedData: maybe('DigestedData', bytes, { since: '1.4' }),
  signatureData: maybe('SignatureData', bytes),
  ...partFields,
})
/** The public key, the signature, and what it is said to be of. */
export interface SignatureVerifyRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  validityIndicator: maybe('ValidityIndicator', enumeration('ValidityIndicator')),
  data: maybe('Data', bytes),
  ...partAnswerFields,
})
/** Whether the signature is valid, and the data that it held if any. */
export interface SignatureVerifyResponse extends Infer<typeof responseDef> {}

/** Signature Verify. KMIP 1.4, section 4.32. */
export const signatureVerify: Operation<SignatureVerifyRequest, SignatureVerifyResponse> = {
  name: 'SignatureVerify',
  since: '1.2',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
