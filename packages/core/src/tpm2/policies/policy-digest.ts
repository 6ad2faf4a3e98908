import { concatBytes } from '../../bytes/index.js'
import { encode } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import { digestOf, type HashAlgorithm, hashFacts } from '../algorithms.js'
import { type CommandName, tpmCc } from '../capabilities/command-codes.js'

/**
 * One assertion of a policy: takes the policy digest so far to the next one. What TPM2_Policy* does in the TPM, these
 * do in software, so that an object can be bound to a policy that was never run.
 */
export type PolicyStep = (hash: HashAlgorithm, digest: Uint8Array) => Uint8Array

/**
 * The digest of a policy whose assertions are made in this order: what goes into `authPolicy` of an object, or into a
 * branch of {@link policyOR}. Part 1, section 19.7.
 * @param hash algorithm of the policy: the name algorithm of the object that it is for
 * @param steps none gives the digest of a fresh session, which is all zero
 * @throws what the steps throw
 */
export function computePolicyDigest(hash: HashAlgorithm, ...steps: readonly PolicyStep[]): Uint8Array {
  return steps.reduce<Uint8Array>((digest, step) => step(hash, digest), freshDigest(hash))
}

/** The digest of a session in which nothing was asserted yet. */
export function freshDigest(hash: HashAlgorithm): Uint8Array {
  return new Uint8Array(hashFacts(hash).size)
}

/** Whether nothing was asserted yet. */
export function isFresh(digest: Uint8Array): boolean {
  return digest.every((byte) => byte === 0)
}

/** `H(digest || command code || arguments)`: how nearly all assertions extend the digest. */
export function extendPolicy(
  hash: HashAlgorithm,
  digest: Uint8Array,
  command: CommandName,
  ...args: readonly Uint8Array[]
): Uint8Array {
  return digestOf(hash, concatBytes(digest, encode(tpmCc, command), ...args))
}

/** PolicyUpdate(): the same with a name, then `H(result || reference)`. Part 3, section 23.2.3. */
export function extendPolicyByEntity(
  hash: HashAlgorithm,
  digest: Uint8Array,
  command: CommandName,
  name: Uint8Array,
  policyRef: Uint8Array,
): Uint8Array {
  return digestOf(hash, concatBytes(extendPolicy(hash, digest, command, name), policyRef))
}

/**
 * Refuses what would drop the assertions before it without a word.
 * @throws ARGUMENT_INVALID
 */
export function requireFresh(step: string, digest: Uint8Array): void {
  if (isFresh(digest)) return
  throw new TrustholdError('ARGUMENT_INVALID', {
    name: step,
    reason: 'replaces the assertions that come before it, so it has to come first',
  })
}

/**
 * Refuses a digest of another algorithm than the policy's.
 * @throws ARGUMENT_INVALID
 */
export function requireDigest(name: string, hash: HashAlgorithm, digest: Uint8Array): void {
  const { size } = hashFacts(hash)
  if (digest.length === size) return
  throw new TrustholdError('ARGUMENT_INVALID', {
    name,
    reason: `${digest.length} bytes, but the policy's ${hash} has ${size}`,
  })
}
