import { constants, diffieHellman, type KeyObject, privateDecrypt, randomBytes } from 'node:crypto'
import { utf8 } from '../../bytes/index.js'
import { decode } from '../../codec/index.js'
import { hashFacts } from '../algorithms.js'
import { tpm2bEncryptedSecret } from '../buffers.js'
import { type CurveFacts, curveFacts } from '../curves.js'
import { kdfe } from '../kdf.js'
import { padInteger, pointKey } from '../keys.js'
import { type EccPublic, type RsaPublic, tpmsEccPoint } from '../public-area.js'
import type { SeedLabel, SharingSuite } from './share-seed.js'

/** What {@link recoverSeed} takes. */
export interface RecoverSeedOptions {
  /** Private half of the storage key. */
  readonly privateKey: KeyObject
  readonly storageKey: RsaPublic | EccPublic
  readonly suite: SharingSuite
  readonly label: SeedLabel
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSecret: Uint8Array
}

function decryptSeed({ privateKey, suite, label }: RecoverSeedOptions, cipherText: Uint8Array): Uint8Array {
  const options = {
    key: privateKey,
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: hashFacts(suite.nameAlg).node,
    oaepLabel: utf8(`${label}\0`),
  }
  return privateDecrypt(options, cipherText)
}

function agreeOnSeed(
  options: RecoverSeedOptions,
  storageKey: EccPublic,
  encodedPoint: Uint8Array,
): Uint8Array {
  const { privateKey, suite, label } = options
  const curve = curveFacts(storageKey.parameters.curveID) as CurveFacts
  const point = decode(tpmsEccPoint, encodedPoint)
  const z = diffieHellman({ privateKey, publicKey: pointKey(curve, point, 'encryptedSecret') })
  // As a TPM does it: the sender's coordinate as it came, without leading zeros when the sender left them out.
  const ours = padInteger(storageKey.unique.x, curve.bytes) as Uint8Array
  return kdfe(suite.nameAlg, z, label, point.x, ours, suite.digestSize * 8)
}

/** The seed that was shared; a random one when there is none, so that nothing but the integrity value decides. */
export function recoverSeed(options: RecoverSeedOptions): Uint8Array {
  const { storageKey, suite } = options
  try {
    const secret = decode(tpm2bEncryptedSecret, options.encryptedSecret)
    const seed =
      storageKey.type === 'rsa' ? decryptSeed(options, secret) : agreeOnSeed(options, storageKey, secret)
    if (seed.length === suite.digestSize) return seed
  } catch {
    // No seed, for whatever reason: telling reasons apart would make an oracle.
  }
  return randomBytes(suite.digestSize)
}
