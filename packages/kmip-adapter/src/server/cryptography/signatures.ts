import { constants, type KeyObject, privateDecrypt, publicEncrypt, sign, verify } from 'node:crypto'
import type { CryptographicParameters } from '../../protocol/index.js'
import type { Enumerated } from '../../ttlv/index.js'
import { refuse } from '../exchange/refusal.js'
import { nodeHash } from './hashes.js'

type HashName = Exclude<Enumerated<'HashingAlgorithm'>, number>
type Family = 'rsa' | 'rsa-pss' | 'ec'

/** What KMIP's names of signature algorithms say; undefined where the hash comes by itself. */
const algorithms: Readonly<Record<string, { readonly family: Family; readonly hash?: HashName }>> = {
  SHA_1WithRSAEncryptionPKCS_1V1_5: { family: 'rsa', hash: 'SHA_1' },
  SHA_224WithRSAEncryptionPKCS_1V1_5: { family: 'rsa', hash: 'SHA_224' },
  SHA_256WithRSAEncryptionPKCS_1V1_5: { family: 'rsa', hash: 'SHA_256' },
  SHA_384WithRSAEncryptionPKCS_1V1_5: { family: 'rsa', hash: 'SHA_384' },
  SHA_512WithRSAEncryptionPKCS_1V1_5: { family: 'rsa', hash: 'SHA_512' },
  RSASSA_PSSPKCS_1V2_1: { family: 'rsa-pss' },
  ECDSAWithSHA_1: { family: 'ec', hash: 'SHA_1' },
  ECDSAWithSHA224: { family: 'ec', hash: 'SHA_224' },
  ECDSAWithSHA256: { family: 'ec', hash: 'SHA_256' },
  ECDSAWithSHA384: { family: 'ec', hash: 'SHA_384' },
  ECDSAWithSHA512: { family: 'ec', hash: 'SHA_512' },
  SHA3_256WithRSAEncryption: { family: 'rsa', hash: 'SHA_3_256' },
  SHA3_384WithRSAEncryption: { family: 'rsa', hash: 'SHA_3_384' },
  SHA3_512WithRSAEncryption: { family: 'rsa', hash: 'SHA_3_512' },
}

const rsaPaddings: Readonly<Record<string, Family>> = { PKCS1V1_5: 'rsa', PSS: 'rsa-pss' }

interface Scheme {
  readonly hash: string
  readonly options: { readonly padding?: number; readonly saltLength?: number; readonly dsaEncoding?: 'der' }
}

function familyOf(key: KeyObject, parameters: CryptographicParameters): Family {
  if (key.asymmetricKeyType === 'ec') return 'ec'
  if (key.asymmetricKeyType !== 'rsa') return refuse('InvalidField', 'keys of this kind do not sign')
  const { paddingMethod } = parameters
  if (paddingMethod === undefined) {
    return refuse('BadCryptographicParameters', 'a Padding Method or a Digital Signature Algorithm is needed')
  }
  const name = String(paddingMethod)
  const family = Object.hasOwn(rsaPaddings, name) ? rsaPaddings[name] : undefined
  return (
    family ?? refuse('UnsupportedCryptographicParameters', `signing with padding ${name} is not supported`)
  )
}

function chooseScheme(key: KeyObject, parameters: CryptographicParameters): Scheme {
  const { digitalSignatureAlgorithm, hashingAlgorithm, saltLength } = parameters
  const name = String(digitalSignatureAlgorithm)
  const named = Object.hasOwn(algorithms, name) ? algorithms[name] : undefined
  if (digitalSignatureAlgorithm !== undefined && named === undefined) {
    return refuse('UnsupportedCryptographicParameters', `signing by ${name} is not supported`)
  }
  const family = named?.family ?? familyOf(key, parameters)
  const fits = family === 'ec' ? key.asymmetricKeyType === 'ec' : key.asymmetricKeyType === 'rsa'
  if (!fits) return refuse('BadCryptographicParameters', 'the signature algorithm is not one of the key')
  if (named?.hash !== undefined && hashingAlgorithm !== undefined && named.hash !== hashingAlgorithm) {
    return refuse('BadCryptographicParameters', 'two hashing algorithms are asked for')
  }
  const hash = nodeHash(named?.hash ?? hashingAlgorithm)
  if (family === 'ec') return { hash, options: { dsaEncoding: 'der' } }
  if (family === 'rsa') return { hash, options: { padding: constants.RSA_PKCS1_PADDING } }
  return {
    hash,
    options: {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: saltLength ?? constants.RSA_PSS_SALTLEN_DIGEST,
    },
  }
}

/**
 * Signs data: RSA with PKCS#1 v1.5 or PSS (salt as long as the digest unless the parameters say otherwise), ECDSA in
 * DER.
 * @throws Refusal
 */
export function signData(key: KeyObject, parameters: CryptographicParameters, data: Uint8Array): Uint8Array {
  const { hash, options } = chooseScheme(key, parameters)
  try {
    return new Uint8Array(sign(hash, data, { key, ...options }))
  } catch {
    return refuse('CryptographicFailure', 'the key does not sign with these parameters')
  }
}

/** Whether a signature is the key's over this data. @throws Refusal for parameters that are not supported */
export function verifyData(
  key: KeyObject,
  parameters: CryptographicParameters,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { hash, options } = chooseScheme(key, parameters)
  try {
    return verify(hash, data, { key, ...options }, signature)
  } catch {
    return false
  }
}

function oaep(parameters: CryptographicParameters) {
  const { paddingMethod, hashingAlgorithm, maskGeneratorHashingAlgorithm, pSource } = parameters
  if (paddingMethod !== 'OAEP') {
    return refuse('UnsupportedCryptographicParameters', 'RSA encrypts with padding OAEP only')
  }
  if (maskGeneratorHashingAlgorithm !== undefined && maskGeneratorHashingAlgorithm !== hashingAlgorithm) {
    return refuse('UnsupportedCryptographicParameters', 'both hashes of OAEP have to be the same')
  }
  return {
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: nodeHash(hashingAlgorithm),
    ...(pSource === undefined ? {} : { oaepLabel: pSource }),
  }
}

/** Encrypts with a public RSA key, by OAEP: RFC 8017, section 7.1. @throws Refusal */
export function encryptRsa(
  key: KeyObject,
  parameters: CryptographicParameters,
  data: Uint8Array,
): Uint8Array {
  const options = oaep(parameters)
  try {
    return new Uint8Array(publicEncrypt({ key, ...options }, data))
  } catch {
    return refuse('CryptographicFailure', 'the key does not encrypt this data with these parameters')
  }
}

/** Decrypts what {@link encryptRsa} made. @throws Refusal */
export function decryptRsa(
  key: KeyObject,
  parameters: CryptographicParameters,
  data: Uint8Array,
): Uint8Array {
  const options = oaep(parameters)
  try {
    return new Uint8Array(privateDecrypt({ key, ...options }, data))
  } catch {
    return refuse('CryptographicFailure', 'the data does not decrypt')
  }
}
