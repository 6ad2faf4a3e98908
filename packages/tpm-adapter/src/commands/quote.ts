import { rest, struct } from '@trusthold/core/codec'
import {
  type TpmlPcrSelection,
  type TpmtSigScheme,
  tpm2bAttest,
  tpm2bData,
  tpmlPcrSelection,
  tpmtSigScheme,
} from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand(
  'TPM2_Quote',
  struct('Quote', { qualifyingData: tpm2bData, inScheme: tpmtSigScheme, PCRselect: tpmlPcrSelection }),
  // The signature is not taken apart: what the TPM sent is what goes to the verifier.
  struct('Quote', { quoted: tpm2bAttest, signature: rest }),
)

/** What {@link quote} takes. */
export interface QuoteInput {
  /** Handle of a signing key. */
  readonly key: number
  readonly session: Session
  readonly qualifyingData: Uint8Array
  readonly selection: TpmlPcrSelection
  /** For keys without a scheme of their own; the key's by default. */
  readonly scheme?: TpmtSigScheme
}

/** TPM2_Quote; returns TPMS_ATTEST and TPMT_SIGNATURE. Part 3, section 18.4. */
export async function quote(
  runner: CommandRunner,
  { key, session, qualifyingData, selection, scheme = { scheme: 'null' } }: QuoteInput,
): Promise<{ message: Uint8Array; signature: Uint8Array }> {
  const { values } = await runner.run(command, {
    handles: [key],
    sessions: [session],
    parameters: { qualifyingData, inScheme: scheme, PCRselect: selection },
  })
  return { message: values.quoted, signature: values.signature }
}
