import { encode } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type { AttestationKey, TpmCallOptions, TpmKey } from '@trusthold/core/ports'
import { toBankSelections, toPcrSelection, tpmtPublic } from '@trusthold/core/tpm2'
import { activateCredential } from '../commands/activate-credential.js'
import { certify } from '../commands/certify.js'
import { certifyCreation } from '../commands/certify-creation.js'
import type { NamedEntity } from '../commands/entity.js'
import { getTime } from '../commands/get-time.js'
import { quote } from '../commands/quote.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession } from '../commands/sessions.js'
import { withHierarchy } from './authorization.js'
import { checkSelection } from './check-selection.js'
import type { FoundEndorsementKey } from './endorsement-keys.js'
import type { UsableObject } from './loaded-key.js'
import type { MadeKey } from './made-key.js'
import { openState } from './open-state.js'
import { removePersistent } from './persistent-key.js'
import { copyQualifyingData } from './qualifying-data.js'
import { encodeSavedKey, type SavedKey } from './saved-key.js'
import type { TpmState } from './tpm-state.js'

/** Gives what a key of this TPM is used by. @throws ARGUMENT_INVALID for keys of another one */
export type ObjectOf = (key: TpmKey) => UsableObject

/** Uses the key in a turn, while it is open. */
type UseKey = <T>(
  call: TpmCallOptions,
  work: (runner: CommandRunner, key: NamedEntity) => Promise<T>,
) => Promise<T>

/** Attestation keys have the empty password: what they sign is no secret, and whoever signs with them says the truth. */
const session = passwordSession()

type Statements = Pick<AttestationKey, 'quote' | 'certify' | 'certifyCreation' | 'certifyTime'>

/** What the key signs. */
function statements(state: TpmState, objectOf: ObjectOf, useKey: UseKey, { creation }: SavedKey): Statements {
  return {
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
  }
}

/** An attestation key that was made or loaded. */
export function attestationKey(
  state: TpmState,
  objectOf: ObjectOf,
  endorsement: FoundEndorsementKey,
  { saved, object }: MadeKey,
): AttestationKey {
  const { assertOpen, close } = openState('the attestation key')
  const useKey: UseKey = (call, work) =>
    state.turn(call, async (runner) => {
      assertOpen()
      return await object.use(runner, (key) => work(runner, key))
    })

  return {
    ...statements(state, objectOf, useKey, saved),
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
