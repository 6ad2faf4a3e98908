import { equalBytes } from '@trusthold/core/bytes'
import { decode, encode } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type {
  AttestationKey,
  OpenAttestationKeyOptions,
  PcrBankSelection,
  TpmKey,
} from '@trusthold/core/ports'
import {
  akTemplates,
  computeQualifiedName,
  equalPcrSelections,
  hierarchyName,
  toBankSelections,
  toPcrSelection,
  tpmsAttest,
  tpmtPublic,
} from '@trusthold/core/tpm2'
import { activateCredential } from '../commands/activate-credential.js'
import { certify } from '../commands/certify.js'
import { certifyCreation } from '../commands/certify-creation.js'
import type { NamedEntity } from '../commands/entity.js'
import { getTime } from '../commands/get-time.js'
import { quote } from '../commands/quote.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession } from '../commands/sessions.js'
import { withHierarchy } from './authorization.js'
import type { FoundEndorsementKey } from './endorsement-keys.js'
import { kindFacts } from './key-kinds.js'
import type { UsableObject } from './loaded-key.js'
import { findPersistent, loadKey, type MadeKey, makeKey } from './made-key.js'
import { openState } from './open-state.js'
import type { ParentKey } from './parent-key.js'
import { checkPersistentHandle, openPersistentKey, removePersistent } from './persistent-key.js'
import { copyQualifyingData } from './qualifying-data.js'
import { decodeSavedKey, encodeSavedKey, type SavedKey } from './saved-key.js'
import type { TpmState } from './tpm-state.js'

/** Gives what a key of this TPM is used by. @throws ARGUMENT_INVALID for keys of another one */
export type ObjectOf = (key: TpmKey) => UsableObject

/** Refuses a quote over less than what was asked for: TPMs leave out banks that they do not have. */
function checkSelection(message: Uint8Array, selection: readonly PcrBankSelection[]): void {
  const attest = decode(tpmsAttest, message)
  const quoted = attest.type === 'quote' ? toBankSelections(attest.attested.pcrSelect) : []
  if (equalPcrSelections(quoted, selection)) return
  throw new TrustholdError('TPM_NOT_AVAILABLE', {
    what: `PCRs ${describeSelection(selection)}`,
    reason: `the TPM quoted ${describeSelection(quoted) || 'none'}`,
  })
}

function describeSelection(selection: readonly PcrBankSelection[]): string {
  return selection.map(({ bank, pcrs }) => `${bank}:${pcrs.join(',')}`).join('+')
}

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

function attestationKey(
  state: TpmState,
  objectOf: ObjectOf,
  endorsement: FoundEndorsementKey,
  { saved, object }: MadeKey,
): AttestationKey {
  const { assertOpen, close } = openState('the attestation key')
  const useKey = <T>(
    call: { signal?: AbortSignal },
    work: (runner: CommandRunner, key: NamedEntity) => Promise<T>,
  ): Promise<T> =>
    state.turn(call, async (runner) => {
      assertOpen()
      return await object.use(runner, (key) => work(runner, key))
    })
  const session = passwordSession()

  return {
    publicArea: encode(tpmtPublic, saved.publicArea),
    saved: encodeSavedKey(saved),

    activateCredential(credentialBlob, encryptedSecret, call = {}) {
      const credential = {
        credentialBlob: Uint8Array.from(credentialBlob),
        encryptedSecret: Uint8Array.from(encryptedSecret),
      }
      return useKey(call, (runner, activateHandle) =>
        endorsement.use(runner, (keyHandle) =>
          endorsement.authorize(runner, keyHandle, (keySession) =>
            activateCredential(runner, {
              ...credential,
              activateHandle,
              activateSession: session,
              keyHandle,
              keySession,
            }),
          ),
        ),
      )
    },

    async quote(data, selection, call = {}) {
      const qualifyingData = copyQualifyingData(data)
      const pcrs = toPcrSelection(selection)
      const quoted = await useKey(call, (runner, key) =>
        quote(runner, { key, session, qualifyingData, selection: pcrs }),
      )
      checkSelection(quoted.message, toBankSelections(pcrs))
      return quoted
    },

    async certify(other, data, call = {}) {
      const qualifyingData = copyQualifyingData(data)
      const certified = objectOf(other)
      return await useKey(call, (runner, key) =>
        certified.use(runner, (loaded) =>
          certify(runner, {
            object: loaded,
            objectSession: session,
            key,
            keySession: session,
            qualifyingData,
          }),
        ),
      )
    },

    async certifyCreation(data, call = {}) {
      const qualifyingData = copyQualifyingData(data)
      const { creation } = saved
      if (creation === undefined) {
        throw new TrustholdError('TPM_NOT_AVAILABLE', {
          what: 'the creation proof',
          reason: 'the key was found or saved without it',
        })
      }
      const statement = await useKey(call, (runner, key) =>
        certifyCreation(runner, { key, session, object: key, creation, qualifyingData }),
      )
      return { ...statement, creationData: creation.data }
    },

    async certifyTime(data, call = {}) {
      const qualifyingData = copyQualifyingData(data)
      return await useKey(call, (runner, key) =>
        withHierarchy(runner, state.authority, 'endorsement', state.withSalt, (endorsementSession) =>
          getTime(runner, { endorsementSession, key, session, qualifyingData }),
        ),
      )
    },

    async remove(call = {}) {
      if (saved.persistentHandle !== undefined) {
        await useKey(call, (runner, key) => removePersistent(state, runner, key))
      }
      close()
    },

    async close() {
      close()
    },
  }
}
