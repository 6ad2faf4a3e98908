import { isTrustholdError } from '@trusthold/core/errors'
import { flushCommand, flushContext } from '../commands/flush-context.js'
import { readHandles } from '../commands/get-capability.js'
import type { CommandRunner } from '../commands/run-command.js'

/** Errors after which nobody knows what the TPM still did, or whether it was flushed. */
const uncertain: ReadonlySet<string> = new Set([
  'TRANSPORT_FAILED',
  'TRANSPORT_TIMEOUT',
  'TRANSPORT_ABORTED',
  'TPM_RESPONSE_MALFORMED',
  'TPM_RESPONSE_FORGED',
])

/** Finds and flushes what was left in the TPM when the way to it failed. */
export interface Leftovers {
  /** To be called before work: flushes what failed work left. */
  clear(runner: CommandRunner): Promise<void>
  /** The same runner, whose failures are noted: the one that some work ends with need not be the one that matters. */
  watch(runner: CommandRunner): CommandRunner
  /** To be called when it may be another TPM, or one that was restarted. */
  suspect(): void
}

async function loaded(runner: CommandRunner): Promise<readonly number[]> {
  const kinds = ['transient', 'loadedSession', 'savedSession'] as const
  const handles: number[] = []
  for (const kind of kinds) handles.push(...(await readHandles(runner, kind)))
  return handles
}

/**
 * Makes it. What was in the TPM before the first work stays: it is somebody else's. Behind a resource manager nobody
 * sees what others have; without one, the TPM is taken to be ours alone from then on.
 */
export function createLeftovers(): Leftovers {
  let before: ReadonlySet<number> | undefined
  let suspected = false
  return {
    async clear(runner) {
      if (before === undefined) {
        before = new Set(await loaded(runner))
        suspected = false
      }
      if (!suspected) return
      const now = await loaded(runner)
      const others = before
      for (const handle of now) {
        if (!others.has(handle)) await flushContext(runner, handle)
      }
      // A restart takes away what others had: what gets their handles next is ours.
      before = new Set(now.filter((handle) => others.has(handle)))
      suspected = false
    },
    watch: (runner) => ({
      async run(command, input) {
        try {
          return await runner.run(command, input)
        } catch (error) {
          const stays = command.name === flushCommand.name
          suspected ||= stays || (isTrustholdError(error) && uncertain.has(error.code))
          throw error
        }
      },
    }),
    suspect() {
      suspected = true
    },
  }
}
