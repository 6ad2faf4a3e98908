/**
 * KMIP: a client for key servers, and the key server port of Trusthold.
 * @module
 */
export { type CreatedKey, type CreateKey, KmipClient, type LocateFilter, type Revocation } from './client.js'
export type { KmipClientOptions } from './client-options.js'
export type { CallOptions, CircuitState, EndpointHealth } from './cluster/index.js'
export {
  type ClientIdentity,
  type KmipProxy,
  type KmipTlsOptions,
  readClientPkcs12,
  type ServerAddress,
} from './connection/index.js'
export { type KmipKeyServerOptions, kmip } from './key-server/index.js'
export type { ManagedKey } from './managed-key.js'
export {
  type RequestMessage,
  type ResponseMessage,
  requestMessage,
  responseMessage,
} from './messages/index.js'
export type { QueryFunction, QueryResponse, RevocationReasonCode } from './operations/index.js'
export type { Attribute, AttributeName, AttributeSet, OtherAttribute, UsageBit } from './protocol/index.js'
export type { KmipVersion } from './ttlv/index.js'
