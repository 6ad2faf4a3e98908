/**
 * What can go wrong: one class, one catalogue of codes.
 * @module
 */
export type { ErrorCode, ErrorContexts } from './codes.js'
export {
  type AnyTrustholdError,
  describeError,
  isTrustholdError,
  TrustholdError,
  type TrustholdErrorOptions,
} from './error.js'
