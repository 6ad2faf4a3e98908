import { equalBytes } from '@trusthold/core/bytes'
import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { EndorsementKey, EndorsementKeyTemplate, TpmCallOptions } from '@trusthold/core/ports'
import { throwIfAborted, withSignal } from '../commands/abort.js'
import { readHandles } from '../commands/get-capability.js'
import type { CommandRunner } from '../commands/run-command.js'
import type { Authority } from './authorization.js'
import { readCertificateChain } from './certificate-chain.js'
import { type FoundEndorsementKey, findEndorsementKeys } from './endorsement-keys.js'
import { createLeftovers } from './leftovers.js'
import type { ParentKey } from './parent-key.js'
import { findStorageRootKey } from './storage-root-key.js'
import { createTurns } from './turns.js'
import type { SaltKey } from './with-session.js'

/** What the vendor put into the TPM. */
export interface Provisioned {
  readonly keys: readonly FoundEndorsementKey[]
  readonly chain: readonly Uint8Array[]
}

/** What everything that works with one TPM shares. */
export interface TpmState {
  readonly authority: Authority
  /** Does work in its turn, with commands that end when the caller gives up. */
  turn<T>(call: TpmCallOptions, work: (runner: CommandRunner) => Promise<T>): Promise<T>
  /** What was provisioned; looked up once, and again after the TPM could not be reached. */
  provisioned(runner: CommandRunner): Promise<Provisioned>
  /** One of the endorsement keys. @throws ARGUMENT_INVALID for any other key */
  endorsementKey(runner: CommandRunner, key: EndorsementKey): Promise<FoundEndorsementKey>
  storageRootKey(runner: CommandRunner): Promise<ParentKey>
  /** Lends the key that sessions are salted to which belong to no endorsement key: the first of them. */
  withSalt<T>(runner: CommandRunner, work: (salt: SaltKey) => Promise<T>): Promise<T>
}

/** What {@link createTpmState} takes. */
export interface TpmStateOptions {
  readonly runner: CommandRunner
  readonly authority: Authority
  /** Templates of endorsement keys that are looked for; undefined for those that there are. */
  readonly templates: readonly EndorsementKeyTemplate[] | undefined
}

/** After these the TPM may have been restarted, cleared or exchanged. */
const mayHaveChanged: ReadonlySet<string> = new Set([
  'TPM_NOT_STARTED',
  'TPM_NOT_AVAILABLE',
  'TRANSPORT_FAILED',
  'TRANSPORT_TIMEOUT',
])

/** Makes the state; the TPM is not touched. */
export function createTpmState({ runner, authority, templates }: TpmStateOptions): TpmState {
  const turns = createTurns()
  const leftovers = createLeftovers()
  let provisioned: Provisioned | undefined
  let root: ParentKey | undefined

  const forgetAfter = (error: unknown): void => {
    if (!isTrustholdError(error)) return
    // A persistent key that somebody removed.
    const gone = isTrustholdError(error, 'TPM_RESPONSE') && error.context.name === 'TPM_RC_HANDLE'
    if (!gone && !mayHaveChanged.has(error.code)) return
    provisioned = undefined
    root = undefined
  }

  const state: TpmState = {
    authority,

    turn({ signal }, work) {
      return turns(async () => {
        throwIfAborted(signal)
        const using = withSignal(runner, signal)
        try {
          await leftovers.clear(using)
          return await work(using)
        } catch (error) {
          forgetAfter(error)
          leftovers.note(error)
          throw error
        }
      }, signal)
    },

    async provisioned(using) {
      if (provisioned !== undefined) return provisioned
      const indices = new Set(await readHandles(using, 'nvIndex'))
      const keys = await findEndorsementKeys(using, authority, indices, templates)
      provisioned = { keys, chain: await readCertificateChain(using, authority, indices) }
      return provisioned
    },

    async endorsementKey(using, { publicArea }) {
      const { keys } = await state.provisioned(using)
      const found = keys.find((each) => equalBytes(each.key.publicArea, publicArea))
      if (found !== undefined) return found
      throw new TrustholdError('ARGUMENT_INVALID', {
        name: 'endorsementKey',
        reason: 'not a key of this TPM',
      })
    },

    async storageRootKey(using) {
      root ??= await findStorageRootKey(using, authority, state.withSalt)
      return root
    },

    async withSalt(using, work) {
      const [first] = (await state.provisioned(using)).keys
      const salt = first as FoundEndorsementKey
      return await salt.use(using, (entity) => work({ entity, publicArea: salt.publicArea }))
    },
  }
  return state
}
