import { SecretBytes } from '@trusthold/core/bytes'
import { decode, encode } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type {
  EndorsementKey,
  ImportSealedOptions,
  OpenSealedOptions,
  SealedObject,
  TpmStorageKey,
} from '@trusthold/core/ports'
import { type TpmtPublic, toPcrSelection, tpm2bPublic, tpmtPublic } from '@trusthold/core/tpm2'
import type { CommandRunner } from '../commands/run-command.js'
import type { Session } from '../commands/sessions.js'
import { unseal } from '../commands/unseal.js'
import { withEmptyPassword, withPcrPolicy } from './authorization.js'
import { importChild } from './children.js'
import { loadKey, type MadeKey } from './made-key.js'
import { openState } from './open-state.js'
import type { ParentKey } from './parent-key.js'
import { decodeSavedObject, encodeSavedKey } from './saved-key.js'
import type { TpmState } from './tpm-state.js'

const refuse = (name: string, reason: string): TrustholdError =>
  new TrustholdError('ARGUMENT_INVALID', { name, reason })

/** @throws ARGUMENT_INVALID for anything but sealed data */
function checkSealed(name: string, { type, objectAttributes }: TpmtPublic): void {
  const { sign, decrypt, restricted } = objectAttributes
  if (type === 'keyedhash' && !sign && !decrypt && !restricted) return
  throw refuse(name, 'a key and not sealed data')
}

/** The parent, found when it is the object's turn. */
function parentFinder(
  state: TpmState,
  parentOf: (key: TpmStorageKey) => ParentKey,
  parent: EndorsementKey | TpmStorageKey,
): (runner: CommandRunner) => Promise<ParentKey> {
  return async (runner) => ('use' in parent ? parentOf(parent) : await state.endorsementKey(runner, parent))
}

/** Imports sealed data and loads it. */
export async function importSealed(
  state: TpmState,
  parentOf: (key: TpmStorageKey) => ParentKey,
  options: ImportSealedOptions,
): Promise<SealedObject> {
  const publicArea = decode(tpm2bPublic, options.objectPublic)
  checkSealed('objectPublic', publicArea)
  const duplicate = {
    objectPublic: Uint8Array.from(options.objectPublic),
    duplicate: Uint8Array.from(options.duplicate),
    inSymSeed: Uint8Array.from(options.inSymSeed),
  }
  const findParent = parentFinder(state, parentOf, options.parent)
  const made = await state.turn(options, async (runner) => {
    const parent = await findParent(runner)
    const privateArea = await importChild(runner, parent, duplicate)
    return await loadKey(runner, parent, { privateArea, publicArea, parentName: parent.name })
  })
  return sealedObject(state, made)
}

/** Loads sealed data that was imported before. */
export async function openSealed(
  state: TpmState,
  parentOf: (key: TpmStorageKey) => ParentKey,
  options: OpenSealedOptions,
): Promise<SealedObject> {
  const saved = decodeSavedObject(options.saved)
  checkSealed('saved', saved.publicArea)
  const findParent = parentFinder(state, parentOf, options.parent)
  const made = await state.turn(
    options,
    async (runner) => await loadKey(runner, await findParent(runner), saved),
  )
  return sealedObject(state, made)
}

function sealedObject(state: TpmState, { saved, object }: MadeKey): SealedObject {
  const { assertOpen, close } = openState('the sealed object')
  const { publicArea } = saved
  const { nameAlg } = publicArea

  /** In a session that encrypts what comes back. */
  const authorize = <T>(
    runner: CommandRunner,
    selection: ReturnType<typeof toPcrSelection>,
    work: (session: Session) => Promise<T>,
  ): Promise<T> =>
    state.withSalt(runner, (salt) =>
      selection.length === 0
        ? withEmptyPassword(runner, state.authority, salt, work)
        : withPcrPolicy(
            runner,
            state.authority,
            { hash: nameAlg === 'null' ? 'sha256' : nameAlg, selection },
            salt,
            work,
          ),
    )

  return {
    publicArea: encode(tpmtPublic, publicArea),
    saved: encodeSavedKey(saved),
    async unseal(pcrs = [], call = {}) {
      const selection = toPcrSelection(pcrs)
      return await state.turn(call, async (runner) => {
        assertOpen()
        return await object.use(runner, (item) =>
          authorize(runner, selection, async (session) =>
            SecretBytes.take(await unseal(runner, { item, session })),
          ),
        )
      })
    },
    async close() {
      close()
    },
  }
}
