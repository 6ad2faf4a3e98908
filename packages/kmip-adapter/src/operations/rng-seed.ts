import { type Infer, integer, one, secret, structure } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', { data: one('Data', secret) })
/** What to seed the server's random number generator with. */
export interface RngSeedRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', { dataLength: one('DataLength', integer) })
/** How many bytes of it were used; may be none. */
export interface RngSeedResponse extends Infer<typeof responseDef> {}

/** RNG Seed. KMIP 1.4, section 4.36. */
export const rngSeed: Operation<RngSeedRequest, RngSeedResponse> = {
  name: 'RNGSeed',
  since: '1.2',
  repeatable: false,
  about: 'nothing',
  request: requestDef,
  response: responseDef,
}
