import { struct, u32 } from '@trusthold/core/codec'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand(
  'TPM2_FlushContext',
  struct('FlushContext', { flushHandle: u32 }),
  struct('FlushContext', {}),
)

/** TPM2_FlushContext: removes a transient object or a session. Part 3, section 28.4. */
export async function flushContext(runner: CommandRunner, handle: number): Promise<void> {
  await runner.run(command, { parameters: { flushHandle: handle } })
}
