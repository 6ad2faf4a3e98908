import { decode, encode } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type {
  AttestationKey,
  PcrBankSelection,
  RandomSource,
  TpmKeyKind,
  TpmQuote,
} from '@trusthold/core/ports'
import {
  akTemplates,
  equalPcrSelections,
  toBankSelections,
  toPcrSelection,
  tpmsAttest,
  tpmtPublic,
} from '@trusthold/core/tpm2'
import { activateCredential } from '../commands/activate-credential.js'
import { create } from '../commands/create.js'
import { load } from '../commands/load.js'
import { quote } from '../commands/quote.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession } from '../commands/sessions.js'
import type { FoundEndorsementKey } from './endorsement-keys.js'
import { withEndorsementSession } from './endorsement-session.js'
import { encodeSavedKey, type SavedKey } from './saved-key.js'
import { createSwappedObject } from './swapped-object.js'
import type { Turns } from './turns.js'

/** What attestation keys share with their TPM. */
export interface AttestationContext {
  readonly runner: CommandRunner
  readonly turns: Turns
  readonly random: RandomSource
}

/** What a quote can hold without telling the TPM's name algorithm: a SHA-256 digest. */
const maxQualifyingData = 32

/** Makes a new key under an endorsement key. To be called within a turn. */
export async function createSavedKey(
  { runner, random }: AttestationContext,
  parent: FoundEndorsementKey,
  kind: TpmKeyKind,
): Promise<SavedKey> {
  return await parent.use((handle) =>
    withEndorsementSession(runner, random, parent.publicArea, (session) =>
      create(runner, { parent: handle, session, template: akTemplates[kind] }),
    ),
  )
}

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

/**
 * Loads a key, to see that it is one of this TPM and this endorsement key, and returns it for use. To be called within
 * a turn; the key's functions take turns of their own.
 */
export async function openSavedKey(
  { runner, turns, random }: AttestationContext,
  parent: FoundEndorsementKey,
  key: SavedKey,
): Promise<AttestationKey> {
  const object = createSwappedObject(runner, () =>
    parent.use((handle) =>
      withEndorsementSession(
        runner,
        random,
        parent.publicArea,
        async (session) => (await load(runner, { parent: handle, session, key })).handle,
      ),
    ),
  )
  await object.use(async () => undefined)
  let closed = false

  const useKey = <T>(work: (handle: number) => Promise<T>): Promise<T> =>
    turns(async () => {
      if (closed)
        throw new TrustholdError('TPM_NOT_AVAILABLE', { what: 'the attestation key', reason: 'it is closed' })
      return await object.use(work)
    })

  return {
    publicArea: encode(tpmtPublic, key.publicArea),
    saved: encodeSavedKey(key),

    activateCredential(credentialBlob, encryptedSecret) {
      return useKey((activateHandle) =>
        parent.use((keyHandle) =>
          withEndorsementSession(runner, random, parent.publicArea, (keySession) =>
            activateCredential(runner, {
              activateHandle,
              activateSession: passwordSession(),
              keyHandle,
              keySession,
              credentialBlob,
              encryptedSecret,
            }),
          ),
        ),
      )
    },

    async quote(qualifyingData, selection): Promise<TpmQuote> {
      if (qualifyingData.length > maxQualifyingData) {
        const reason = `${qualifyingData.length} bytes, more than ${maxQualifyingData}`
        throw new TrustholdError('ARGUMENT_INVALID', { name: 'qualifyingData', reason })
      }
      const data = Uint8Array.from(qualifyingData)
      const pcrs = toPcrSelection(selection)
      const quoted = await useKey((handle) =>
        quote(runner, { key: handle, session: passwordSession(), qualifyingData: data, selection: pcrs }),
      )
      checkSelection(quoted.message, toBankSelections(pcrs))
      return quoted
    },

    async close() {
      closed = true
    },
  }
}
