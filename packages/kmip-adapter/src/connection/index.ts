/**
 * Connections to one key server: mutual TLS, proxies, pools.
 * @module
 */
export { type Connection, openConnection } from './connection.js'
export { type Endpoint, parseEndpoint, type ServerAddress } from './endpoint.js'
export { isRefusedByAlert } from './failure.js'
export { type ClientIdentity, readClientPkcs12 } from './pkcs12.js'
export { createPool, type Pool } from './pool.js'
export { type HttpProxy, type KmipProxy, parseProxy } from './proxy.js'
export { openScope, type Scope, waitWithin } from './scope.js'
export { createSecurity, type KmipTlsOptions, type Security } from './security.js'
