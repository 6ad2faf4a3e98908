import type { KeyObject } from 'node:crypto'
import { TrustholdError } from '../errors/index.js'
import { hashFacts } from './algorithms.js'
import { type Random, systemRandom } from './protection/random.js'
import { recoverSeed } from './protection/recover-seed.js'
import { type SharingSuite, shareSeed } from './protection/share-seed.js'
import type { EccPublic, RsaPublic, TpmtPublic } from './public-area.js'

/** A session's salt, and how the TPM learns it. */
export interface SessionSalt {
  /** As long as a digest of the key's name algorithm. */
  readonly salt: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSalt: Uint8Array
}

function asDecryptionKey(publicArea: TpmtPublic): RsaPublic | EccPublic {
  const asymmetric = publicArea.type === 'rsa' || publicArea.type === 'ecc'
  if (asymmetric && publicArea.objectAttributes.decrypt) return publicArea
  throw new TrustholdError('TPM_KEY_INVALID', { path: 'type', reason: 'not an asymmetric decryption key' })
}

function suiteOf({ nameAlg }: TpmtPublic): SharingSuite {
  if (nameAlg !== 'null' && hashFacts(nameAlg).signing === 'yes') {
    return { nameAlg, digestSize: hashFacts(nameAlg).size }
  }
  throw new TrustholdError('TPM_ALGORITHM_UNSUPPORTED', { use: 'session salts', algorithm: nameAlg })
}

/**
 * A fresh salt for TPM2_StartAuthSession, which only the TPM with this key can open: by RSA-OAEP, or agreed on with an
 * ephemeral ECDH key, with the label SECRET. Part 1, section 19.6.13 and annexes B.10.2 and C.6.3.
 * @param key public area of a decryption key, from a source that is trusted: whoever chose it can open the salt
 * @param random source of the salt or the ephemeral key; the system's by default
 * @throws TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED for keys that are weak or cannot be used here
 */
export function makeSessionSalt(key: TpmtPublic, random: Random = systemRandom): SessionSalt {
  const { seed, encryptedSecret } = shareSeed(asDecryptionKey(key), suiteOf(key), 'SECRET', random)
  return { salt: seed, encryptedSalt: encryptedSecret }
}

/** What {@link openSessionSalt} takes. */
export interface OpenSessionSaltOptions {
  /** Private half of the key. */
  readonly privateKey: KeyObject
  readonly key: TpmtPublic
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSalt: Uint8Array
}

/**
 * Opens what {@link makeSessionSalt} made, for keys whose private half is at hand: tests, software TPMs. Whatever does
 * not open gives a random salt: the session's HMAC then decides.
 * @throws TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED for keys that cannot be used here
 */
export function openSessionSalt({ privateKey, key, encryptedSalt }: OpenSessionSaltOptions): Uint8Array {
  const storageKey = asDecryptionKey(key)
  const encryptedSecret = encryptedSalt
  const suite = suiteOf(key)
  return new Uint8Array(recoverSeed({ privateKey, storageKey, suite, label: 'SECRET', encryptedSecret }))
}
