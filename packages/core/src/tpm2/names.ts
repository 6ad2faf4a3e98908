import { concatBytes } from '../bytes/index.js'
import { decode, encode, Reader } from '../codec/index.js'
import { TrustholdError } from '../errors/index.js'
import { digestOf, type HashAlgorithm, hashFacts, tpmiAlgHash } from './algorithms.js'
import { type TpmsNvPublic, tpmsNvPublic } from './nv-public.js'
import { type TpmtPublic, tpmtPublic } from './public-area.js'

function prefixed(nameAlg: HashAlgorithm, data: Uint8Array): Uint8Array {
  return concatBytes(encode(tpmiAlgHash, nameAlg), digestOf(nameAlg, data))
}

/**
 * The name of an object: its name algorithm's id and the digest of its public area. Part 1, section 16.
 * @param publicArea TPMT_PUBLIC, as received, or as a value. Received bytes are hashed as they are.
 * @throws CODEC_UNDERFLOW and others, when the bytes are not a TPMT_PUBLIC
 * @throws TPM_KEY_INVALID for name algorithm `null`: such an object has no name
 */
export function computeName(publicArea: Uint8Array | TpmtPublic): Uint8Array {
  const received = publicArea instanceof Uint8Array
  const { nameAlg } = received ? decode(tpmtPublic, publicArea) : publicArea
  if (nameAlg === 'null') {
    throw new TrustholdError('TPM_KEY_INVALID', {
      path: 'nameAlg',
      reason: 'an object without name algorithm',
    })
  }
  return prefixed(nameAlg, received ? publicArea : encode(tpmtPublic, publicArea))
}

/**
 * The name of an NV index: its name algorithm's id and the digest of its public area, attributes included, so that it
 * changes when the index is written for the first time or locked. Part 1, section 16.
 * @param nvPublic TPMS_NV_PUBLIC, as received, or as a value. Received bytes are hashed as they are.
 * @throws CODEC_UNDERFLOW and others, when the bytes are not a TPMS_NV_PUBLIC
 */
export function computeNvName(nvPublic: Uint8Array | TpmsNvPublic): Uint8Array {
  const received = nvPublic instanceof Uint8Array
  const { nameAlg } = received ? decode(tpmsNvPublic, nvPublic) : nvPublic
  return prefixed(nameAlg, received ? nvPublic : encode(tpmsNvPublic, nvPublic))
}

/**
 * The hash algorithm of a name.
 * @throws TPM_KEY_INVALID when the bytes are not a name algorithm's id and a digest of its length
 */
export function nameAlgorithmOf(name: Uint8Array): HashAlgorithm {
  try {
    const nameAlg = tpmiAlgHash.read(new Reader(name))
    if (name.length === hashFacts(nameAlg).size + 2) return nameAlg
  } catch {
    // Falls through: whatever was wrong, it is no name.
  }
  throw new TrustholdError('TPM_KEY_INVALID', { path: 'name', reason: 'not an algorithm and its digest' })
}

/**
 * The qualified name of an object: `id || H(parent's qualified name || name)`, H being the object's name algorithm.
 * For a primary key the parent is its hierarchy, whose qualified name {@link hierarchyName} gives. Part 1, 26.6.
 * @throws TPM_KEY_INVALID when `name` is not the name of an object
 */
export function computeQualifiedName(parentQualifiedName: Uint8Array, name: Uint8Array): Uint8Array {
  return prefixed(nameAlgorithmOf(name), concatBytes(parentQualifiedName, name))
}
