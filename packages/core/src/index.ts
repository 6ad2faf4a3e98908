/**
 * The small entry: errors and secrets. Everything else has a subpath of its own.
 * @module
 */
export { SecretBytes } from './bytes/index.js'
export {
  type AnyTrustholdError,
  type ErrorCode,
  type ErrorContexts,
  isTrustholdError,
  TrustholdError,
  type TrustholdErrorOptions,
} from './errors/index.js'
