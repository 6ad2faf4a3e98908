import { asymmetricTemplates, type UserKeyTemplates } from './key-templates.js'

/**
 * Attestation keys by kind: restricted signing keys that never leave the TPM, usable with the empty password. Names
 * and signatures are by SHA-256, and by SHA-384 for the two larger kinds.
 */
export const akTemplates: UserKeyTemplates = asymmetricTemplates({
  attributes: ['userWithAuth', 'noDA', 'restricted', 'sign'],
  signs: true,
})
