import { TrustholdError } from '../../errors/index.js'
import { cfbCipher, type HashAlgorithm, hashFacts } from '../algorithms.js'
import type { EccPublic, RsaPublic, TpmtPublic } from '../public-area.js'

/** What a storage key says about protecting something for it. */
export interface StorageSuite {
  readonly nameAlg: HashAlgorithm
  /** Of a digest of `nameAlg`, and so of the seed, in bytes. */
  readonly digestSize: number
  /** OpenSSL's name of the symmetric cipher. */
  readonly cipher: string
  /** Length of the cipher's key, in bits. */
  readonly keyBits: number
}

function refuse(path: string, reason: string): never {
  throw new TrustholdError('TPM_KEY_INVALID', { path, reason })
}

/**
 * Narrows to the public areas that can receive credentials and children: restricted decryption keys, as endorsement
 * keys and other storage keys are.
 * @throws TPM_KEY_INVALID
 */
export function asStorageKey(publicArea: TpmtPublic): RsaPublic | EccPublic {
  if (publicArea.type !== 'rsa' && publicArea.type !== 'ecc') {
    return refuse('type', `a ${publicArea.type} object is no storage key`)
  }
  const { restricted, decrypt, sign } = publicArea.objectAttributes
  if (!restricted || !decrypt || sign) refuse('objectAttributes', 'not a restricted decryption key')
  return publicArea
}

/**
 * Algorithms of what is protected for this storage key.
 * @throws TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED
 */
export function storageSuite({ nameAlg, parameters }: RsaPublic | EccPublic): StorageSuite {
  if (nameAlg === 'null' || hashFacts(nameAlg).signing !== 'yes') {
    throw new TrustholdError('TPM_ALGORITHM_UNSUPPORTED', { use: 'object protection', algorithm: nameAlg })
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
