import {
  type TpmlPcrSelection,
  type TpmtSigScheme,
  tpm2bData,
  tpmlPcrSelection,
  tpmtSigScheme,
} from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'
import { type SignedStatement, schemeOfKey, statementResponse, toStatement } from './statement.js'

const command = defineCommand('TPM2_Quote', {
  handles: { signHandle: 'user' },
  parameters: { qualifyingData: tpm2bData, inScheme: tpmtSigScheme, PCRselect: tpmlPcrSelection },
  response: statementResponse,
})

/** What {@link quote} takes. */
export interface QuoteInput {
  /** A signing key. */
  readonly key: Entity
  readonly session: Session
  readonly qualifyingData: Uint8Array
  readonly selection: TpmlPcrSelection
  /** For keys without a scheme of their own; the key's by default. */
  readonly scheme?: TpmtSigScheme
}

/** TPM2_Quote: states PCR values. Part 3, section 18.4. */
export async function quote(
  runner: CommandRunner,
  { key, session, qualifyingData, selection, scheme = schemeOfKey }: QuoteInput,
): Promise<SignedStatement> {
  const { values } = await runner.run(command, {
    handles: { signHandle: key },
    sessions: [session],
    parameters: { qualifyingData, inScheme: scheme, PCRselect: selection },
  })
  return toStatement(values)
}
