/**
 * Signatures as a TPM would make them, by keys in software.
 * @module
 */
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { exportJwk, fromBase64url, utf8 } from '@trusthold/core/bytes'
import {
  akTemplates,
  type HashAlgorithm,
  type RsaPublic,
  type TpmtPublic,
  type TpmtSignature,
  verifySignature,
} from '@trusthold/core/tpm2'
import { expect } from 'vitest'

/** What everything here is signed over. */
export const message = utf8('what a TPM would sign')

/** Hashes that signatures may be over. */
export const hashes = ['sha256', 'sha384', 'sha512'] as const

const withCode = (code: string): unknown => expect.objectContaining({ code })
/** A key is refused as weak or inconsistent. */
export const keyInvalid = withCode('TPM_KEY_INVALID')
/** An algorithm is refused by name. */
export const unsupported = withCode('TPM_ALGORITHM_UNSUPPORTED')

export type RsaSignature = Extract<TpmtSignature, { sigAlg: 'rsassa' | 'rsapss' }>
export type EcdsaSignature = Extract<TpmtSignature, { sigAlg: 'ecdsa' }>

/** A fresh EC key. */
export const ecPair = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })

/** Modulus or coordinate of a key. */
export const jwkBytes = (key: KeyObject, member: 'n' | 'x' | 'y'): Uint8Array =>
  fromBase64url(String(exportJwk(key)[member]))

/** An RSAPSS signature. */
export function signPss(
  hash: HashAlgorithm,
  key: KeyObject,
  saltLength: number,
  over = message,
): RsaSignature {
  const padding = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
  return { sigAlg: 'rsapss', hash, sig: new Uint8Array(sign(hash, over, padding)) }
}

/** An RSASSA signature. */
export function signPkcs1(hash: HashAlgorithm, key: KeyObject, over = message): RsaSignature {
  return { sigAlg: 'rsassa', hash, sig: new Uint8Array(sign(hash, over, key)) }
}

/** An ECDSA signature. */
export function signEcdsa(hash: HashAlgorithm, key: KeyObject, over = message): EcdsaSignature {
  const joined = new Uint8Array(sign(hash, over, { key, dsaEncoding: 'ieee-p1363' }))
  const middle = joined.length / 2
  return { sigAlg: 'ecdsa', hash, signatureR: joined.slice(0, middle), signatureS: joined.slice(middle) }
}

/** Whether the signature verifies; what it throws is thrown on. */
export const verifies = (key: KeyObject, signature: TpmtSignature, publicArea?: TpmtPublic): boolean =>
  verifySignature({ key, signature, message, ...(publicArea && { publicArea }) })

/** A public area on the template of attestation keys. */
export function rsaArea(unique: Uint8Array, keyBits = 2048, exponent = 0): RsaPublic {
  const template = akTemplates['rsa-2048']
  return { ...template, parameters: { ...template.parameters, keyBits, exponent }, unique }
}
