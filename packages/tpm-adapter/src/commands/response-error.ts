import { TrustholdError } from '@trusthold/core/errors'
import { permanentHandles, tpmProperties } from '@trusthold/core/tpm2'
import type { CommandFacts } from './command.js'
import { type Entity, handleOf } from './entity.js'
import { readProperty } from './get-capability.js'
import { asksForRetry, describeResponseCode, type ResponseCode } from './response-codes.js'
import type { CommandRunner } from './run-command.js'

/** TPM_RC_INITIALIZE: Startup has to come first, or has come already. */
export const initialize = 0x100
/** TPM_RC_LOCKOUT. */
const lockout = 0x921

/** The name in Part 3 of the handle or parameter that a code blames. */
function blamedField({ handles, parameterNames }: CommandFacts, { subject, index = 0 }: ResponseCode) {
  const names = subject === 'handle' ? handles : subject === 'parameter' ? parameterNames : []
  const field = names[index - 1]
  return field === undefined ? {} : { field }
}

/** Seconds until the TPM takes authorisations again; undefined when it does not say. Part 2, section 6.13. */
async function recoverySeconds(
  runner: CommandRunner,
  entities: readonly Entity[],
): Promise<number | undefined> {
  const ofLockout = entities.some((entity) => handleOf(entity) === permanentHandles.lockout)
  const property = ofLockout ? tpmProperties.lockoutRecovery : tpmProperties.lockoutInterval
  return await readProperty(runner, property).catch(() => undefined)
}

/** The error for a response code. A lockout is not tried again at once, but tells when that has a point. */
export async function responseError(
  runner: CommandRunner,
  command: CommandFacts,
  responseCode: number,
  input: { readonly handles: Readonly<Record<string, Entity>> },
): Promise<TrustholdError> {
  const { name } = command
  if (responseCode === initialize && name !== 'TPM2_Startup')
    return new TrustholdError('TPM_NOT_STARTED', { command: name })
  // Commands without authorisation meet no lockout; asking for more would ask for ever.
  if (responseCode === lockout && command.authorizations > 0) {
    const seconds = await recoverySeconds(runner, Object.values(input.handles))
    const context = { command: name, ...(seconds === undefined ? {} : { recoverySeconds: seconds }) }
    return new TrustholdError('TPM_LOCKED_OUT', context)
  }
  const described = describeResponseCode(responseCode)
  return new TrustholdError(
    'TPM_RESPONSE',
    { command: name, responseCode, ...described, ...blamedField(command, described) },
    { retryable: asksForRetry(responseCode) },
  )
}
