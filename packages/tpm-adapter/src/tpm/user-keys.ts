import { equalBytes, SecretBytes } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type {
  OpenKeyOptions,
  TpmDecryptionKey,
  TpmKey,
  TpmSigningKey,
  TpmStorageKey,
} from '@trusthold/core/ports'
import {
  type CurveName,
  coordinateWidth,
  decryptionKeyTemplates,
  type EccPublic,
  hashFacts,
  signingKeyTemplates,
  storageKeyTemplates,
  type TpmsEccPoint,
  type TpmtPublic,
  tpmtPublic,
  type UserKeyTemplates,
} from '@trusthold/core/tpm2'
import { ecdhZgen } from '../commands/ecdh-zgen.js'
import type { NamedEntity } from '../commands/entity.js'
import { rsaDecrypt } from '../commands/rsa-decrypt.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession, type Session } from '../commands/sessions.js'
import { sign } from '../commands/sign.js'
import { withEmptyPassword } from './authorization.js'
import type { UsableObject } from './loaded-key.js'
import { loadKey, type MadeKey, makeKey } from './made-key.js'
import { openState } from './open-state.js'
import { type ParentKey, storageParent } from './parent-key.js'
import { decodeSavedKey, encodeSavedKey, type SavedKey } from './saved-key.js'
import type { TpmState } from './tpm-state.js'

/** A key that is open, seen from inside. */
interface OpenKey {
  readonly publicArea: TpmtPublic
  /** @throws TPM_NOT_AVAILABLE once the key was closed */
  object(): UsableObject
}

/** Keys other than for attestation, of one TPM. */
export interface UserKeys {
  openSigningKey(options?: OpenKeyOptions): Promise<TpmSigningKey>
  openDecryptionKey(options?: OpenKeyOptions): Promise<TpmDecryptionKey>
  openStorageKey(options?: OpenKeyOptions): Promise<TpmStorageKey>
  /** What a key is used by. @throws ARGUMENT_INVALID for keys of another TPM, TPM_NOT_AVAILABLE for closed ones */
  objectOf(key: TpmKey): UsableObject
  /** A storage key as a parent. @throws as {@link UserKeys.objectOf} */
  parentOf(key: TpmStorageKey): ParentKey
}

/** @throws TPM_NOT_AVAILABLE when a saved key lives under another parent than the given one */
function checkParent({ parentName }: SavedKey, parent: ParentKey): void {
  if (parentName === undefined || equalBytes(parentName, parent.name)) return
  throw new TrustholdError('TPM_NOT_AVAILABLE', {
    what: 'the saved key',
    reason: 'it lives under another key',
  })
}

const refuse = (name: string, reason: string): TrustholdError =>
  new TrustholdError('ARGUMENT_INVALID', { name, reason })

/** An uncompressed point (SEC 1, section 2.3.3). Whether it lies on the curve, the TPM says. */
function readPoint(bytes: Uint8Array, curve: CurveName): TpmsEccPoint {
  const width = coordinateWidth(curve)
  if (bytes[0] !== 0x04 || bytes.length !== 1 + 2 * width) {
    throw refuse('point', `expected 0x04 and two coordinates of ${width} bytes`)
  }
  return { x: bytes.slice(1, 1 + width), y: bytes.slice(1 + width) }
}

/** A coordinate as wide as its field: TPMs leave leading zeros out. */
function padTo(width: number, coordinate: Uint8Array): Uint8Array {
  const padded = new Uint8Array(width)
  padded.set(coordinate, width - coordinate.length)
  coordinate.fill(0)
  return padded
}

/** Makes the functions that open such keys; they take turns with everything else. */
export function createUserKeys(state: TpmState): UserKeys {
  const opened = new WeakMap<TpmKey, OpenKey>()

  const openOf = (key: TpmKey): OpenKey => {
    const open = opened.get(key)
    if (open === undefined) throw refuse('key', 'not a key that this TPM opened')
    return open
  }

  const open = async (
    { kind = 'ecc-p256', saved, parent = 'storage-root-key', ...call }: OpenKeyOptions,
    templates: UserKeyTemplates,
  ): Promise<MadeKey> => {
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

  /** What all such keys have, and how they are used: in a turn, and not any more once they were closed. */
  const parts = (made: MadeKey) => {
    const { assertOpen, close } = openState('the key')
    const { publicArea } = made.saved
    const object = (): UsableObject => {
      assertOpen()
      return made.object
    }
    return {
      key: {
        publicArea: encode(tpmtPublic, publicArea),
        saved: encodeSavedKey(made.saved),
        close: async () => close(),
      },
      register: <K extends TpmKey>(key: K): K => {
        opened.set(key, { publicArea, object })
        return key
      },
      use: <T>(
        call: { signal?: AbortSignal },
        work: (runner: CommandRunner, key: NamedEntity) => Promise<T>,
      ): Promise<T> =>
        state.turn(call, async (runner) => await object().use(runner, (key) => work(runner, key))),
    }
  }

  /** In a session that encrypts what comes back. */
  const withEncryption = <T>(runner: CommandRunner, work: (session: Session) => Promise<T>): Promise<T> =>
    state.withSalt(runner, (salt) => withEmptyPassword(runner, state.authority, salt, work))

  return {
    async openSigningKey(options = {}) {
      const made = await open(options, signingKeyTemplates)
      const { key, register, use } = parts(made)
      const { nameAlg } = made.saved.publicArea
      const { size } = hashFacts(nameAlg === 'null' ? 'sha256' : nameAlg)
      return register<TpmSigningKey>({
        ...key,
        async sign(given, call = {}) {
          if (given.length !== size) throw refuse('digest', `${given.length} bytes, not ${size}`)
          const digest = Uint8Array.from(given)
          return await use(call, (runner, entity) =>
            sign(runner, { key: entity, session: passwordSession(), digest }),
          )
        },
      })
    },

    async openDecryptionKey(options = {}) {
      const made = await open(options, decryptionKeyTemplates)
      const { key, register, use } = parts(made)
      const { publicArea } = made.saved
      return register<TpmDecryptionKey>({
        ...key,
        async rsaDecrypt(given, call = {}) {
          if (publicArea.type !== 'rsa') throw refuse('key', 'not an RSA key')
          const cipherText = Uint8Array.from(given)
          const scheme = { scheme: 'oaep', hashAlg: 'sha256' } as const
          return await use(call, (runner, entity) =>
            withEncryption(runner, async (session) =>
              SecretBytes.take(await rsaDecrypt(runner, { key: entity, session, cipherText, scheme })),
            ),
          )
        },
        async ecdhZGen(given, call = {}) {
          if (publicArea.type !== 'ecc') throw refuse('key', 'not a key on an elliptic curve')
          const { curveID } = (publicArea as EccPublic).parameters
          const point = readPoint(given, curveID)
          return await use(call, (runner, entity) =>
            withEncryption(runner, async (session) => {
              const shared = await ecdhZgen(runner, { key: entity, session, point })
              return SecretBytes.take(padTo(coordinateWidth(curveID), shared.x))
            }),
          )
        },
      })
    },

    async openStorageKey(options = {}) {
      const { key, register } = parts(await open(options, storageKeyTemplates))
      return register<TpmStorageKey>({ ...key, use: 'storage' })
    },

    objectOf: (key) => openOf(key).object(),

    parentOf(key) {
      const { publicArea, object } = openOf(key)
      return storageParent(publicArea, object())
    },
  }
}
