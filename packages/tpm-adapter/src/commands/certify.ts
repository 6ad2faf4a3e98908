import { type TpmtSigScheme, tpm2bData, tpmtSigScheme } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'
import { type SignedStatement, schemeOfKey, statementResponse, toStatement } from './statement.js'

const command = defineCommand('TPM2_Certify', {
  handles: { objectHandle: 'admin', signHandle: 'user' },
  parameters: { qualifyingData: tpm2bData, inScheme: tpmtSigScheme },
  response: statementResponse,
})

/** What {@link certify} takes. */
export interface CertifyInput {
  /** The loaded object that is certified. */
  readonly object: Entity
  /** Authorises it in the ADMIN role. */
  readonly objectSession: Session
  /** A signing key. */
  readonly key: Entity
  readonly keySession: Session
  readonly qualifyingData: Uint8Array
  /** For keys without a scheme of their own; the key's by default. */
  readonly scheme?: TpmtSigScheme
}

/** TPM2_Certify: states that an object is loaded in this TPM. Part 3, section 18.2. */
export async function certify(runner: CommandRunner, input: CertifyInput): Promise<SignedStatement> {
  const { values } = await runner.run(command, {
    handles: { objectHandle: input.object, signHandle: input.key },
    sessions: [input.objectSession, input.keySession],
    parameters: { qualifyingData: input.qualifyingData, inScheme: input.scheme ?? schemeOfKey },
  })
  return toStatement(values)
}
