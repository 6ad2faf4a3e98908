import { cryptographicParameters } from '../protocol/index.js'
import { bytes, type Infer, maybe, one, structure } from '../ttlv/index.js'
import type { Operation } from './operation.js'
import { partAnswerFields, partFields } from './streaming-fields.js'

const requestDef = structure('RequestPayload', {
  cryptographicParameters: one('CryptographicParameters', cryptographicParameters),
  data: maybe('Data', bytes),
  ...partFields,
})
/** What to hash, and by which algorithm. */
export interface HashRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { data: maybe('Data', bytes), ...partAnswerFields })
/** The hash. */
export interface HashResponse extends Infer<typeof responseDef> {}

/** Hash. KMIP 1.4, section 4.37. */
export const hash: Operation<HashRequest, HashResponse> = {
  name: 'Hash',
  since: '1.2',
  repeatable: true,
  about: 'nothing',
  request: requestDef,
  response: responseDef,
}
