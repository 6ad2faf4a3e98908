/**
 * The host's side: attest, keep a token fresh, ask for keys.
 * @module
 */
export { type Attested, type AttestOptions, attestHost } from './attest.js'
export { type BindingKey, generateBindingKey } from './binding-key.js'
export { type KeepFreshOptions, keepFresh } from './keep-fresh.js'
export {
  createTrustedHost,
  type DecryptOptions,
  type GenerateKeyOptions,
  type TrustedHost,
  type TrustedHostOptions,
} from './trusted-host.js'
