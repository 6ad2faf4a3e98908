import { struct, u16 } from '@trusthold/core/codec'
import { tpm2bMaxNvBuffer } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand(
  'TPM2_NV_Read',
  struct('NV_Read', { size: u16, offset: u16 }),
  struct('NV_Read', { data: tpm2bMaxNvBuffer }),
)

/** What {@link nvRead} takes. */
export interface NvReadInput {
  /** Handle whose authorisation is used: the index itself, or a hierarchy. */
  readonly authorization: number
  readonly session: Session
  readonly index: number
  /** In bytes; at most TPM_PT_NV_BUFFER_MAX. */
  readonly size: number
  readonly offset: number
}

/** TPM2_NV_Read. Part 3, section 31.13. */
export async function nvRead(runner: CommandRunner, input: NvReadInput): Promise<Uint8Array> {
  const { values } = await runner.run(command, {
    handles: [input.authorization, input.index],
    sessions: [input.session],
    parameters: { size: input.size, offset: input.offset },
  })
  return values.data
}
