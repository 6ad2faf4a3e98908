import { TrustholdError } from '../../errors/index.js'
import { nameAlgorithmOf } from '../names.js'
import {
  extendPolicy,
  extendPolicyByEntity,
  freshDigest,
  type PolicyStep,
  requireFresh,
} from './policy-digest.js'

const noReference = new Uint8Array()
const longestReference = 64

/** Refuses a reference that is longer than a TPM2B_NONCE. */
function requireReference(policyRef: Uint8Array): void {
  if (policyRef.length <= longestReference) return
  throw new TrustholdError('ARGUMENT_INVALID', {
    name: 'policyRef',
    reason: `${policyRef.length} bytes, more than ${longestReference}`,
  })
}

/** Refuses what is neither the name of an object or NV index nor a handle of four bytes. */
function requireEntityName(name: Uint8Array): void {
  if (name.length !== 4) nameAlgorithmOf(name)
}

/**
 * TPM2_PolicySecret: someone who knows the authorisation of an entity takes part. Part 3, section 23.4.
 * @param entityName name of an object or NV index, or what `handleName` and `hierarchyName` give for other handles
 * @param policyRef of the caller's choice; part of what is authorised
 * @throws TPM_KEY_INVALID for a name that is none; ARGUMENT_INVALID for a reference of more than 64 bytes
 */
export function policySecret(entityName: Uint8Array, policyRef: Uint8Array = noReference): PolicyStep {
  requireEntityName(entityName)
  requireReference(policyRef)
  return (hash, digest) => extendPolicyByEntity(hash, digest, 'TPM2_PolicySecret', entityName, policyRef)
}

/**
 * TPM2_PolicySigned: the holder of a key signs for each session. Part 3, section 23.3.
 * @param keyName name of the public key
 * @param policyRef of the caller's choice; part of what is signed
 * @throws TPM_KEY_INVALID for a name that is none; ARGUMENT_INVALID for a reference of more than 64 bytes
 */
export function policySigned(keyName: Uint8Array, policyRef: Uint8Array = noReference): PolicyStep {
  nameAlgorithmOf(keyName)
  requireReference(policyRef)
  return (hash, digest) => extendPolicyByEntity(hash, digest, 'TPM2_PolicySigned', keyName, policyRef)
}

/**
 * TPM2_PolicyAuthorize: any policy that the holder of a key has signed will do, also one that is written later. Has to
 * come first: in a session it replaces what the approved policy asserted. Part 3, section 23.16.
 * @param keyName name of the public key
 * @param policyRef of the caller's choice; part of what is signed
 * @throws TPM_KEY_INVALID for a name that is none; ARGUMENT_INVALID for a reference of more than 64 bytes, and from the
 *   step when something comes before it
 */
export function policyAuthorize(keyName: Uint8Array, policyRef: Uint8Array = noReference): PolicyStep {
  nameAlgorithmOf(keyName)
  requireReference(policyRef)
  return (hash, digest) => {
    requireFresh('policyAuthorize', digest)
    return extendPolicyByEntity(hash, freshDigest(hash), 'TPM2_PolicyAuthorize', keyName, policyRef)
  }
}

/**
 * TPM2_PolicyAuthorizeNV: the policy whose digest is in an NV index will do. Has to come first: in a session it replaces
 * what that policy asserted. Part 3, section 23.22.
 * @param nvName name of the index once it is written; see `computeNvName`
 * @throws TPM_KEY_INVALID for a name that is none; ARGUMENT_INVALID from the step when something comes before it
 */
export function policyAuthorizeNV(nvName: Uint8Array): PolicyStep {
  nameAlgorithmOf(nvName)
  return (hash, digest) => {
    requireFresh('policyAuthorizeNV', digest)
    return extendPolicy(hash, freshDigest(hash), 'TPM2_PolicyAuthorizeNV', nvName)
  }
}

/** TPM2_PolicyAuthValue: an HMAC keyed with the object's password comes with the command. Part 3, section 23.17. */
export const policyAuthValue: PolicyStep = (hash, digest) =>
  extendPolicy(hash, digest, 'TPM2_PolicyAuthValue')

/**
 * TPM2_PolicyPassword: the object's password comes with the command. Its digest is that of {@link policyAuthValue}, so
 * whoever runs the policy chooses between the two. Part 3, section 23.18.
 */
export const policyPassword: PolicyStep = (hash, digest) => policyAuthValue(hash, digest)

/** TPM2_PolicyPhysicalPresence: someone is at the machine. Part 3, section 23.12. */
export const policyPhysicalPresence: PolicyStep = (hash, digest) =>
  extendPolicy(hash, digest, 'TPM2_PolicyPhysicalPresence')
