import { equalBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { AttestationKey, OpenAttestationKeyOptions } from '@trusthold/core/ports'
import { akTemplates, computeQualifiedName, hierarchyName } from '@trusthold/core/tpm2'
import type { CommandRunner } from '../commands/run-command.js'
import { attestationKey, type ObjectOf } from './attestation-key.js'
import type { FoundEndorsementKey } from './endorsement-keys.js'
import { kindFacts } from './key-kinds.js'
import { findPersistent, loadKey, type MadeKey, makeKey } from './made-key.js'
import type { ParentKey } from './parent-key.js'
import { checkPersistentHandle, openPersistentKey } from './persistent-key.js'
import { decodeSavedKey, type SavedKey } from './saved-key.js'
import type { TpmState } from './tpm-state.js'

const templates = Object.values(akTemplates)

/** The parent that a saved key names; the endorsement key for those that name none. */
async function parentOf(
  state: TpmState,
  runner: CommandRunner,
  { parentName }: SavedKey,
  endorsement: FoundEndorsementKey,
): Promise<ParentKey> {
  if (parentName === undefined || equalBytes(parentName, endorsement.name)) return endorsement
  const root = await state.storageRootKey(runner)
  if (equalBytes(parentName, root.name)) return root
  throw new TrustholdError('TPM_NOT_AVAILABLE', {
    what: 'the saved key',
    reason: 'it lives under neither this endorsement key nor the storage root key',
  })
}

async function openSaved(
  state: TpmState,
  runner: CommandRunner,
  saved: SavedKey,
  endorsement: FoundEndorsementKey,
): Promise<MadeKey> {
  const { persistentHandle } = saved
  if (persistentHandle !== undefined) return await findPersistent(runner, persistentHandle, saved)
  return await loadKey(runner, await parentOf(state, runner, saved, endorsement), saved)
}

async function openNew(
  state: TpmState,
  runner: CommandRunner,
  options: OpenAttestationKeyOptions,
  endorsement: FoundEndorsementKey,
): Promise<MadeKey> {
  const { kind = kindFacts(endorsement.key.kind).attestation, persistentHandle } = options
  const underRoot = options.parent === 'storage-root-key'
  const parent = underRoot ? await state.storageRootKey(runner) : endorsement
  const template = akTemplates[kind]
  if (persistentHandle === undefined)
    return await loadKey(runner, parent, await makeKey(runner, parent, template))
  const hierarchy = hierarchyName(underRoot ? 'owner' : 'endorsement')
  const parentQualifiedName = computeQualifiedName(hierarchy, parent.name)
  return await openPersistentKey(state, runner, {
    handle: persistentHandle,
    parent,
    parentQualifiedName,
    template,
  })
}

/** Opens an attestation key; its functions take turns of their own. */
export async function openAttestationKey(
  state: TpmState,
  objectOf: ObjectOf,
  options: OpenAttestationKeyOptions,
): Promise<AttestationKey> {
  const { endorsementKey, saved, persistentHandle } = options
  if (persistentHandle !== undefined) checkPersistentHandle(persistentHandle)
  const given = saved && decodeSavedKey(saved, templates)
  return await state.turn(options, async (runner) => {
    const endorsement = await state.endorsementKey(runner, endorsementKey)
    const made = given
      ? await openSaved(state, runner, given, endorsement)
      : await openNew(state, runner, options, endorsement)
    return attestationKey(state, objectOf, endorsement, made)
  })
}
