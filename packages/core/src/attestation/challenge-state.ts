import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { concatBytes, type SecretBytes, toHex, utf8 } from '../bytes/index.js'
import {
  bytesOf,
  type Codec,
  decode,
  encode,
  type Infer,
  listOf,
  sizedBytes,
  sizedView,
  struct,
  u8,
  u16,
  u64,
} from '../codec/index.js'
import type { RandomSource } from '../ports/index.js'
import { bankSelection } from '../protocol/index.js'
import { Recent } from './recent.js'

const shortBytes = sizedView(u16, 4_096)

const challengeStateDef = struct('CHALLENGE_STATE', {
  /** What may be redeemed once. */
  id: bytesOf(16),
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  expiresAt: u64,
  /** The endorsement key's TPMT_PUBLIC, as it came in the first leg. */
  endorsementKey: shortBytes,
  /** The attestation key's TPMT_PUBLIC. */
  attestationKey: shortBytes,
  /** Qualified names that the attestation key can have. */
  qualifiedNames: listOf(u8, sizedBytes(u8, 66), 2),
  bindingKeyThumbprint: bytesOf(32),
  nonce: bytesOf(32),
  activationSecret: bytesOf(32),
  selection: listOf(u8, bankSelection, 4),
  /** What the first leg found, as JSON. */
  findings: sizedView(u16, 8_192),
})

/** What the Attestation Service has to know in the second leg; the host carries it, sealed. */
export interface ChallengeState extends Infer<typeof challengeStateDef> {}
/** Codec of {@link ChallengeState}. */
export const challengeState: Codec<ChallengeState> = challengeStateDef

const domain = utf8('trusthold/challenge-state/v2')
const hourLength = 4
const ivLength = 12
const tagLength = 16
const hourMilliseconds = 3_600_000
/** Keys that stay derived: challenges live for an hour at most, so those of two hours are in use. */
const keptKeys = 4

/**
 * Seals and opens the states of challenges, for any node that has the master secret. AES-256-GCM with random initialisation
 * vectors under the key of the hour in which the challenge expires, which is derived from the master secret
 * (HMAC-SHA-256, as in NIST SP 800-108): no key is used for as long as it would take to ask for the 2^32 challenges that
 * NIST SP 800-38D, section 8.3, allows it. A sealed state is the hour, the initialisation vector, what is encrypted and
 * the tag.
 */
export class ChallengeStates {
  readonly #master: SecretBytes
  readonly #random: RandomSource
  readonly #keys = new Recent<KeyObject>(keptKeys)

  /** @param master stays the caller's, and is wiped by him */
  constructor(master: SecretBytes, random: RandomSource) {
    this.#master = master
    this.#random = random
  }

  /** Encrypts and authenticates a state. */
  seal(state: ChallengeState): Uint8Array {
    const hour = new Uint8Array(hourLength)
    new DataView(hour.buffer).setUint32(0, Number(state.expiresAt / BigInt(hourMilliseconds)))
    const iv = this.#random.bytes(ivLength)
    const cipher = createCipheriv('aes-256-gcm', this.#keyOf(hour), iv)
    cipher.setAAD(domain)
    const encrypted = cipher.update(encode(challengeState, state))
    return concatBytes(hour, iv, encrypted, cipher.final(), cipher.getAuthTag())
  }

  /** Opens a sealed state; undefined when it was not made with this master secret or was changed. */
  open(sealed: Uint8Array): ChallengeState | undefined {
    const end = sealed.length - tagLength
    const start = hourLength + ivLength
    if (end <= start) return undefined
    const key = this.#keyOf(sealed.subarray(0, hourLength))
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(hourLength, start))
    decipher.setAAD(domain)
    decipher.setAuthTag(sealed.subarray(end))
    // GCM is a stream: all of it comes at once, and is nothing before the tag was found right.
    const plaintext = decipher.update(sealed.subarray(start, end))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return decode(challengeState, plaintext)
  }

  #keyOf(hour: Uint8Array): KeyObject {
    const name = toHex(hour)
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const key = createSecretKey(
      this.#master.use((bytes) => createHmac('sha256', bytes).update(domain).update(hour).digest()),
    )
    this.#keys.set(name, key)
    return key
  }
}
