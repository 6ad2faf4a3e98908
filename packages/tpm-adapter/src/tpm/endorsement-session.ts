import { equalBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { RandomSource } from '@trusthold/core/ports'
import { ekPolicies, hashFacts, permanentHandles, type TpmtPublic } from '@trusthold/core/tpm2'
import { policySecret } from '../commands/policy-secret.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession, policySession, type Session } from '../commands/sessions.js'
import { startAuthSession } from '../commands/start-auth-session.js'
import { flushAfter } from './flushing.js'

/**
 * Authorises the use of an endorsement key: with the empty password where the key allows it, else by the endorsement
 * hierarchy (policy A of the EK Credential Profile), whose password has to be empty.
 * @throws TPM_NOT_AVAILABLE for a key that asks for anything else
 */
export async function withEndorsementSession<T>(
  runner: CommandRunner,
  random: RandomSource,
  publicArea: TpmtPublic,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { nameAlg, objectAttributes, authPolicy } = publicArea
  if (objectAttributes.userWithAuth) return await work(passwordSession())
  if (nameAlg === 'null' || !equalBytes(authPolicy, ekPolicies.A.sha256)) {
    throw new TrustholdError('TPM_NOT_AVAILABLE', {
      what: 'the endorsement key',
      reason: 'its policy is neither empty nor that of the endorsement hierarchy',
    })
  }
  const nonceCaller = random.bytes(hashFacts(nameAlg).size)
  const { handle } = await startAuthSession(runner, { type: 'policy', authHash: nameAlg, nonceCaller })
  return await flushAfter(runner, handle, async () => {
    const entity = permanentHandles.endorsement
    await policySecret(runner, { entity, session: passwordSession(), policySession: handle })
    return await work(policySession(handle))
  })
}
