import { equalBytes } from '@trusthold/core/bytes'
import { computeNvName, type TpmsNvPublic, tpm2bName, tpm2bNvPublic } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_NV_ReadPublic', {
  handles: { nvIndex: 'none' },
  response: { nvPublic: tpm2bNvPublic, nvName: tpm2bName },
  check: (_, { nvPublic, nvName }) =>
    equalBytes(computeNvName(nvPublic), nvName) ? undefined : 'the name is not that of the public area',
})

/**
 * TPM2_NV_ReadPublic: size and attributes of an index; `computeNvName` of `@trusthold/core/tpm2` gives its name. Part 3,
 * section 31.6.
 */
export async function nvReadPublic(runner: CommandRunner, index: Entity): Promise<TpmsNvPublic> {
  const handles = { nvIndex: index }
  return (await runner.run(command, { handles, parameters: {} })).values.nvPublic
}
