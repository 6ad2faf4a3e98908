import { cryptographicParameters, objectId } from '../protocol/index.js'
import { bytes, enumeration, type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'
import { partAnswerFields, partFields } from './streaming-fields.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  cryptographicParameters: maybe('CryptographicParameters', cryptographicParameters),
  data: maybe('Data', bytes),
  macData: maybe('MACData', bytes),
  ...partFields,
})
/** The key, the message authentication code, and what it is said to be of. */
export interface MacVerifyRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  validityIndicator: maybe('ValidityIndicator', enumeration('ValidityIndicator')),
  ...partAnswerFields,
})
/** Whether the code is valid. */
export interface MacVerifyResponse extends Infer<typeof responseDef> {}

/** MAC Verify. KMIP 1.4, section 4.34. */
export const macVerify: Operation<MacVerifyRequest, MacVerifyResponse> = {
  name: 'MACVerify',
  since: '1.2',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
