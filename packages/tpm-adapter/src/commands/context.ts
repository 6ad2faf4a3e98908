import { struct } from '@trusthold/core/codec'
import { type TpmsContext, tpmsContext } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const save = defineCommand(
  'TPM2_ContextSave',
  struct('ContextSave', {}),
  struct('ContextSave', { context: tpmsContext }),
)
const load = defineCommand(
  'TPM2_ContextLoad',
  struct('ContextLoad', { context: tpmsContext }),
  struct('ContextLoad', {}),
  { returnsHandle: true },
)

/** TPM2_ContextSave; an object stays loaded. Part 3, section 28.2. */
export async function contextSave(runner: CommandRunner, handle: number): Promise<TpmsContext> {
  return (await runner.run(save, { handles: [handle], parameters: {} })).values.context
}

/** TPM2_ContextLoad; returns the handle. Part 3, section 28.3. */
export async function contextLoad(runner: CommandRunner, saved: TpmsContext): Promise<number> {
  return (await runner.run(load, { parameters: { context: saved } })).handle
}
