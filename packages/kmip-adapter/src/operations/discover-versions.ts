import { type ProtocolVersion, protocolVersion, toProtocolVersion } from '../protocol/index.js'
import { type Infer, type KmipVersion, many, structure } from '../ttlv/index.js'
import type { Operation } from './operation.js'

const requestDef = structure('RequestPayload', { protocolVersion: many('ProtocolVersion', protocolVersion) })
/** The versions that the client has, in order of preference. */
export interface DiscoverVersionsRequest extends Infer<typeof requestDef> {}

const responseDef = structure('ResponsePayload', {
  protocolVersion: many('ProtocolVersion', protocolVersion),
})
/** Those of them that the server has. */
export interface DiscoverVersionsResponse extends Infer<typeof responseDef> {}

/** Discover Versions. KMIP 1.4, section 4.26. */
export const discoverVersions: Operation<DiscoverVersionsRequest, DiscoverVersionsResponse> = {
  name: 'DiscoverVersions',
  since: '1.1',
  repeatable: true,
  about: 'nothing',
  request: requestDef,
  response: responseDef,
}

/** Asks which of these versions the server has. */
export function discoverVersionsRequest(versions: readonly KmipVersion[]): DiscoverVersionsRequest {
  return { protocolVersion: versions.map(toProtocolVersion) satisfies ProtocolVersion[] }
}
