/**
 * The operations, one a file: what each asks and answers.
 * @module
 */
export { activate } from './activate.js'
export { create, createRequest } from './create.js'
export { destroy } from './destroy.js'
export { discoverVersions, discoverVersionsRequest } from './discover-versions.js'
export { type GetResponse, get } from './get.js'
export { attributesOf, getAttributes, getAttributesRequest } from './get-attributes.js'
export { locate, locateRequest } from './locate.js'
export type { Operation, OperationName } from './operation.js'
export { type QueryFunction, type QueryResponse, query, queryRequest } from './query.js'
export { type RevocationReasonCode, revoke } from './revoke.js'
export { operations } from './table.js'
