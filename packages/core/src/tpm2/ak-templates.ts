import { objectAttributes } from './object-attributes.js'
import type { EccPublic, RsaPublic } from './public-area.js'

const attributes = objectAttributes(
  'fixedTPM',
  'fixedParent',
  'sensitiveDataOrigin',
  'userWithAuth',
  'noDA',
  'restricted',
  'sign',
)

/**
 * Attestation keys by kind: restricted signing keys that never leave the TPM, usable with the empty password. Names
 * are SHA-256; they sign over SHA-256.
 */
export const akTemplates: { readonly 'rsa-2048': RsaPublic; readonly 'ecc-p256': EccPublic } = {
  'rsa-2048': {
    type: 'rsa',
    nameAlg: 'sha256',
    objectAttributes: attributes,
    authPolicy: new Uint8Array(),
    parameters: {
      symmetric: { algorithm: 'null' },
      scheme: { scheme: 'rsassa', hashAlg: 'sha256' },
      keyBits: 2048,
      exponent: 0,
    },
    unique: new Uint8Array(),
  },
  'ecc-p256': {
    type: 'ecc',
    nameAlg: 'sha256',
    objectAttributes: attributes,
    authPolicy: new Uint8Array(),
    parameters: {
      symmetric: { algorithm: 'null' },
      scheme: { scheme: 'ecdsa', hashAlg: 'sha256' },
      curveID: 'P-256',
      kdf: { scheme: 'null' },
    },
    unique: { x: new Uint8Array(), y: new Uint8Array() },
  },
}
