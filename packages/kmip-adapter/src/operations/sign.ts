import { cryptographicParameters, objectId } from '../protocol/index.js'
import { bytes, type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'
import { partAnswerFields, partFields } from './streaming-fields.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  cryptographicParameters: maybe('CryptographicParameters', cryptographicParameters),
  data: maybe('Data', bytes),
  digestedData: maybe('DigestedData', bytes, { since: '1.4' }),
  ...partFields,
})
/** The private key, and what to sign with it: data, or their digest. */
export interface SignRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  signatureData: maybe('SignatureData', bytes),
  ...partAnswerFields,
})
/** The signature. */
export interface SignResponse extends Infer<typeof responseDef> {}

/** Sign. KMIP 1.4, section 4.31. Not repeatable: hash-based keys are good for a number of signatures. */
export const sign: Operation<SignRequest, SignResponse> = {
  name: 'Sign',
  since: '1.2',
  repeatable: false,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
