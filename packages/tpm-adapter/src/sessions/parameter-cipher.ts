import { createCipheriv, createDecipheriv } from 'node:crypto'
import { type HashAlgorithm, kdfa } from '@trusthold/core/tpm2'

/** Bits of an AES key. */
export type AesKeyBits = 128 | 256

/** What a parameter is encrypted with; another pair of nonces each time. */
export interface ParameterKey {
  readonly hash: HashAlgorithm
  readonly keyBits: AesKeyBits
  /** sessionKey, and the authValue of the entity that the session authorises. */
  readonly sessionValue: Uint8Array
  /** Of the side that encrypts. */
  readonly nonceNewer: Uint8Array
  readonly nonceOlder: Uint8Array
}

const blockBits = 128

/** Key and initialisation vector for AES in CFB mode. TPM 2.0 Part 1, section 21.3. */
function derive({ hash, keyBits, sessionValue, nonceNewer, nonceOlder }: ParameterKey) {
  const derived = kdfa(hash, sessionValue, 'CFB', nonceNewer, nonceOlder, keyBits + blockBits)
  return {
    algorithm: `aes-${keyBits}-cfb`,
    key: derived.subarray(0, keyBits / 8),
    iv: derived.subarray(keyBits / 8),
  }
}

/** Encrypts the content of a command's first parameter. */
export function encryptParameter(parameterKey: ParameterKey, plain: Uint8Array): Uint8Array {
  const { algorithm, key, iv } = derive(parameterKey)
  return new Uint8Array(createCipheriv(algorithm, key, iv).update(plain))
}

/** Decrypts the content of a response's first parameter. */
export function decryptParameter(parameterKey: ParameterKey, encrypted: Uint8Array): Uint8Array {
  const { algorithm, key, iv } = derive(parameterKey)
  return new Uint8Array(createDecipheriv(algorithm, key, iv).update(encrypted))
}
