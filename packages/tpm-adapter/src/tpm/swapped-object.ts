import { isTrustholdError } from '@trusthold/core/errors'
import type { TpmsContext } from '@trusthold/core/tpm2'
import { contextLoad, contextSave } from '../commands/context.js'
import type { CommandRunner } from '../commands/run-command.js'
import { flushAfter } from './flushing.js'

/** A key that can be used by its handle, which is good only while the function runs. */
export interface UsableKey {
  use<T>(work: (handle: number) => Promise<T>): Promise<T>
}

/** What a TPM says of a context that it cannot take any more, as after a reset. Part 3, section 28.3. */
const staleContext: ReadonlySet<string> = new Set([
  'TPM_RC_INTEGRITY',
  'TPM_RC_HANDLE',
  'TPM_RC_HIERARCHY',
  'TPM_RC_BAD_CONTEXT',
])

/**
 * Keeps an object outside the TPM between uses, as a saved context, so that it holds none of the TPM's few slots and
 * need not be made again. When the TPM was reset meanwhile, the object is made again.
 * @param make loads or makes the object and returns its handle
 */
export function createSwappedObject(runner: CommandRunner, make: () => Promise<number>): UsableKey {
  let context: TpmsContext | undefined

  const resume = async (): Promise<number | undefined> => {
    if (context === undefined) return undefined
    try {
      return await contextLoad(runner, context)
    } catch (error) {
      const stale = isTrustholdError(error, 'TPM_RESPONSE') && staleContext.has(error.context.name)
      if (!stale) throw error
      context = undefined
      return undefined
    }
  }

  return {
    async use(work) {
      const handle = (await resume()) ?? (await make())
      return await flushAfter(runner, handle, async (loaded) => {
        context ??= await contextSave(runner, loaded)
        return await work(loaded)
      })
    },
  }
}
