import { TrustholdError } from '../errors/index.js'
import { type Check, conclude } from '../verdict/index.js'

/** The error that says why there is no token: one failure refuses; where nothing failed, something could not be decided. */
export function refusal(
  checks: readonly Check[],
): TrustholdError<'ATTESTATION_REFUSED' | 'ATTESTATION_UNDECIDED'> {
  return conclude(checks) === 'unknown'
    ? new TrustholdError('ATTESTATION_UNDECIDED', { checks })
    : new TrustholdError('ATTESTATION_REFUSED', { checks })
}
