import { createHash, type KeyObject } from 'node:crypto'
import { equalBytes, toHex } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import { ekPolicies, type ObjectAttribute, publicKeyOf, type TpmtPublic } from '../tpm2/index.js'
import { type CertifiedKey, importPublicKey } from '../x509/index.js'

const required: readonly ObjectAttribute[] = [
  'fixedTPM',
  'fixedParent',
  'sensitiveDataOrigin',
  'adminWithPolicy',
  'restricted',
  'decrypt',
]

/**
 * Checks that a public area is one of an endorsement key: a restricted decryption key that was made in its TPM and
 * stays there, strong, and under a policy of the profile (TCG EK Credential Profile 2.5, annex B).
 * @throws TPM_KEY_INVALID naming the field
 * @throws TPM_ALGORITHM_UNSUPPORTED for curves that are not read
 */
export function checkEkPublicArea(publicArea: TpmtPublic): KeyObject {
  if (publicArea.type !== 'rsa' && publicArea.type !== 'ecc')
    refuse('type', `${publicArea.type}, not rsa or ecc`)
  const { objectAttributes, parameters } = publicArea
  const missing = required.filter((attribute) => !objectAttributes[attribute])
  if (missing.length > 0) refuse('objectAttributes', `${missing.join(', ')} not set`)
  if (objectAttributes.sign) refuse('objectAttributes', 'sign is set')
  checkPolicy(publicArea)
  const { symmetric, scheme } = parameters
  if (symmetric.algorithm !== 'aes' || symmetric.mode !== 'cfb' || symmetric.keyBits < 128) {
    refuse('parameters.symmetric', 'not AES in CFB mode with 128 bits or more')
  }
  if (scheme.scheme !== 'null') refuse('parameters.scheme', `${scheme.scheme}, not null`)
  return publicKeyOf(publicArea)
}

function checkPolicy({ nameAlg, authPolicy }: TpmtPublic): void {
  const known: readonly Uint8Array[] =
    nameAlg === 'sha256'
      ? [ekPolicies.A.sha256, ekPolicies.B.sha256]
      : nameAlg === 'sha384' || nameAlg === 'sha512'
        ? [ekPolicies.B[nameAlg]]
        : refuse('nameAlg', `${nameAlg}, not sha256, sha384 or sha512`)
  if (!known.some((policy) => equalBytes(policy, authPolicy))) {
    refuse('authPolicy', 'not a policy of the EK Credential Profile')
  }
}

/** Name of a key's algorithm and size, such as `rsa-2048` or `ecc-p256`. */
export function keyKindOf(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  return key.asymmetricKeyType === 'rsa'
    ? `rsa-${modulusLength}`
    : `ecc-${curveNames[namedCurve ?? ''] ?? namedCurve}`
}

const curveNames: Readonly<Record<string, string>> = {
  prime256v1: 'p256',
  secp384r1: 'p384',
  secp521r1: 'p521',
}

/** A certified key as an endorsement key may be: plain RSA, marked for OAEP, or on a P curve. */
export function importEndorsementKey(key: CertifiedKey, path?: string): KeyObject {
  if (key.kind === 'rsa' && key.restriction === 'pss')
    refuse(path ?? 'subjectPublicKeyInfo', 'a key for signing')
  return importPublicKey(key, path)
}

/** SubjectPublicKeyInfo in the one form that every source of a key leads to. */
export function canonicalSpki(key: KeyObject): Uint8Array {
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }))
}

/**
 * The id under which an endorsement key is registered: SHA-256 of its SubjectPublicKeyInfo, lower-case hexadecimal. It
 * is of the key alone and the same wherever the key comes from.
 * @throws TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED
 */
export function endorsementKeyId(publicArea: TpmtPublic): string {
  return keyIdOf(publicKeyOf(publicArea))
}

/** See {@link endorsementKeyId}. */
export function keyIdOf(key: KeyObject): string {
  return toHex(createHash('sha256').update(canonicalSpki(key)).digest())
}

function refuse(path: string, reason: string): never {
  throw new TrustholdError('TPM_KEY_INVALID', { path, reason })
}
