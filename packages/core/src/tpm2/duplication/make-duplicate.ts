import { encode } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import { type HashAlgorithm, hashFacts } from '../algorithms.js'
import { computeName } from '../names.js'
import { wrapOuter } from '../protection/outer-wrap.js'
import { type Random, systemRandom } from '../protection/random.js'
import { shareSeed } from '../protection/share-seed.js'
import { asStorageKey, storageSuite } from '../protection/storage-suite.js'
import { type TpmtPublic, tpm2bPublic } from '../public-area.js'
import { tpm2bSensitive } from '../sensitive.js'
import type { ImportableObject } from './importable-object.js'
import { type InnerWrapper, wrapInner } from './inner-wrap.js'
import { tpm2bDuplicate } from './private-area.js'
import { belongTogether } from './sensitive-match.js'

/** What {@link makeDuplicate} takes. */
export interface MakeDuplicateOptions {
  /** What is to be imported; `sealedObject` and `importableKey` make it. */
  readonly object: ImportableObject
  /** Public area of the storage key under which it shall be imported, such as an endorsement or storage root key. */
  readonly newParent: TpmtPublic
  /** None by default. Required for objects with `encryptedDuplication`. */
  readonly innerWrapper?: InnerWrapper
  /** Source of the seed or the ephemeral key; the system's by default. */
  readonly random?: Random
}

/** What {@link makeDuplicate} returns: inputs of TPM2_Import, under their names there. */
export interface Duplicate {
  /** TPM2B_PUBLIC. */
  readonly objectPublic: Uint8Array
  /** TPM2B_PRIVATE. */
  readonly duplicate: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly inSymSeed: Uint8Array
}

function refuse(path: string, reason: string): never {
  throw new TrustholdError('TPM_KEY_INVALID', { path, reason })
}

/** Refuses what no TPM would import. */
function checkObject(object: ImportableObject, wrapped: boolean): HashAlgorithm {
  const { nameAlg, objectAttributes, authPolicy } = object.publicArea
  if (nameAlg === 'null') return refuse('object.publicArea.nameAlg', 'an object without name algorithm')
  const { size } = hashFacts(nameAlg)
  const { fixedTPM, fixedParent, encryptedDuplication } = objectAttributes
  if (fixedTPM || fixedParent) {
    refuse('object.publicArea.objectAttributes', 'fixed to a TPM or parent, so it cannot be duplicated')
  }
  if (encryptedDuplication && !wrapped) {
    refuse('object.publicArea.objectAttributes', 'encryptedDuplication asks for an inner wrapper')
  }
  if (authPolicy.length !== 0 && authPolicy.length !== size) {
    refuse('object.publicArea.authPolicy', `${authPolicy.length} bytes, neither none nor ${size}`)
  }
  if (object.sensitive.authValue.length > size) {
    refuse('object.sensitive.authValue', `longer than ${size} bytes`)
  }
  if (!belongTogether(object)) refuse('object', 'the sensitive area is not that of the public area')
  return nameAlg
}

/**
 * TPM2_Duplicate in software: an object that only the TPM with this storage key can import, and cannot be changed on
 * its way. Part 1, section 23.3; Part 3, TPM2_Duplicate and TPM2_Import.
 * @throws TPM_KEY_INVALID for a parent that is weak or no storage key, and for an object that cannot be imported
 * @throws TPM_ALGORITHM_UNSUPPORTED for parents with name algorithms other than SHA-256, SHA-384, SHA-512, and for ciphers
 *   but AES
 * @throws ARGUMENT_INVALID for an inner key of another length than its algorithm has
 */
export function makeDuplicate(options: MakeDuplicateOptions): Duplicate {
  const { object, innerWrapper, random = systemRandom } = options
  const newParent = asStorageKey(options.newParent)
  const suite = storageSuite(newParent)
  const nameAlg = checkObject(object, innerWrapper !== undefined)
  const name = computeName(object.publicArea)
  const sensitive = encode(tpm2bSensitive, object.sensitive)
  const content = innerWrapper === undefined ? sensitive : wrapInner(innerWrapper, nameAlg, name, sensitive)
  const { seed, encryptedSecret } = shareSeed(newParent, suite, 'DUPLICATE', random)
  const { integrity, encrypted } = wrapOuter(suite, seed, name, content)
  for (const secret of [seed, sensitive]) secret.fill(0)
  return {
    objectPublic: encode(tpm2bPublic, object.publicArea),
    duplicate: encode(tpm2bDuplicate, { integrityOuter: integrity, sensitive: encrypted }),
    inSymSeed: encryptedSecret,
  }
}
