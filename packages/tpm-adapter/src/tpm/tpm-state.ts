import { equalBytes } from '@trusthold/core/bytes'
import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type {
  EndorsementKey,
  EndorsementKeyTemplate,
  TpmCallOptions,
  TpmTransport,
} from '@trusthold/core/ports'
import { throwIfAborted, withSignal } from '../commands/abort.js'
import { readHandles } from '../commands/get-capability.js'
import { type CommandRunner, createCommandRunner, type RetryPolicy } from '../commands/run-command.js'
import type { Authority } from './authorization.js'
import { readCertificateChain } from './certificate-chain.js'
import { type FoundEndorsementKey, findEndorsementKeys } from './endorsement-keys.js'
import { createLeftovers } from './leftovers.js'
import type { ParentKey } from './parent-key.js'
import { explainLoss, noticeRestarts } from './restarts.js'
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
  /**
   * Does work in its turn, with commands that end when the caller gives up. Work during which the TPM was restarted
   * fails with TPM_NOT_AVAILABLE, TPM_NOT_STARTED or TRANSPORT_FAILED; the next one finds the TPM as it is then.
   */
  turn<T>(call: TpmCallOptions, work: (runner: CommandRunner) => Promise<T>): Promise<T>
  /** What was provisioned; looked up once, and again after the TPM could not be reached or was restarted. */
  provisioned(runner: CommandRunner): Promise<Provisioned>
  /** One of the endorsement keys. @throws ARGUMENT_INVALID for any other key */
  endorsementKey(runner: CommandRunner, key: EndorsementKey): Promise<FoundEndorsementKey>
  storageRootKey(runner: CommandRunner): Promise<ParentKey>
  /**
   * Lends the key that sessions are salted to which belong to no endorsement key: the first of them, and from then on
   * the same. @throws TPM_NOT_AVAILABLE when the TPM has it no more
   */
  withSalt<T>(runner: CommandRunner, work: (salt: SaltKey) => Promise<T>): Promise<T>
}

/** What {@link createTpmState} takes. */
export interface TpmStateOptions {
  readonly transport: TpmTransport
  readonly retry: RetryPolicy | undefined
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

/** Whether what was looked up may not be so any more. */
function isOfChange(error: unknown): boolean {
  if (!isTrustholdError(error)) return false
  // A persistent key that somebody removed.
  const gone = isTrustholdError(error, 'TPM_RESPONSE') && error.context.name === 'TPM_RC_HANDLE'
  return gone || mayHaveChanged.has(error.code)
}

/**
 * Chooses the key that sessions are salted to: the first one, and from then on the same, whatever the bus shows later.
 * It throws TPM_NOT_AVAILABLE when that is not there any more.
 */
function createSaltChoice(): (keys: readonly FoundEndorsementKey[]) => FoundEndorsementKey {
  let chosen: Uint8Array | undefined
  return (keys) => {
    const salt = keys.find(({ name }) => chosen === undefined || equalBytes(name, chosen))
    if (salt === undefined) {
      throw new TrustholdError('TPM_NOT_AVAILABLE', {
        what: 'the TPM',
        reason: 'it has other endorsement keys than before; if it was exchanged, it has to be opened again',
      })
    }
    chosen = salt.name
    return salt
  }
}

/** Makes the state; the TPM is not touched. */
export function createTpmState({ transport, retry, authority, templates }: TpmStateOptions): TpmState {
  const runner = createCommandRunner(transport, retry)
  const turns = createTurns()
  const leftovers = createLeftovers()
  let provisioned: Provisioned | undefined
  let root: ParentKey | undefined
  const choose = createSaltChoice()

  const forget = (): void => {
    provisioned = undefined
    root = undefined
  }
  const restarts = noticeRestarts(transport, () => {
    forget()
    leftovers.suspect()
  })

  const state: TpmState = {
    authority,

    turn({ signal }, work) {
      return turns(async () => {
        throwIfAborted(signal)
        const using = withSignal(leftovers.watch(runner), signal)
        try {
          return await restarts.whole(using, async (whole) => {
            await leftovers.clear(whole)
            return await work(whole)
          })
        } catch (thrown) {
          const error = explainLoss(thrown)
          if (isOfChange(error)) forget()
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
      const salt = choose((await state.provisioned(using)).keys)
      return await salt.use(using, (entity) => work({ entity, publicArea: salt.publicArea }))
    },
  }
  return state
}
