/**
 * The key server port over KMIP.
 * @module
 */
export { type KmipKeyServerOptions, kmip } from './key-server.js'
