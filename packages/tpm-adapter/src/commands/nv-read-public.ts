import { struct } from '@trusthold/core/codec'
import { type TpmsNvPublic, tpm2bName, tpm2bNvPublic } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand(
  'TPM2_NV_ReadPublic',
  struct('NV_ReadPublic', {}),
  struct('NV_ReadPublic', { nvPublic: tpm2bNvPublic, nvName: tpm2bName }),
)

/** TPM2_NV_ReadPublic: size and attributes of an index. Part 3, section 31.6. */
export async function nvReadPublic(runner: CommandRunner, index: number): Promise<TpmsNvPublic> {
  return (await runner.run(command, { handles: [index], parameters: {} })).values.nvPublic
}
