/**
 * The Attestation Service: evidence in, signed token out.
 * @module
 */
export type { EndorsementSettings } from '../config/index.js'
export { BaseImages } from './base-images.js'
export { CaCertificates, type CaInfo } from './ca-certificates.js'
export { EndorsementSettingsStore } from './endorsement-settings.js'
export type { ImaPolicy } from './ima-policy.js'
export type { AttestationOptions } from './options.js'
export { type RegisteredKeyInfo, RegisteredKeys } from './registered-keys.js'
export { AttestationService } from './service.js'
