import { u32 } from '@trusthold/core/codec'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

/** TPM2_FlushContext. */
export const flushCommand = defineCommand('TPM2_FlushContext', { parameters: { flushHandle: u32 } })

/**
 * TPM2_FlushContext: removes a transient object or a session. No caller's signal cuts it short, as what is left behind
 * would stay. Part 3, section 28.4.
 */
export async function flushContext(runner: CommandRunner, handle: number): Promise<void> {
  const { signal } = new AbortController()
  await runner.run(flushCommand, { handles: {}, parameters: { flushHandle: handle }, signal })
}
