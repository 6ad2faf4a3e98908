/**
 * The services over HTTPS as Web-standard handlers, and their client.
 * @module
 */
export {
  type AuthorityClient,
  type AuthorityClientOptions,
  type CallOptions,
  createAuthorityClient,
} from './client.js'
export { type ErrorBody, toWireError, type WireError } from './errors.js'
export { createHandler, type Handler, type HandlerOptions, type RequestLog } from './handler.js'
