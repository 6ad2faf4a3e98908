import { u16 } from '@trusthold/core/codec'
import { tpm2bMaxNvBuffer } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_NV_Read', {
  handles: { authHandle: 'user', nvIndex: 'none' },
  parameters: { size: u16, offset: u16 },
  response: { data: tpm2bMaxNvBuffer },
  check: ({ size }, { data }) =>
    data.length === size ? undefined : `${data.length} bytes, not ${size} as asked for`,
})

/** What {@link nvRead} takes. */
export interface NvReadInput {
  /** Whose authorisation is used: the index itself, or a hierarchy. */
  readonly authorization: Entity
  readonly session: Session
  readonly index: Entity
  /** In bytes; at most TPM_PT_NV_BUFFER_MAX. */
  readonly size: number
  readonly offset: number
}

/** TPM2_NV_Read. Part 3, section 31.13. */
export async function nvRead(runner: CommandRunner, input: NvReadInput): Promise<Uint8Array> {
  const { values } = await runner.run(command, {
    handles: { authHandle: input.authorization, nvIndex: input.index },
    sessions: [input.session],
    parameters: { size: input.size, offset: input.offset },
  })
  return values.data
}
