import { type Codec, type Infer, sizedBytes, struct, u16, u32, u64 } from '@trusthold/core/codec'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const context = struct('TPMS_CONTEXT', {
  sequence: u64,
  savedHandle: u32,
  hierarchy: u32,
  contextBlob: sizedBytes(u16, 8192),
})
/** TPMS_CONTEXT: a loaded object outside the TPM, encrypted by it, good until its next reset. Part 2, section 14.5. */
export interface TpmsContext extends Infer<typeof context> {}
const tpmsContext: Codec<TpmsContext> = context

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
