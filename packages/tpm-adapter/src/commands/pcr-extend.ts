import { type TpmtHa, tpmlDigestValues } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_PCR_Extend', {
  handles: { pcrHandle: 'user' },
  parameters: { digests: tpmlDigestValues },
})

/** What {@link pcrExtend} takes. */
export interface PcrExtendInput {
  readonly pcr: number
  readonly session: Session
  /** At most one for each bank; banks that are not named stay as they are. */
  readonly digests: readonly TpmtHa[]
}

/** TPM2_PCR_Extend: new value = H(old value || digest), in each bank. Part 3, section 22.2. */
export async function pcrExtend(
  runner: CommandRunner,
  { pcr, session, digests }: PcrExtendInput,
): Promise<void> {
  await runner.run(command, { handles: { pcrHandle: pcr }, sessions: [session], parameters: { digests } })
}
