import { type TpmsContext, tpmsContext } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'

const save = defineCommand('TPM2_ContextSave', {
  handles: { saveHandle: 'none' },
  response: { context: tpmsContext },
})
const load = defineCommand('TPM2_ContextLoad', {
  parameters: { context: tpmsContext },
  returnsHandle: true,
})

/** TPM2_ContextSave; an object stays loaded. Part 3, section 28.2. */
export async function contextSave(runner: CommandRunner, entity: Entity): Promise<TpmsContext> {
  const handles = { saveHandle: entity }
  return (await runner.run(save, { handles, parameters: {} })).values.context
}

/** TPM2_ContextLoad; returns the handle. Part 3, section 28.3. */
export async function contextLoad(runner: CommandRunner, saved: TpmsContext): Promise<number> {
  return (await runner.run(load, { handles: {}, parameters: { context: saved } })).handle
}
