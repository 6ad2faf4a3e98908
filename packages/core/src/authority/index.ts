/**
 * Both services in one process.
 * @module
 */
export { type Authority, type AuthorityOptions, createAuthority } from './authority.js'
