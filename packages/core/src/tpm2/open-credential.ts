import { constants, diffieHellman, type KeyObject, privateDecrypt, randomBytes } from 'node:crypto'
import { constantTimeEqual, utf8 } from '../bytes/index.js'
import { decode } from '../codec/index.js'
import { TrustholdError } from '../errors/index.js'
import { hashFacts } from './algorithms.js'
import { tpm2bDigest, tpm2bEncryptedSecret } from './buffers.js'
import { type TpmsIdObject, tpm2bIdObject } from './credential.js'
import {
  asStorageKey,
  type CredentialSuite,
  credentialHmac,
  credentialSuite,
  decryptIdentity,
  identityLabel,
} from './credential-protection.js'
import { type CurveFacts, curveFacts } from './curves.js'
import { kdfe } from './kdf.js'
import { padInteger, pointKey } from './keys.js'
import { type EccPublic, type TpmtPublic, tpmsEccPoint } from './public-area.js'

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

function rsaSeed(privateKey: KeyObject, suite: CredentialSuite, cipherText: Uint8Array): Uint8Array {
  const options = {
    key: privateKey,
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: hashFacts(suite.nameAlg).node,
    oaepLabel: utf8(`${identityLabel}\0`),
  }
  return privateDecrypt(options, cipherText)
}

function eccSeed(
  privateKey: KeyObject,
  endorsementKey: EccPublic,
  suite: CredentialSuite,
  encodedPoint: Uint8Array,
): Uint8Array {
  const curve = curveFacts(endorsementKey.parameters.curveID) as CurveFacts
  const point = decode(tpmsEccPoint, encodedPoint)
  const z = diffieHellman({ privateKey, publicKey: pointKey(curve, point, 'encryptedSecret') })
  const fixed = (value: Uint8Array): Uint8Array => padInteger(value, curve.bytes) as Uint8Array
  const theirs = fixed(point.x)
  const ours = fixed(endorsementKey.unique.x)
  return kdfe(suite.nameAlg, z, identityLabel, theirs, ours, suite.digestSize * 8)
}

/** The seed; a random one when there is none, so that nothing but the HMAC decides. */
function recoverSeed(options: OpenCredentialOptions, suite: CredentialSuite): Uint8Array {
  const endorsementKey = asStorageKey(options.endorsementKey)
  try {
    const secret = decode(tpm2bEncryptedSecret, options.encryptedSecret)
    const seed =
      endorsementKey.type === 'rsa'
        ? rsaSeed(options.privateKey, suite, secret)
        : eccSeed(options.privateKey, endorsementKey, suite, secret)
    if (seed.length === suite.digestSize) return seed
  } catch {
    // No seed, for whatever reason: telling reasons apart would make an oracle.
  }
  return randomBytes(suite.digestSize)
}

function parseBlob(blob: Uint8Array, suite: CredentialSuite): TpmsIdObject {
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
  const { objectName } = options
  const suite = credentialSuite(asStorageKey(options.endorsementKey))
  const seed = recoverSeed(options, suite)
  const { integrityHMAC, encIdentity } = parseBlob(options.credentialBlob, suite)
  const expected = credentialHmac(suite, seed, objectName, encIdentity)
  if (constantTimeEqual(integrityHMAC, expected)) {
    try {
      return decode(tpm2bDigest, decryptIdentity(suite, seed, objectName, encIdentity))
    } catch {
      // Made by someone with the public key who does not follow the format.
    }
  }
  throw new TrustholdError('TPM_CREDENTIAL_INVALID', { nameAlgorithm: suite.nameAlg })
}
