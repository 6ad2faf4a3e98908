import { createCipheriv, createDecipheriv } from 'node:crypto'
import { TrustholdError } from '../errors/index.js'
import { cfbCipher, type HashAlgorithm, hashFacts, plain } from './algorithms.js'
import { hmacOf, kdfa } from './kdf.js'
import type { EccPublic, RsaPublic, TpmtPublic } from './public-area.js'

/** Label of the seed of a credential. Part 1, section 24. */
export const identityLabel = 'IDENTITY'

/** What an endorsement key says about protecting a credential for it. */
export interface CredentialSuite {
  readonly nameAlg: HashAlgorithm
  /** Of a digest of `nameAlg`: length of the seed and greatest length of the secret, in bytes. */
  readonly digestSize: number
  /** OpenSSL's name of the symmetric cipher. */
  readonly cipher: string
  /** Length of the cipher's key, in bits. */
  readonly keyBits: number
}

function refuse(path: string, reason: string): never {
  throw new TrustholdError('TPM_KEY_INVALID', { path, reason })
}

/** Narrows to the public areas that can be endorsement keys: restricted decryption keys. */
export function asStorageKey(endorsementKey: TpmtPublic): RsaPublic | EccPublic {
  if (endorsementKey.type !== 'rsa' && endorsementKey.type !== 'ecc') {
    return refuse('type', `a ${endorsementKey.type} object cannot receive credentials`)
  }
  const { restricted, decrypt, sign } = endorsementKey.objectAttributes
  if (!restricted || !decrypt || sign) refuse('objectAttributes', 'not a restricted decryption key')
  return endorsementKey
}

/**
 * Algorithms of a credential for this endorsement key.
 * @throws TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED
 */
export function credentialSuite({ nameAlg, parameters }: RsaPublic | EccPublic): CredentialSuite {
  if (nameAlg === 'null' || hashFacts(nameAlg).signing !== 'yes') {
    throw new TrustholdError('TPM_ALGORITHM_UNSUPPORTED', { use: 'credentials', algorithm: nameAlg })
  }
  const { symmetric } = parameters
  if (symmetric.algorithm === 'null' || symmetric.mode !== 'cfb') {
    return refuse('parameters.symmetric', 'not a block cipher in CFB mode')
  }
  return {
    nameAlg,
    digestSize: hashFacts(nameAlg).size,
    cipher: cfbCipher(symmetric.algorithm, symmetric.keyBits),
    keyBits: symmetric.keyBits,
  }
}

const nothing = new Uint8Array()
const zeroIv = new Uint8Array(16)

function storageKey(suite: CredentialSuite, seed: Uint8Array, objectName: Uint8Array): Uint8Array {
  return kdfa(suite.nameAlg, seed, 'STORAGE', objectName, nothing, suite.keyBits)
}

/** Encrypts the identity with the key that seed and name give; CFB with a zero IV, as each key is used once. */
export function encryptIdentity(
  suite: CredentialSuite,
  seed: Uint8Array,
  objectName: Uint8Array,
  identity: Uint8Array,
): Uint8Array {
  return plain(createCipheriv(suite.cipher, storageKey(suite, seed, objectName), zeroIv).update(identity))
}

/** Undoes {@link encryptIdentity}. */
export function decryptIdentity(
  suite: CredentialSuite,
  seed: Uint8Array,
  objectName: Uint8Array,
  encIdentity: Uint8Array,
): Uint8Array {
  return plain(
    createDecipheriv(suite.cipher, storageKey(suite, seed, objectName), zeroIv).update(encIdentity),
  )
}

/** HMAC that binds the encrypted identity to the object's name. */
export function credentialHmac(
  suite: CredentialSuite,
  seed: Uint8Array,
  objectName: Uint8Array,
  encIdentity: Uint8Array,
): Uint8Array {
  const { nameAlg, digestSize } = suite
  const key = kdfa(nameAlg, seed, 'INTEGRITY', nothing, nothing, digestSize * 8)
  return hmacOf(nameAlg, key, encIdentity, objectName)
}
