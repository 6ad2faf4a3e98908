import { equalBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import {
  computeName,
  computeQualifiedName,
  matchesTemplate,
  permanentHandles,
  type TpmtPublic,
} from '@trusthold/core/tpm2'
import type { NamedEntity } from '../commands/entity.js'
import { evictControl } from '../commands/evict-control.js'
import { readHandles } from '../commands/get-capability.js'
import { readNames } from '../commands/read-public.js'
import type { CommandRunner } from '../commands/run-command.js'
import { withHierarchy } from './authorization.js'
import { persistentObject } from './loaded-key.js'
import { loadKey, type MadeKey, makeKey } from './made-key.js'
import type { ParentKey } from './parent-key.js'
import type { TpmState } from './tpm-state.js'

/** The owner's part of the persistent handles. TCG Registry of reserved TPM 2.0 handles, section 2.3.1. */
const range = { first: 0x8100_0000, last: 0x817f_ffff } as const

/** What {@link openPersistentKey} takes. */
export interface PersistentKeyOptions {
  readonly handle: number
  readonly parent: ParentKey
  /** Qualified name of the parent. */
  readonly parentQualifiedName: Uint8Array
  readonly template: TpmtPublic
}

/** @throws ARGUMENT_INVALID for handles that are not the owner's */
export function checkPersistentHandle(handle: number): void {
  if (Number.isInteger(handle) && handle >= range.first && handle <= range.last) return
  throw new TrustholdError('ARGUMENT_INVALID', {
    name: 'persistentHandle',
    reason: `not 0x${range.first.toString(16)} to 0x${range.last.toString(16)}`,
  })
}

/**
 * The key at a handle, or a new one that is put there.
 * @throws TPM_NOT_AVAILABLE when there is something else
 */
export async function openPersistentKey(
  state: TpmState,
  runner: CommandRunner,
  options: PersistentKeyOptions,
): Promise<MadeKey> {
  const { handle } = options
  const taken = (await readHandles(runner, 'persistent')).includes(handle)
  return taken ? await useExisting(runner, options) : await makePersistent(state, runner, options)
}

async function useExisting(
  runner: CommandRunner,
  { handle, parent, parentQualifiedName, template }: PersistentKeyOptions,
): Promise<MadeKey> {
  const { publicArea, qualifiedName } = await readNames(runner, handle)
  const expected =
    matchesTemplate(publicArea, template) &&
    equalBytes(qualifiedName, computeQualifiedName(parentQualifiedName, computeName(publicArea)))
  if (!expected) {
    throw new TrustholdError('TPM_NOT_AVAILABLE', {
      what: `handle 0x${handle.toString(16)}`,
      reason: 'there is something else than a key of this kind and parent',
    })
  }
  const saved = {
    privateArea: new Uint8Array(),
    publicArea,
    parentName: parent.name,
    persistentHandle: handle,
  }
  return { saved, object: persistentObject({ handle, name: computeName(publicArea) }) }
}

async function makePersistent(
  state: TpmState,
  runner: CommandRunner,
  { handle, parent, template }: PersistentKeyOptions,
): Promise<MadeKey> {
  const made = await makeKey(runner, parent, template)
  const { object } = await loadKey(runner, parent, made)
  const name = computeName(made.publicArea)
  await object.use(runner, (loaded) => evict(state, runner, loaded, handle))
  const saved = { ...made, privateArea: new Uint8Array(), persistentHandle: handle }
  return { saved, object: persistentObject({ handle, name }) }
}

/** Removes a persistent key. */
export function removePersistent(state: TpmState, runner: CommandRunner, key: NamedEntity): Promise<void> {
  return evict(state, runner, key, key.handle)
}

/** TPM2_EvictControl: makes a loaded key persistent, or removes a persistent one. */
function evict(
  { authority, withSalt }: TpmState,
  runner: CommandRunner,
  object: NamedEntity,
  persistentHandle: number,
): Promise<void> {
  const hierarchy = permanentHandles.owner
  return withHierarchy(runner, authority, 'owner', withSalt, (session) =>
    evictControl(runner, { hierarchy, session, object, persistentHandle }),
  )
}
