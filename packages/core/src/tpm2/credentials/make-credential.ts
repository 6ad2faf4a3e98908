import { encode } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import { tpm2bDigest } from '../buffers.js'
import { nameAlgorithmOf } from '../names.js'
import { wrapOuter } from '../protection/outer-wrap.js'
import { type Random, systemRandom } from '../protection/random.js'
import { shareSeed } from '../protection/share-seed.js'
import { asStorageKey, storageSuite } from '../protection/storage-suite.js'
import type { TpmtPublic } from '../public-area.js'
import { tpm2bIdObject } from './id-object.js'

/** What {@link makeCredential} takes. */
export interface MakeCredentialOptions {
  /** Public area of a restricted decryption key: the one that can open the credential. */
  endorsementKey: TpmtPublic
  /** Name of the object that has to be loaded beside it; see {@link computeName}. */
  objectName: Uint8Array
  /** One byte to as many as a digest of the endorsement key's name algorithm has. */
  secret: Uint8Array
  /** Source of the seed or the ephemeral key; the system's by default. */
  random?: Random
}

/** What {@link makeCredential} returns: the two inputs of TPM2_ActivateCredential. */
export interface Credential {
  /** TPM2B_ID_OBJECT. */
  readonly credentialBlob: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSecret: Uint8Array
}

/**
 * TPM2_MakeCredential in software: a secret that only the TPM with this endorsement key can open, and only while the
 * named object is loaded in it. Part 1, section 24 and annexes B.10.4, C.6.4; Part 3, TPM2_MakeCredential.
 * @throws TPM_KEY_INVALID for an endorsement key that is weak or no restricted decryption key, or a name that is none
 * @throws TPM_ALGORITHM_UNSUPPORTED for name algorithms other than SHA-256, SHA-384, SHA-512, and ciphers but AES
 * @throws ARGUMENT_INVALID for a secret that is empty or too long
 */
export function makeCredential(options: MakeCredentialOptions): Credential {
  const { objectName, secret, random = systemRandom } = options
  const endorsementKey = asStorageKey(options.endorsementKey)
  const suite = storageSuite(endorsementKey)
  nameAlgorithmOf(objectName)
  if (secret.length === 0 || secret.length > suite.digestSize) {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: 'secret',
      reason: `${secret.length} bytes, not 1 to ${suite.digestSize}`,
    })
  }
  const { seed, encryptedSecret } = shareSeed(endorsementKey, suite, 'IDENTITY', random)
  const { integrity, encrypted } = wrapOuter(suite, seed, objectName, encode(tpm2bDigest, secret))
  seed.fill(0)
  const credentialBlob = encode(tpm2bIdObject, { integrityHMAC: integrity, encIdentity: encrypted })
  return { credentialBlob, encryptedSecret }
}
