/**
 * Connections to key servers: mutual TLS, pools, versions, and which server to ask.
 * @module
 */
export { parseEndpoint, type ServerAddress } from './endpoint.js'
export { createSecurity, type KmipTlsOptions } from './security.js'
export { type CallOptions, createTransport, type Transport } from './transport.js'
