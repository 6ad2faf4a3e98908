import { encode } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type { TpmCallOptions, TpmKey, TpmStorageKey } from '@trusthold/core/ports'
import { type TpmtPublic, tpmtPublic } from '@trusthold/core/tpm2'
import type { NamedEntity } from '../commands/entity.js'
import type { CommandRunner } from '../commands/run-command.js'
import type { UsableObject } from './loaded-key.js'
import type { MadeKey } from './made-key.js'
import { openState } from './open-state.js'
import { type ParentKey, storageParent } from './parent-key.js'
import { encodeSavedKey } from './saved-key.js'
import type { TpmState } from './tpm-state.js'

/** A key that is open, seen from inside. */
interface OpenKey {
  readonly publicArea: TpmtPublic
  /** @throws TPM_NOT_AVAILABLE once the key was closed */
  object(): UsableObject
}

/** What all open keys are made of. */
export interface KeyParts {
  /** What every key shows. */
  readonly common: TpmKey
  /** Uses the key in a turn, while it is open. */
  use<T>(call: TpmCallOptions, work: (runner: CommandRunner, key: NamedEntity) => Promise<T>): Promise<T>
  /** Makes a key known by its identity. */
  register<K extends TpmKey>(key: K): K
}

/** Knows the keys that one TPM opened. */
export interface KeyRegistry {
  open(made: MadeKey): KeyParts
  /** What a key is used by. @throws ARGUMENT_INVALID for keys of another TPM, TPM_NOT_AVAILABLE for closed ones */
  objectOf(key: TpmKey): UsableObject
  /** A storage key as a parent. @throws as {@link KeyRegistry.objectOf} */
  parentOf(key: TpmStorageKey): ParentKey
}

/** Makes an empty registry. */
export function createKeyRegistry(state: TpmState): KeyRegistry {
  const opened = new WeakMap<TpmKey, OpenKey>()

  const openOf = (key: TpmKey): OpenKey => {
    const open = opened.get(key)
    if (open !== undefined) return open
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'key', reason: 'not a key that this TPM opened' })
  }

  return {
    open(made) {
      const { assertOpen, close } = openState('the key')
      const { publicArea } = made.saved
      const object = (): UsableObject => {
        assertOpen()
        return made.object
      }
      return {
        common: {
          publicArea: encode(tpmtPublic, publicArea),
          saved: encodeSavedKey(made.saved),
          close: async () => close(),
        },
        use: (call, work) =>
          state.turn(call, async (runner) => await object().use(runner, (key) => work(runner, key))),
        register(key) {
          opened.set(key, { publicArea, object })
          return key
        },
      }
    },

    objectOf: (key) => openOf(key).object(),

    parentOf(key) {
      const { publicArea, object } = openOf(key)
      return storageParent(publicArea, object())
    },
  }
}
