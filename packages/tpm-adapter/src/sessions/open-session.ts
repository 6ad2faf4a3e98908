import { equalBytes } from '@trusthold/core/bytes'
import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import { type RandomSource, systemRandom } from '@trusthold/core/ports'
import {
  computeName,
  type HashAlgorithm,
  hashFacts,
  makeSessionSalt,
  type SessionSalt,
  type TpmtPublic,
} from '@trusthold/core/tpm2'
import { type Entity, nameOf } from '../commands/entity.js'
import { flushContext } from '../commands/flush-context.js'
import { readPublic } from '../commands/read-public.js'
import type { CommandRunner } from '../commands/run-command.js'
import type { Session } from '../commands/sessions.js'
import { type SessionType, startAuthSession } from '../commands/start-auth-session.js'
import type { AesKeyBits } from './parameter-cipher.js'
import { deriveSessionKey, withoutTrailingZeros } from './session-key.js'
import { retire, type SessionState } from './session-state.js'
import { type PasswordProof, useSession } from './session-use.js'

/** A key that a session is salted to. */
export interface SaltKey {
  /** Of the loaded key. */
  readonly handle: number
  /**
   * Which key it has to be, from a source that is not the bus: its name, or its public area, as from an endorsement
   * certificate. The salt is encrypted to that key, whatever the TPM shows.
   */
  readonly expected: Uint8Array | TpmtPublic
}

/** What {@link openSession} takes. */
export interface SessionOptions {
  /** `hmac` by default. */
  type?: SessionType
  /** Of HMACs and key derivation, and, for a policy session, of the policy; `sha256` by default. */
  hash?: HashAlgorithm
  /** Makes a key that only this TPM and the caller know. */
  salt?: SaltKey
  /** Puts the entity's password into the session's key. */
  bind?: { readonly entity: Entity; readonly authValue: Uint8Array }
  /** Bits of the AES key that parameters are encrypted with; 128 by default, as every TPM has it. */
  keyBits?: AesKeyBits
  /** For salt and nonces; the system's by default. */
  random?: RandomSource
}

/**
 * A session in the TPM, kept in step with it: as an authorisation of an entity without password, or for parameter
 * encryption. It serves one command at a time. `await using` flushes it, without a word when the TPM is gone.
 */
export interface TpmSession extends Session, AsyncDisposable {
  readonly handle: number
  /**
   * The same session, for an entity with this password.
   * @param proof how the policy asks for it: `none` by default. HMAC sessions always prove it by HMAC.
   */
  withAuth(authValue: Uint8Array, proof?: PasswordProof): Session
  /** Flushes it; may be called again. Throws what FlushContext throws. */
  close(): Promise<void>
}

async function pinnedKey(runner: CommandRunner, { handle, expected }: SaltKey): Promise<TpmtPublic> {
  if (!(expected instanceof Uint8Array)) return expected
  const publicArea = await readPublic(runner, { handle, name: expected })
  if (equalBytes(computeName(publicArea), expected)) return publicArea
  const reason = `the TPM has another key at handle 0x${handle.toString(16)} than the expected one`
  throw new TrustholdError('TPM_KEY_INVALID', { path: 'name', reason })
}

/** What FlushContext says of a session that is gone, as after a reset. */
function isGone(error: unknown): boolean {
  if (isTrustholdError(error, 'TPM_NOT_STARTED')) return true
  return isTrustholdError(error, 'TPM_RESPONSE') && error.context.name === 'TPM_RC_HANDLE'
}

function toSession(runner: CommandRunner, state: SessionState): TpmSession {
  const withAuth = (authValue: Uint8Array, proof: PasswordProof = 'none'): Session => {
    const password = { authValue, proof: state.type === 'hmac' ? ('hmac' as const) : proof }
    return { encrypts: state.keyBits !== undefined, begin: (task) => useSession(state, task, password) }
  }
  const close = async (): Promise<void> => {
    if (state.phase === 'closed') return
    retire(state, 'closed')
    try {
      await flushContext(runner, state.handle)
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }
  return {
    ...withAuth(new Uint8Array()),
    handle: state.handle,
    withAuth,
    close,
    // What failed before is what the caller has to hear of.
    [Symbol.asyncDispose]: () => close().catch(() => undefined),
  }
}

/**
 * Opens a session. One that is salted or bound has a key: it encrypts what can be encrypted, and refuses responses
 * that are not the TPM's (TPM_RESPONSE_FORGED). TPM 2.0 Part 1, section 19.6; Part 3, section 11.1.
 * @throws TPM_KEY_INVALID when the TPM has another key than the expected one, or that key cannot receive a salt
 * @throws TPM_ALGORITHM_UNSUPPORTED, ARGUMENT_INVALID for what is bound without a name, and what the TPM refuses
 */
export async function openSession(runner: CommandRunner, options: SessionOptions = {}): Promise<TpmSession> {
  const { type = 'hmac', hash = 'sha256', salt: saltKey, bind, random = systemRandom } = options
  const binding = bind && { name: nameOf(bind.entity), authValue: withoutTrailingZeros(bind.authValue) }
  const keyed = saltKey !== undefined || binding !== undefined
  const keyBits = keyed ? (options.keyBits ?? 128) : undefined
  const nonceCaller = random.bytes(hashFacts(hash).size)
  let salt: SessionSalt | undefined
  if (saltKey !== undefined) salt = makeSessionSalt(await pinnedKey(runner, saltKey), random)
  const { handle, nonceTpm } = await startAuthSession(runner, {
    type,
    authHash: hash,
    nonceCaller,
    ...(salt && saltKey ? { salt: { key: saltKey.handle, encryptedSalt: salt.encryptedSalt } } : {}),
    ...(bind ? { bind: bind.entity } : {}),
    ...(keyBits === undefined ? {} : { symmetric: { algorithm: 'aes', keyBits, mode: 'cfb' } as const }),
  })
  const boundAuthValue = binding?.authValue
  const key = deriveSessionKey({ hash, boundAuthValue, salt: salt?.salt, nonceTpm, nonceCaller })
  salt?.salt.fill(0)
  return toSession(runner, { handle, type, hash, key, binding, keyBits, random, nonceTpm, phase: 'idle' })
}
