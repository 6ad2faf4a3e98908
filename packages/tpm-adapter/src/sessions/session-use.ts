import { concatBytes, constantTimeEqual, equalBytes } from '@trusthold/core/bytes'
import { computeCpHash, digestOf, hashFacts } from '@trusthold/core/tpm2'
import { type SessionTask, type SessionUse, sessionAttributes } from '../commands/sessions.js'
import { decryptParameter, encryptParameter, type ParameterKey } from './parameter-cipher.js'
import { computeProof, type ProofInput, withoutTrailingZeros } from './session-key.js'
import { occupy, release, retire, type SessionState } from './session-state.js'

/**
 * How the password of an authorised entity is shown: not at all, by HMAC (TPM2_PolicyAuthValue, and every HMAC
 * session), or in the clear (TPM2_PolicyPassword).
 */
export type PasswordProof = 'none' | 'hmac' | 'password'

/** The password of the entity that a session authorises. */
export interface Password {
  readonly authValue: Uint8Array
  readonly proof: PasswordProof
}

const nothing = new Uint8Array()
/** TPM_RC_SUCCESS, as rpHash covers it. */
const success = new Uint8Array(4)

function attributesFor({ decrypt, encrypt }: SessionTask): number {
  const { continueSession, decrypt: decryptBit, encrypt: encryptBit } = sessionAttributes
  return continueSession | (decrypt ? decryptBit : 0) | (encrypt ? encryptBit : 0)
}

/**
 * Whether the authValue is in the HMAC's key: not for a session that is bound to the very entity. Part 1, section
 * 19.6.5 to 19.6.8.
 */
function provesPassword({ binding }: SessionState, { entityName }: SessionTask, password: Password): boolean {
  if (entityName === undefined || password.proof !== 'hmac') return false
  if (binding === undefined) return true
  return !equalBytes(binding.name, entityName()) || !constantTimeEqual(binding.authValue, password.authValue)
}

function codeBytes(code: number): Uint8Array {
  return Uint8Array.of(code >>> 24, (code >>> 16) & 0xff, (code >>> 8) & 0xff, code & 0xff)
}

/**
 * Takes a session into one command: rolls the nonces, encrypts, proves, and judges the response. Part 1, sections 19.6
 * and 21.
 * @throws ARGUMENT_INVALID, TPM_NOT_AVAILABLE for a session that cannot be used now
 */
export function useSession(state: SessionState, task: SessionTask, given: Password): SessionUse {
  const { hash, handle, keyBits = 128 } = state
  const password = { ...given, authValue: withoutTrailingZeros(given.authValue) }
  const inProof = provesPassword(state, task, password)
  occupy(state)
  const nonceCaller = state.random.bytes(hashFacts(hash).size)
  const attributes = attributesFor(task)
  const authValueAfter = withoutTrailingZeros(task.newAuthValue ?? password.authValue)
  const shown = task.entityName !== undefined && password.proof === 'password'
  // A policy session without key and password has nothing to prove with.
  const silent = shown || (state.type !== 'hmac' && state.key.length === 0 && !inProof)

  const prove = (authValue: Uint8Array, proof: () => Omit<ProofInput, 'key'>): Uint8Array =>
    silent
      ? nothing
      : computeProof(hash, { key: concatBytes(state.key, inProof ? authValue : nothing), ...proof() })

  const cipherKey = (authValue: Uint8Array, nonceNewer: Uint8Array, nonceOlder: Uint8Array): ParameterKey => {
    const sessionValue = concatBytes(state.key, task.entityName === undefined ? nothing : authValue)
    return { hash, keyBits, sessionValue, nonceNewer, nonceOlder }
  }

  return {
    nonceTpm: state.nonceTpm,

    encryptParameter: (plain) =>
      encryptParameter(cipherKey(password.authValue, nonceCaller, state.nonceTpm), plain),

    authorize({ code, names, parameters, otherNonces }) {
      const hmac = prove(password.authValue, () => ({
        parameterHash: computeCpHash(hash, { command: code, names: names(), parameters }),
        nonceNewer: nonceCaller,
        nonceOlder: state.nonceTpm,
        otherNonces,
        attributes,
      }))
      const authorization = { sessionHandle: handle, nonce: nonceCaller, sessionAttributes: attributes }
      return { ...authorization, hmac: shown ? password.authValue : hmac }
    },

    accept({ code, parameters }, { nonce, sessionAttributes: received, hmac }) {
      const expected = prove(authValueAfter, () => ({
        parameterHash: digestOf(hash, concatBytes(success, codeBytes(code), parameters)),
        nonceNewer: nonce,
        nonceOlder: nonceCaller,
        otherNonces: [],
        attributes: received,
      }))
      if (!constantTimeEqual(expected, hmac) || received !== attributes) return false
      state.nonceTpm = nonce
      release(state)
      return true
    },

    decryptParameter: (encrypted) =>
      decryptParameter(cipherKey(authValueAfter, state.nonceTpm, nonceCaller), encrypted),

    refused: () => release(state),

    lost: () => retire(state, 'lost'),
  }
}
