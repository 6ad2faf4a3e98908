import { equalBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import { computeName, type TpmtPublic } from '@trusthold/core/tpm2'
import { readPublic } from '../commands/read-public.js'
import type { CommandRunner } from '../commands/run-command.js'
import { createChild, loadChild } from './children.js'
import { persistentObject, swappedObject, type UsableObject } from './loaded-key.js'
import type { ParentKey } from './parent-key.js'
import type { SavedKey } from './saved-key.js'

/** A key that was made or loaded, and how it is used. */
export interface MadeKey {
  readonly saved: SavedKey
  readonly object: UsableObject
}

/** Makes a new key under a parent. */
export async function makeKey(
  runner: CommandRunner,
  parent: ParentKey,
  template: TpmtPublic,
): Promise<SavedKey> {
  return { ...(await createChild(runner, parent, template)), parentName: parent.name }
}

/** Loads a key under its parent, to see that it is one of this TPM and this parent. */
export async function loadKey(runner: CommandRunner, parent: ParentKey, saved: SavedKey): Promise<MadeKey> {
  const object = swappedObject((using) => loadChild(using, parent, saved))
  await object.use(runner, async () => undefined)
  return { saved, object }
}

/**
 * A key that is in the TPM under a handle.
 * @throws TPM_NOT_AVAILABLE when there is another one now
 */
export async function findPersistent(
  runner: CommandRunner,
  handle: number,
  saved: SavedKey,
): Promise<MadeKey> {
  const name = computeName(saved.publicArea)
  const publicArea = await readPublic(runner, handle)
  if (publicArea.nameAlg === 'null' || !equalBytes(computeName(publicArea), name)) {
    throw new TrustholdError('TPM_NOT_AVAILABLE', {
      what: 'the saved key',
      reason: `there is another one at 0x${handle.toString(16)}`,
    })
  }
  return { saved, object: persistentObject({ handle, name }) }
}
