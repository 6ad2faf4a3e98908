import type { HashAlgorithm } from './algorithms.js'
import { type ObjectAttribute, objectAttributes } from './object-attributes.js'
import type { EccPublic, RsaPublic } from './public-area.js'
import type { TpmtSymDefObject } from './schemes.js'

/** Templates by kind of key. */
export interface UserKeyTemplates {
  readonly 'rsa-2048': RsaPublic
  readonly 'rsa-3072': RsaPublic
  readonly 'ecc-p256': EccPublic
  readonly 'ecc-p384': EccPublic
}

/** What {@link asymmetricTemplates} takes. */
interface TemplateShape {
  /** Besides those of every key that a TPM makes and keeps: fixedTPM, fixedParent, sensitiveDataOrigin. */
  readonly attributes: readonly ObjectAttribute[]
  /** RSASSA or ECDSA by the kind's hash; no scheme otherwise. */
  readonly signs: boolean
  /** Protects children: AES in CFB mode, as strong as the key. */
  readonly protects?: boolean
  /** Fills `unique` with zeros instead of leaving it empty. */
  readonly zeroUnique?: boolean
}

const nothing = new Uint8Array()

/** The templates of keys that are alike but for their kind. TPM 2.0 Part 1, sections 25 and 27. */
export function asymmetricTemplates(shape: TemplateShape): UserKeyTemplates {
  const { attributes, signs, protects = false, zeroUnique = false } = shape
  const common = (nameAlg: HashAlgorithm) => ({
    nameAlg,
    objectAttributes: objectAttributes('fixedTPM', 'fixedParent', 'sensitiveDataOrigin', ...attributes),
    authPolicy: nothing,
  })
  const symmetric = (keyBits: number): TpmtSymDefObject =>
    protects ? { algorithm: 'aes', keyBits, mode: 'cfb' } : { algorithm: 'null' }
  const rsa = (keyBits: number, hashAlg: 'sha256' | 'sha384', symmetricBits: number): RsaPublic => ({
    type: 'rsa',
    ...common(hashAlg),
    parameters: {
      symmetric: symmetric(symmetricBits),
      scheme: signs ? { scheme: 'rsassa', hashAlg } : { scheme: 'null' },
      keyBits,
      exponent: 0,
    },
    unique: zeroUnique ? new Uint8Array(keyBits / 8) : nothing,
  })
  const ecc = (
    curveID: 'P-256' | 'P-384',
    hashAlg: 'sha256' | 'sha384',
    symmetricBits: number,
  ): EccPublic => {
    const coordinate = zeroUnique ? new Uint8Array(curveID === 'P-256' ? 32 : 48) : nothing
    return {
      type: 'ecc',
      ...common(hashAlg),
      parameters: {
        symmetric: symmetric(symmetricBits),
        scheme: signs ? { scheme: 'ecdsa', hashAlg } : { scheme: 'null' },
        curveID,
        kdf: { scheme: 'null' },
      },
      unique: { x: coordinate, y: coordinate },
    }
  }
  return {
    'rsa-2048': rsa(2048, 'sha256', 128),
    'rsa-3072': rsa(3072, 'sha384', 256),
    'ecc-p256': ecc('P-256', 'sha256', 128),
    'ecc-p384': ecc('P-384', 'sha384', 256),
  }
}

/** Keys that sign whatever digest they are given: to prove possession. Usable with the empty password. */
export const signingKeyTemplates: UserKeyTemplates = asymmetricTemplates({
  attributes: ['userWithAuth', 'noDA', 'sign'],
  signs: true,
})

/** Keys that something is encrypted to; the scheme is said with each use. Usable with the empty password. */
export const decryptionKeyTemplates: UserKeyTemplates = asymmetricTemplates({
  attributes: ['userWithAuth', 'noDA', 'decrypt'],
  signs: false,
})

/** Keys that objects live under and are imported under. Usable with the empty password. */
export const storageKeyTemplates: UserKeyTemplates = asymmetricTemplates({
  attributes: ['userWithAuth', 'noDA', 'restricted', 'decrypt'],
  signs: false,
  protects: true,
})

/**
 * Storage root keys as systems are provisioned with them: the same, made from the owner's seed with zeros in `unique`.
 * TCG TPM v2.0 Provisioning Guidance, section 7.5.1.
 */
export const srkTemplates: UserKeyTemplates = asymmetricTemplates({
  attributes: ['userWithAuth', 'noDA', 'restricted', 'decrypt'],
  signs: false,
  protects: true,
  zeroUnique: true,
})
