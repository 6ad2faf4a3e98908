import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { concatBytes, type SecretBytes, utf8 } from '../bytes/index.js'
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

const domain = utf8('trusthold/challenge-state/v1')
const idLength = 16
const tagLength = 16
/** Every state has a key of its own, so its initialisation vector can be constant. */
const iv = new Uint8Array(12)

function keyFor(master: SecretBytes, id: Uint8Array): Uint8Array {
  return master.use((bytes) => createHmac('sha256', bytes).update(domain).update(id).digest())
}

/**
 * Encrypts and authenticates a state for any node that has the master secret. AES-256-GCM under a key that is derived
 * from the master secret and a random 128-bit id (HMAC-SHA-256, as in NIST SP 800-108), which stands before it.
 */
export function sealState(master: SecretBytes, state: ChallengeState, random: RandomSource): Uint8Array {
  const id = random.bytes(idLength)
  const cipher = createCipheriv('aes-256-gcm', keyFor(master, id), iv)
  cipher.setAAD(domain)
  return concatBytes(id, cipher.update(encode(challengeState, state)), cipher.final(), cipher.getAuthTag())
}

/** Opens a sealed state; undefined when it was not made with this master secret or was changed. */
export function openState(master: SecretBytes, sealed: Uint8Array): ChallengeState | undefined {
  if (sealed.length <= idLength + tagLength) return undefined
  const end = sealed.length - tagLength
  const decipher = createDecipheriv('aes-256-gcm', keyFor(master, sealed.subarray(0, idLength)), iv)
  decipher.setAAD(domain)
  decipher.setAuthTag(sealed.subarray(end))
  let plaintext: Uint8Array
  try {
    plaintext = concatBytes(decipher.update(sealed.subarray(idLength, end)), decipher.final())
  } catch {
    return undefined
  }
  return decode(challengeState, plaintext)
}
