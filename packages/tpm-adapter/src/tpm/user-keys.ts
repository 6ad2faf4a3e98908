import { equalBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { OpenKeyOptions, TpmDecryptionKey, TpmSigningKey, TpmStorageKey } from '@trusthold/core/ports'
import {
  decryptionKeyTemplates,
  hashFacts,
  signingKeyTemplates,
  storageKeyTemplates,
  type UserKeyTemplates,
} from '@trusthold/core/tpm2'
import { passwordSession } from '../commands/sessions.js'
import { sign } from '../commands/sign.js'
import { decryptionFunctions } from './decryption.js'
import type { KeyRegistry } from './key-registry.js'
import { loadKey, type MadeKey, makeKey } from './made-key.js'
import type { ParentKey } from './parent-key.js'
import { decodeSavedKey, type SavedKey } from './saved-key.js'
import type { TpmState } from './tpm-state.js'

/** @throws TPM_NOT_AVAILABLE when a saved key lives under another parent than the given one */
function checkParent({ parentName }: SavedKey, parent: ParentKey): void {
  if (parentName === undefined || equalBytes(parentName, parent.name)) return
  throw new TrustholdError('TPM_NOT_AVAILABLE', {
    what: 'the saved key',
    reason: 'it lives under another key',
  })
}

async function openKey(
  state: TpmState,
  { kind = 'ecc-p256', saved, parent = 'storage-root-key', ...call }: OpenKeyOptions,
  templates: UserKeyTemplates,
): Promise<MadeKey> {
  const given = saved && decodeSavedKey(saved, Object.values(templates))
  return await state.turn(call, async (runner) => {
    const under =
      parent === 'storage-root-key'
        ? await state.storageRootKey(runner)
        : await state.endorsementKey(runner, parent)
    if (given !== undefined) checkParent(given, under)
    return await loadKey(runner, under, given ?? (await makeKey(runner, under, templates[kind])))
  })
}

/** Opens a key that signs digests. */
export async function openSigningKey(
  state: TpmState,
  registry: KeyRegistry,
  options: OpenKeyOptions = {},
): Promise<TpmSigningKey> {
  const made = await openKey(state, options, signingKeyTemplates)
  const { common, use, register } = registry.open(made)
  const { nameAlg } = made.saved.publicArea
  const { size } = hashFacts(nameAlg === 'null' ? 'sha256' : nameAlg)
  return register<TpmSigningKey>({
    ...common,
    async sign(given, call = {}) {
      if (given.length !== size) {
        const reason = `${given.length} bytes, not ${size}`
        throw new TrustholdError('ARGUMENT_INVALID', { name: 'digest', reason })
      }
      const digest = Uint8Array.from(given)
      return await use(call, (runner, key) => sign(runner, { key, session: passwordSession(), digest }))
    },
  })
}

/** Opens a key that something can be encrypted to. */
export async function openDecryptionKey(
  state: TpmState,
  registry: KeyRegistry,
  options: OpenKeyOptions = {},
): Promise<TpmDecryptionKey> {
  const made = await openKey(state, options, decryptionKeyTemplates)
  const { common, use, register } = registry.open(made)
  return register<TpmDecryptionKey>({ ...common, ...decryptionFunctions(state, made.saved.publicArea, use) })
}

/** Opens a key that objects can be imported under. */
export async function openStorageKey(
  state: TpmState,
  registry: KeyRegistry,
  options: OpenKeyOptions = {},
): Promise<TpmStorageKey> {
  const { common, register } = registry.open(await openKey(state, options, storageKeyTemplates))
  return register<TpmStorageKey>({ ...common, use: 'storage' })
}
