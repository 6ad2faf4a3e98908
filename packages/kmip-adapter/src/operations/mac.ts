import { cryptographicParameters, objectId } from '../protocol/index.js'
import { bytes, type Infer, maybe, one, structure, text } from '../ttlv/index.js'
import type { Operation } from './operation.js'
import { partAnswerFields, partFields } from './streaming-fields.js'

const requestDef = structure('RequestPayload', {
  uniqueIdentifier: maybe('UniqueIdentifier', objectId),
  cryptographicParameters: maybe('CryptographicParameters', cryptographicParameters),
  data: maybe('Data', bytes),
  ...partFields,
})
/** The key, and what to authenticate with it. */
export interface MacRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  uniqueIdentifier: one('UniqueIdentifier', text),
  macData: maybe('MACData', bytes),
  ...partAnswerFields,
})
/** The message authentication code. */
export interface MacResponse extends Infer<typeof responseDef> {}

/** MAC. KMIP 1.4, section 4.33. */
export const mac: Operation<MacRequest, MacResponse> = {
  name: 'MAC',
  since: '1.2',
  repeatable: true,
  about: 'object',
  request: requestDef,
  response: responseDef,
}
