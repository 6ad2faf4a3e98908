import { equalBytes } from '@trusthold/core/bytes'
import { ekPolicies, type HashAlgorithm, type TpmtPublic } from '@trusthold/core/tpm2'

/** How the policy of an endorsement key is met: `secret` alone, or `secret` and then the choice of it. */
export interface EkPolicy {
  /** Hash of the policy session. */
  readonly hash: HashAlgorithm
  /** What TPM2_PolicyOR chooses from after TPM2_PolicySecret of the endorsement hierarchy; none for policy A. */
  readonly branches?: readonly Uint8Array[]
}

/** Undefined for a policy that is not of the EK Credential Profile. */
export function ekPolicyOf({ nameAlg, authPolicy }: TpmtPublic): EkPolicy | undefined {
  if (nameAlg === 'sha256' && equalBytes(authPolicy, ekPolicies.A.sha256)) return { hash: nameAlg }
  if (nameAlg !== 'sha256' && nameAlg !== 'sha384' && nameAlg !== 'sha512') return undefined
  if (!equalBytes(authPolicy, ekPolicies.B[nameAlg])) return undefined
  return { hash: nameAlg, branches: [ekPolicies.A[nameAlg], ekPolicies.C[nameAlg]] }
}
