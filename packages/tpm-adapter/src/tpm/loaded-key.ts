import { equalBytes } from '@trusthold/core/bytes'
import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { TpmsContext } from '@trusthold/core/tpm2'
import { contextLoad, contextSave } from '../commands/context.js'
import type { NamedEntity } from '../commands/entity.js'
import type { CommandRunner } from '../commands/run-command.js'
import { flushAfter } from './flushing.js'

/** An object that can be used by its handle, which is good only while the function runs. */
export interface UsableObject {
  use<T>(runner: CommandRunner, work: (object: NamedEntity) => Promise<T>): Promise<T>
}

/** An object that is in the TPM all the time. */
export function persistentObject(object: NamedEntity): UsableObject {
  return { use: (_runner, work) => work(object) }
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
 * need not be made again. When the TPM was reset meanwhile, the object is made again; a TPM that makes another one then
 * was cleared.
 * @param make loads or makes the object
 */
export function swappedObject(make: (runner: CommandRunner) => Promise<NamedEntity>): UsableObject {
  let saved: { readonly context: TpmsContext; readonly name: Uint8Array } | undefined
  let stale = false

  const resume = async (runner: CommandRunner): Promise<NamedEntity | undefined> => {
    if (saved === undefined || stale) return undefined
    try {
      return { handle: await contextLoad(runner, saved.context), name: saved.name }
    } catch (error) {
      stale = isTrustholdError(error, 'TPM_RESPONSE') && staleContext.has(error.context.name)
      if (!stale) throw error
      return undefined
    }
  }

  return {
    async use(runner, work) {
      const object = (await resume(runner)) ?? (await make(runner))
      return await flushAfter(runner, object.handle, async () => {
        if (saved === undefined || stale) {
          if (saved !== undefined && !equalBytes(saved.name, object.name)) throw cleared()
          saved = { context: await contextSave(runner, object), name: object.name }
          stale = false
        }
        return await work(object)
      })
    },
  }
}

const cleared = (): TrustholdError =>
  new TrustholdError('TPM_NOT_AVAILABLE', {
    what: 'the key',
    reason: 'the TPM was cleared and makes another one now',
  })
