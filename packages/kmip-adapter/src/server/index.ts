/**
 * A KMIP server for development, tests and demonstrations: KMIP 1.0 to 2.1 over TLS with client certificates, objects
 * sealed in a store of the `ConfigStore` port.
 * @module
 */
export { createKmipServer, type KmipServer } from './create-server.js'
export type { Authenticate } from './exchange/answer-message.js'
export {
  allowOperations,
  limitRate,
  type Middleware,
  type OperationCall,
  type OperationOutcome,
  type OperationRecord,
  type RateLimit,
  recordOperations,
} from './exchange/middleware.js'
export { Refusal, type ResultReason, refuse } from './exchange/refusal.js'
export type { ServerAddress } from './network/listener.js'
export type { KmipServerLimits, KmipServerOptions, KmipServerTls } from './options.js'
export { type ClientIdentity, type OwnerOf, ownerByPublicKey, ownerBySubject } from './owners.js'
