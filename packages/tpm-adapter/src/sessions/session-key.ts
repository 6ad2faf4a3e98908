import { createHmac } from 'node:crypto'
import { concatBytes } from '@trusthold/core/bytes'
import { type HashAlgorithm, hashFacts, kdfa } from '@trusthold/core/tpm2'

/** An authValue as the TPM uses it: without trailing zeros. TPM 2.0 Part 1, section 19.6.4.3. */
export function withoutTrailingZeros(authValue: Uint8Array): Uint8Array {
  const last = authValue.findLastIndex((byte) => byte !== 0)
  return authValue.slice(0, last + 1)
}

/** What a session's key is made of. */
export interface SessionKeyInput {
  readonly hash: HashAlgorithm
  /** authValue of the entity that the session is bound to; none for a session that is not bound. */
  readonly boundAuthValue: Uint8Array | undefined
  /** None for a session that is not salted. */
  readonly salt: Uint8Array | undefined
  readonly nonceTpm: Uint8Array
  readonly nonceCaller: Uint8Array
}

/** sessionKey; empty for a session that is neither salted nor bound. Part 1, section 19.6.8. */
export function deriveSessionKey(input: SessionKeyInput): Uint8Array {
  const { hash, boundAuthValue, salt, nonceTpm, nonceCaller } = input
  const nothing = new Uint8Array()
  if (boundAuthValue === undefined && salt === undefined) return nothing
  const secret = concatBytes(withoutTrailingZeros(boundAuthValue ?? nothing), salt ?? nothing)
  try {
    return kdfa(hash, secret, 'ATH', nonceTpm, nonceCaller, hashFacts(hash).size * 8)
  } finally {
    secret.fill(0)
  }
}

/** What a session's HMAC covers. */
export interface ProofInput {
  /** sessionKey, and the authValue where it belongs to it. */
  readonly key: Uint8Array
  /** cpHash or rpHash. */
  readonly parameterHash: Uint8Array
  /** Of the side that writes. */
  readonly nonceNewer: Uint8Array
  readonly nonceOlder: Uint8Array
  /** Nonces of other sessions that encrypt. */
  readonly otherNonces: readonly Uint8Array[]
  readonly attributes: number
}

/** authHMAC. Part 1, section 19.6.5. */
export function computeProof(hash: HashAlgorithm, input: ProofInput): Uint8Array {
  const { parameterHash, nonceNewer, nonceOlder, otherNonces, attributes } = input
  const hmac = createHmac(hashFacts(hash).node, input.key)
  for (const part of [parameterHash, nonceNewer, nonceOlder, ...otherNonces]) hmac.update(part)
  return new Uint8Array(hmac.update(Uint8Array.of(attributes)).digest())
}
