import { listOf, struct, u32 } from '@trusthold/core/codec'
import { type TpmtHa, tpmtHa } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand(
  'TPM2_PCR_Extend',
  struct('PCR_Extend', { digests: listOf(u32, tpmtHa, 16) }),
  struct('PCR_Extend', {}),
)

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
  await runner.run(command, { handles: [pcr], sessions: [session], parameters: { digests } })
}
