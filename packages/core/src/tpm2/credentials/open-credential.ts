import type { KeyObject } from 'node:crypto'
import { decode } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import { tpm2bDigest } from '../buffers.js'
import { unwrapOuter } from '../protection/outer-wrap.js'
import { recoverSeed } from '../protection/recover-seed.js'
import { asStorageKey, type StorageSuite, storageSuite } from '../protection/storage-suite.js'
import type { TpmtPublic } from '../public-area.js'
import { type TpmsIdObject, tpm2bIdObject } from './id-object.js'

/** What {@link openCredential} takes. */
export interface OpenCredentialOptions {
  /** Private half of the endorsement key. */
  privateKey: KeyObject
  endorsementKey: TpmtPublic
  /** Name of the object that the credential is for. */
  objectName: Uint8Array
  /** TPM2B_ID_OBJECT. */
  credentialBlob: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  encryptedSecret: Uint8Array
}

function parseBlob(blob: Uint8Array, suite: StorageSuite): TpmsIdObject {
  try {
    return decode(tpm2bIdObject, blob)
  } catch {
    return { integrityHMAC: new Uint8Array(suite.digestSize), encIdentity: new Uint8Array() }
  }
}

/**
 * TPM2_ActivateCredential in software, for endorsement keys whose private half is at hand: tests, software TPMs.
 * Part 1, section 24.
 * @returns the secret, at most a digest long
 * @throws TPM_CREDENTIAL_INVALID whatever is wrong with the credential, the name or the private key
 * @throws TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED when the endorsement key's public area cannot receive any
 */
export function openCredential(options: OpenCredentialOptions): Uint8Array {
  const { privateKey, objectName, encryptedSecret } = options
  const storageKey = asStorageKey(options.endorsementKey)
  const suite = storageSuite(storageKey)
  const seed = recoverSeed({ privateKey, storageKey, suite, label: 'IDENTITY', encryptedSecret })
  const { integrityHMAC, encIdentity } = parseBlob(options.credentialBlob, suite)
  const identity = unwrapOuter(suite, seed, objectName, { integrity: integrityHMAC, encrypted: encIdentity })
  if (identity !== undefined) {
    try {
      return decode(tpm2bDigest, identity)
    } catch {
      // Made by someone with the public key who does not follow the format.
    }
  }
  throw new TrustholdError('TPM_CREDENTIAL_INVALID', { nameAlgorithm: suite.nameAlg })
}
