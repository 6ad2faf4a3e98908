/**
 * Which of several key servers is asked, by which version, and what is done when one fails.
 * @module
 */
export type { CircuitState } from './circuit.js'
export type { Exchange } from './exchange.js'
export { isOutcomeUnknown } from './failover.js'
export type { EndpointHealth } from './health.js'
export { type CallOptions, createTransport, type Transport } from './transport.js'
