import { permanentHandles, type TpmtSigScheme, tpm2bData, tpmtSigScheme } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'
import { type SignedStatement, schemeOfKey, statementResponse, toStatement } from './statement.js'

const command = defineCommand('TPM2_GetTime', {
  handles: { privacyAdminHandle: 'user', signHandle: 'user' },
  parameters: { qualifyingData: tpm2bData, inScheme: tpmtSigScheme },
  response: statementResponse,
})

/** What {@link getTime} takes. */
export interface GetTimeInput {
  /** Authorises the endorsement hierarchy. */
  readonly endorsementSession: Session
  /** A signing key. */
  readonly key: Entity
  readonly session: Session
  readonly qualifyingData: Uint8Array
  /** For keys without a scheme of their own; the key's by default. */
  readonly scheme?: TpmtSigScheme
}

/** TPM2_GetTime: states clock and counters. Part 3, section 18.7. */
export async function getTime(runner: CommandRunner, input: GetTimeInput): Promise<SignedStatement> {
  const { values } = await runner.run(command, {
    handles: { privacyAdminHandle: permanentHandles.endorsement, signHandle: input.key },
    sessions: [input.endorsementSession, input.session],
    parameters: { qualifyingData: input.qualifyingData, inScheme: input.scheme ?? schemeOfKey },
  })
  return toStatement(values)
}
