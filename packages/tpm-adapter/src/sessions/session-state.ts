import { TrustholdError } from '@trusthold/core/errors'
import type { RandomSource } from '@trusthold/core/ports'
import type { HashAlgorithm } from '@trusthold/core/tpm2'
import type { SessionType } from '../commands/start-auth-session.js'
import type { AesKeyBits } from './parameter-cipher.js'

/** What the session is bound to, as it was when the session was opened. */
export interface Binding {
  readonly name: Uint8Array
  /** Without trailing zeros. */
  readonly authValue: Uint8Array
}

/** What does not change about a session. */
export interface SessionFacts {
  readonly handle: number
  readonly type: SessionType
  readonly hash: HashAlgorithm
  readonly key: Uint8Array
  readonly binding: Binding | undefined
  /** Of the cipher for parameters; undefined for a session without. */
  readonly keyBits: AesKeyBits | undefined
  readonly random: RandomSource
}

/** Where a session stands. */
export interface SessionState extends SessionFacts {
  nonceTpm: Uint8Array
  phase: 'idle' | 'in use' | 'lost' | 'closed'
}

/**
 * Takes a session into use.
 * @throws ARGUMENT_INVALID when another command uses it at the same time
 * @throws TPM_NOT_AVAILABLE when it is closed, or nobody knows where it stands
 */
export function occupy(state: SessionState): void {
  const { phase } = state
  if (phase === 'in use') {
    const reason = 'another command uses it: a session serves one at a time'
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'session', reason })
  }
  if (phase !== 'idle') {
    const reason = phase === 'closed' ? 'it is closed' : 'a command with it went wrong in the middle'
    throw new TrustholdError('TPM_NOT_AVAILABLE', { what: 'the session', reason })
  }
  state.phase = 'in use'
}

/** Gives a session back after a command; one that was closed meanwhile stays so. */
export function release(state: SessionState): void {
  if (state.phase === 'in use') state.phase = 'idle'
}

/** The session cannot be used any more: its key is overwritten. */
export function retire(state: SessionState, phase: 'lost' | 'closed'): void {
  if (state.phase !== 'closed') state.phase = phase
  state.key.fill(0)
}
