/**
 * The Key Provider Service: token in, key out.
 * @module
 */
export type { ProviderConfig } from '../config/index.js'
export type { KeyWrapping } from './key-wrapping.js'
export type { PrimaryKeyMode } from './primary-key-use.js'
export {
  type CreateProvider,
  type OpenProvider,
  type ProviderHealth,
  type ProviderInfo,
  Providers,
} from './providers.js'
export { type KeyProviderOptions, KeyProviderService, type RequestTarget } from './service.js'
export { parseWrappedKey, unwrapKey, type WrappedKey, wrapKey } from './wrapped-key.js'
