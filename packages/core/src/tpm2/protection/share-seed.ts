import { constants, createECDH, publicEncrypt } from 'node:crypto'
import { utf8 } from '../../bytes/index.js'
import { encode } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import { hashFacts } from '../algorithms.js'
import { tpm2bEncryptedSecret } from '../buffers.js'
import { type CurveFacts, curveFacts } from '../curves.js'
import { kdfe } from '../kdf.js'
import { padInteger, publicKeyOf } from '../keys.js'
import { type EccPublic, type RsaPublic, tpmsEccPoint } from '../public-area.js'
import type { Random } from './random.js'
import type { StorageSuite } from './storage-suite.js'

/** What a seed is for: a credential, a duplicate, or the salt of a session. Part 1, sections 19.6.13, 23.3.2.3 and 24. */
export type SeedLabel = 'IDENTITY' | 'DUPLICATE' | 'SECRET'

/** What sharing needs to know of the key's suite. */
export type SharingSuite = Pick<StorageSuite, 'nameAlg' | 'digestSize'>

/** A seed, and how the holder of the storage key learns it. */
export interface SharedSeed {
  readonly seed: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSecret: Uint8Array
}

function shareByRsa(
  storageKey: RsaPublic,
  suite: SharingSuite,
  label: SeedLabel,
  random: Random,
): SharedSeed {
  const seed = random.bytes(suite.digestSize)
  const options = {
    key: publicKeyOf(storageKey),
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: hashFacts(suite.nameAlg).node,
    oaepLabel: utf8(`${label}\0`),
  }
  return { seed, encryptedSecret: encode(tpm2bEncryptedSecret, publicEncrypt(options, seed)) }
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

function shareByEcdh(
  storageKey: EccPublic,
  suite: SharingSuite,
  label: SeedLabel,
  random: Random,
): SharedSeed {
  publicKeyOf(storageKey)
  const curve = curveFacts(storageKey.parameters.curveID) as CurveFacts
  const fixed = (value: Uint8Array): Uint8Array => padInteger(value, curve.bytes) as Uint8Array
  const theirs = { x: fixed(storageKey.unique.x), y: fixed(storageKey.unique.y) }
  const ephemeral = ephemeralKey(curve, random)
  const z = ephemeral.computeSecret(Uint8Array.of(4, ...theirs.x, ...theirs.y))
  const point = ephemeral.getPublicKey()
  const ours = { x: point.subarray(1, 1 + curve.bytes), y: point.subarray(1 + curve.bytes) }
  const seed = kdfe(suite.nameAlg, z, label, ours.x, theirs.x, suite.digestSize * 8)
  z.fill(0)
  return { seed, encryptedSecret: encode(tpm2bEncryptedSecret, encode(tpmsEccPoint, ours)) }
}

/**
 * A fresh seed for a storage key: encrypted with RSA-OAEP, or agreed on with an ephemeral ECDH key. Part 1, annexes
 * B.10 and C.6.
 * @throws TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED for keys that are weak or cannot be used here
 */
export function shareSeed(
  storageKey: RsaPublic | EccPublic,
  suite: SharingSuite,
  label: SeedLabel,
  random: Random,
): SharedSeed {
  return storageKey.type === 'rsa'
    ? shareByRsa(storageKey, suite, label, random)
    : shareByEcdh(storageKey, suite, label, random)
}
