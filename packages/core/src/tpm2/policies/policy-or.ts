import { equalBytes } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { extendPolicy, freshDigest, isFresh, type PolicyStep, requireDigest } from './policy-digest.js'

const [fewest, most] = [2, 8]

/**
 * TPM2_PolicyOR: one of two to eight policies was fulfilled. To choose among more, make branches of such digests
 * themselves. Part 3, section 23.6.
 *
 * The digest depends on the branches alone. What comes before it has to be one of them, as it has in a session;
 * assertions that hold for every branch go into each of them, or after.
 * @param branches digests by the policy's hash; see `computePolicyDigest`
 * @throws ARGUMENT_INVALID for fewer than two or more than eight branches; from the step, for branches of another hash
 *   and for assertions before it that are none of the branches
 */
export function policyOR(...branches: readonly Uint8Array[]): PolicyStep {
  if (branches.length < fewest || branches.length > most) {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: 'branches',
      reason: `${branches.length}, not ${fewest} to ${most}`,
    })
  }
  return (hash, digest) => {
    for (const branch of branches) requireDigest('branches', hash, branch)
    if (!isFresh(digest) && !branches.some((branch) => equalBytes(branch, digest))) {
      throw new TrustholdError('ARGUMENT_INVALID', {
        name: 'policyOR',
        reason: 'the assertions before it are none of its branches and would be dropped',
      })
    }
    return extendPolicy(hash, freshDigest(hash), 'TPM2_PolicyOR', ...branches)
  }
}
