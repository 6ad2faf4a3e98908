import { constants, createECDH, publicEncrypt, randomBytes } from 'node:crypto'
import { utf8 } from '../bytes/index.js'
import { encode } from '../codec/index.js'
import { TrustholdError } from '../errors/index.js'
import { hashFacts } from './algorithms.js'
import { tpm2bDigest, tpm2bEncryptedSecret } from './buffers.js'
import { tpm2bIdObject } from './credential.js'
import {
  asStorageKey,
  type CredentialSuite,
  credentialHmac,
  credentialSuite,
  encryptIdentity,
  identityLabel,
} from './credential-protection.js'
import { type CurveFacts, curveFacts } from './curves.js'
import { kdfe } from './kdf.js'
import { padInteger, publicKeyOf } from './keys.js'
import { nameAlgorithmOf } from './names.js'
import { type EccPublic, type RsaPublic, type TpmtPublic, tpmsEccPoint } from './public-area.js'

/** What {@link makeCredential} takes. */
export interface MakeCredentialOptions {
  /** Public area of a restricted decryption key: the one that can open the credential. */
  endorsementKey: TpmtPublic
  /** Name of the object that has to be loaded beside it; see {@link computeName}. */
  objectName: Uint8Array
  /** One byte to as many as a digest of the endorsement key's name algorithm has. */
  secret: Uint8Array
  /** Source of the seed or the ephemeral key; the system's by default. */
  random?: { bytes(length: number): Uint8Array }
}

/** What {@link makeCredential} returns: the two inputs of TPM2_ActivateCredential. */
export interface Credential {
  /** TPM2B_ID_OBJECT. */
  readonly credentialBlob: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSecret: Uint8Array
}

type Random = NonNullable<MakeCredentialOptions['random']>
type SharedSeed = { seed: Uint8Array; encryptedSecret: Uint8Array }

const systemRandom: Random = { bytes: (length) => randomBytes(length) }

function rsaSeed(endorsementKey: RsaPublic, suite: CredentialSuite, random: Random): SharedSeed {
  const seed = random.bytes(suite.digestSize)
  const options = {
    key: publicKeyOf(endorsementKey),
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: hashFacts(suite.nameAlg).node,
    oaepLabel: utf8(`${identityLabel}\0`),
  }
  return { seed, encryptedSecret: publicEncrypt(options, seed) }
}

/** An ephemeral key whose scalar is the first one below the order that the source gives. */
function ephemeralKey(curve: CurveFacts, random: Random): ReturnType<typeof createECDH> {
  const key = createECDH(curve.node)
  const topMask = 0xff >> Math.clz32((curve.order[0] as number) << 24)
  for (let tries = 0; tries < 128; tries++) {
    const scalar = random.bytes(curve.bytes)
    scalar[0] = (scalar[0] as number) & topMask
    try {
      key.setPrivateKey(scalar)
      return key
    } catch {
      // Zero, or not below the order: at most every second draw. The next one decides.
    } finally {
      scalar.fill(0)
    }
  }
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'random', reason: 'gives no scalar of the curve' })
}

function eccSeed(endorsementKey: EccPublic, suite: CredentialSuite, random: Random): SharedSeed {
  publicKeyOf(endorsementKey)
  const curve = curveFacts(endorsementKey.parameters.curveID) as CurveFacts
  const fixed = (value: Uint8Array): Uint8Array => padInteger(value, curve.bytes) as Uint8Array
  const theirs = { x: fixed(endorsementKey.unique.x), y: fixed(endorsementKey.unique.y) }
  const ephemeral = ephemeralKey(curve, random)
  const z = ephemeral.computeSecret(Uint8Array.of(4, ...theirs.x, ...theirs.y))
  const point = ephemeral.getPublicKey()
  const ours = { x: point.subarray(1, 1 + curve.bytes), y: point.subarray(1 + curve.bytes) }
  const seed = kdfe(suite.nameAlg, z, identityLabel, ours.x, theirs.x, suite.digestSize * 8)
  z.fill(0)
  return { seed, encryptedSecret: encode(tpmsEccPoint, ours) }
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
  const suite = credentialSuite(endorsementKey)
  nameAlgorithmOf(objectName)
  if (secret.length === 0 || secret.length > suite.digestSize) {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: 'secret',
      reason: `${secret.length} bytes, not 1 to ${suite.digestSize}`,
    })
  }
  const { seed, encryptedSecret } =
    endorsementKey.type === 'rsa'
      ? rsaSeed(endorsementKey, suite, random)
      : eccSeed(endorsementKey, suite, random)
  const encIdentity = encryptIdentity(suite, seed, objectName, encode(tpm2bDigest, secret))
  const integrityHMAC = credentialHmac(suite, seed, objectName, encIdentity)
  seed.fill(0)
  return {
    credentialBlob: encode(tpm2bIdObject, { integrityHMAC, encIdentity }),
    encryptedSecret: encode(tpm2bEncryptedSecret, encryptedSecret),
  }
}
