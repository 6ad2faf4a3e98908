/**
 * A service's own configuration in its ConfigStore: documents, live views of them, secrets that nodes share.
 * @module
 */
export { jsonDocument, parseInput } from './documents.js'
export {
  type CaDocument,
  caDocument,
  type EndorsementSettings,
  endorsementSettingsDocument,
  type RegisteredKeyDocument,
  registeredKeyDocument,
} from './endorsement-documents.js'
export { assertLifetime } from './lifetimes.js'
export { LiveMap } from './live-map.js'
export { assertName, keyOfName, nameOfKey } from './names.js'
export { type ProviderConfig, providerConfig, providerDocument } from './provider-document.js'
export { shareSecret } from './shared-secret.js'
