import type { TpmTransport } from '@trusthold/core/ports'
import { flushContext } from '../commands/flush-context.js'
import { readHandles } from '../commands/get-capability.js'
import { createCommandRunner } from '../commands/run-command.js'

/** Handles of what takes up the TPM's working memory. */
export interface LoadedHandles {
  /** Keys and other objects. */
  readonly transient: readonly number[]
  readonly loadedSessions: readonly number[]
  /** Sessions that were saved outside the TPM and still count. */
  readonly savedSessions: readonly number[]
}

/** What is loaded in a TPM; behind a resource manager, only what came through this connection. */
export async function loadedHandles(transport: TpmTransport): Promise<LoadedHandles> {
  const runner = createCommandRunner(transport)
  return {
    transient: await readHandles(runner, 'transient'),
    loadedSessions: await readHandles(runner, 'loadedSession'),
    savedSessions: await readHandles(runner, 'savedSession'),
  }
}

/** Flushes all of that, whoever put it there: for a TPM that nobody else uses. */
export async function flushAll(transport: TpmTransport): Promise<void> {
  const runner = createCommandRunner(transport)
  const { transient, loadedSessions, savedSessions } = await loadedHandles(transport)
  for (const handle of [...transient, ...loadedSessions, ...savedSessions]) await flushContext(runner, handle)
}
