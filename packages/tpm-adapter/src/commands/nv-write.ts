import { u16 } from '@trusthold/core/codec'
import { tpm2bMaxNvBuffer } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_NV_Write', {
  handles: { authHandle: 'user', nvIndex: 'none' },
  parameters: { data: tpm2bMaxNvBuffer, offset: u16 },
})

/** What {@link nvWrite} takes. */
export interface NvWriteInput {
  /** Whose authorisation is used: the index itself, or a hierarchy. */
  readonly authorization: Entity
  readonly session: Session
  readonly index: Entity
  /** At most TPM_PT_NV_BUFFER_MAX bytes. */
  readonly data: Uint8Array
  readonly offset: number
}

/** TPM2_NV_Write. The first one changes the index's name, as it sets the attribute `written`. Part 3, section 31.7. */
export async function nvWrite(runner: CommandRunner, input: NvWriteInput): Promise<void> {
  await runner.run(command, {
    handles: { authHandle: input.authorization, nvIndex: input.index },
    sessions: [input.session],
    parameters: { data: input.data, offset: input.offset },
  })
}
