import { type TpmsNvPublic, tpm2bAuth, tpm2bNvPublic } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_NV_DefineSpace', {
  handles: { authHandle: 'user' },
  parameters: { auth: tpm2bAuth, publicInfo: tpm2bNvPublic },
})

/** What {@link nvDefineSpace} takes. */
export interface NvDefineSpaceInput {
  /** Handle of the owner or platform hierarchy. */
  readonly hierarchy: number
  /** Authorises the hierarchy. */
  readonly session: Session
  /** The index's password; none by default. */
  readonly authValue?: Uint8Array
  readonly publicInfo: TpmsNvPublic
}

/** TPM2_NV_DefineSpace: makes an NV index. Part 3, section 31.3. */
export async function nvDefineSpace(runner: CommandRunner, input: NvDefineSpaceInput): Promise<void> {
  await runner.run(command, {
    handles: { authHandle: input.hierarchy },
    sessions: [input.session],
    parameters: { auth: input.authValue ?? new Uint8Array(), publicInfo: input.publicInfo },
  })
}
