import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes, constantTimeEqual } from '../../bytes/index.js'
import { decode, encode, rest, struct } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import { cfbCipher, digestOf, type HashAlgorithm, plain } from '../algorithms.js'
import { tpm2bDigest } from '../buffers.js'
import type { TpmtSymDefObject } from '../schemes.js'

/**
 * A second encryption inside the one for the new parent, with a key that whoever imports has to bring along. The key has
 * to reach the importer by another way than the duplicate.
 */
export interface InnerWrapper {
  /** AES in CFB mode: `symmetricAlg` of TPM2_Import. */
  readonly symmetric: TpmtSymDefObject
  /** `encryptionKey` of TPM2_Import; used for one duplicate only. */
  readonly key: Uint8Array
}

const innerArea = struct('_PRIVATE', { integrityInner: tpm2bDigest, sensitive: rest })
// CFB with a zero IV, as the TPM does it: the key is used once.
const zeroIv = new Uint8Array(16)

/**
 * OpenSSL's name of the cipher.
 * @throws ARGUMENT_INVALID, TPM_ALGORITHM_UNSUPPORTED
 */
function cipherOf({ symmetric, key }: InnerWrapper): string {
  if (symmetric.algorithm === 'null' || symmetric.mode !== 'cfb') {
    throw new TrustholdError('TPM_ALGORITHM_UNSUPPORTED', {
      use: 'an inner wrapper',
      algorithm: symmetric.algorithm === 'null' ? 'null' : `${symmetric.algorithm}-${symmetric.mode}`,
    })
  }
  const cipher = cfbCipher(symmetric.algorithm, symmetric.keyBits)
  if (key.length * 8 === symmetric.keyBits) return cipher
  throw new TrustholdError('ARGUMENT_INVALID', {
    name: 'innerWrapper.key',
    reason: `${key.length * 8} bits, not ${symmetric.keyBits}`,
  })
}

/**
 * Encrypts a TPM2B_SENSITIVE together with a digest that binds it to the object's name. Part 1, section 23.3.2.2.
 * @param nameAlg the object's own
 * @throws ARGUMENT_INVALID, TPM_ALGORITHM_UNSUPPORTED for a wrapper that cannot be
 */
export function wrapInner(
  wrapper: InnerWrapper,
  nameAlg: HashAlgorithm,
  name: Uint8Array,
  sensitive: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(cipherOf(wrapper), wrapper.key, zeroIv)
  const integrityInner = digestOf(nameAlg, concatBytes(sensitive, name))
  const area = encode(innerArea, { integrityInner, sensitive })
  const wrapped = plain(cipher.update(area))
  area.fill(0)
  return wrapped
}

/**
 * Undoes {@link wrapInner}; undefined when integrity, key or name is not what it was.
 * @throws ARGUMENT_INVALID, TPM_ALGORITHM_UNSUPPORTED for a wrapper that cannot be
 */
export function unwrapInner(
  wrapper: InnerWrapper,
  nameAlg: HashAlgorithm,
  name: Uint8Array,
  wrapped: Uint8Array,
): Uint8Array | undefined {
  const decipher = createDecipheriv(cipherOf(wrapper), wrapper.key, zeroIv)
  try {
    const { integrityInner, sensitive } = decode(innerArea, plain(decipher.update(wrapped)))
    const expected = digestOf(nameAlg, concatBytes(sensitive, name))
    return constantTimeEqual(integrityInner, expected) ? sensitive : undefined
  } catch {
    // Not even the layout is there: another key.
    return undefined
  }
}
