import { struct } from '@trusthold/core/codec'
import { type TpmtPublic, tpm2bName, tpm2bPublic } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand(
  'TPM2_ReadPublic',
  struct('ReadPublic', {}),
  struct('ReadPublic', { outPublic: tpm2bPublic, name: tpm2bName, qualifiedName: tpm2bName }),
)

/** TPM2_ReadPublic: the public area of a loaded object. Part 3, section 12.4. */
export async function readPublic(runner: CommandRunner, handle: number): Promise<TpmtPublic> {
  return (await runner.run(command, { handles: [handle], parameters: {} })).values.outPublic
}
