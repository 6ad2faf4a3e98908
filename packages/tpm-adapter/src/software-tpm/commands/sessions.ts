import { concatBytes } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import { hashFacts, kdfa, permanentHandles, tpm2bNonce } from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { type Hash, hashAlgorithm } from '../fields/algorithms.js'
import { named, u8 } from '../fields/field.js'
import {
  entityHandleOrNull,
  handleRanges,
  isIn,
  objectHandleOrNull,
  policyHandle,
} from '../fields/handles.js'
import { digest, encryptedSecret } from '../fields/public-area.js'
import { symDef } from '../fields/schemes.js'
import { isExempt } from '../machine/dictionary-attack.js'
import { withoutTrailingZeros } from '../machine/digests.js'
import { entityAuth, entityName } from '../machine/entities.js'
import type { Machine } from '../machine/machine.js'
import { entryAt } from '../machine/objects.js'
import { openSecret } from '../machine/secrets.js'
import { freshPolicy, placeSession, requireSessionSpace, sessionAt } from '../machine/sessions.js'
import { inParameter, refuse, refuseHandle, refuseParameter } from '../response-codes.js'

const sessionType = named(u8, { hmac: 0, policy: 1, trial: 3 }, 'VALUE')
const none = permanentHandles.null
const nothing = new Uint8Array()

/** The salt that the caller shared with a key. */
function saltOf(machine: Machine, tpmKey: number, secret: Uint8Array): Uint8Array {
  if (tpmKey === none) return secret.length === 0 ? nothing : refuseParameter(2, 'VALUE')
  const entry = entryAt(machine, tpmKey)
  if (entry?.kind !== 'object' || (entry.publicArea.type !== 'rsa' && entry.publicArea.type !== 'ecc')) {
    return refuseHandle(1, 'KEY')
  }
  if (secret.length === 0) refuseParameter(2, 'VALUE')
  if (!entry.publicArea.objectAttributes.decrypt) refuseHandle(1, 'ATTRIBUTES')
  if (entry.sensitive === undefined) refuseHandle(1, 'HANDLE')
  return inParameter(2, () => openSecret(machine, entry, 'SECRET', secret))
}

function checkBindHandle(machine: Machine, bind: number): void {
  if (!isIn(handleRanges.transient, bind) && !isIn(handleRanges.persistent, bind)) return
  const entry = entryAt(machine, bind)
  if (entry?.kind === 'object' && entry.sensitive === undefined) refuseHandle(2, 'HANDLE')
}

function boundEntity(machine: Machine, bind: number): { name: Uint8Array; auth: Uint8Array } {
  const auth = Uint8Array.from(withoutTrailingZeros(entityAuth(machine, bind)))
  return { name: entityName(machine, bind), auth }
}

function sessionKey(
  hash: Hash,
  authValue: Uint8Array,
  salt: Uint8Array,
  nonceTpm: Uint8Array,
  nonceCaller: Uint8Array,
): Uint8Array {
  const bits = hashFacts(hash).size * 8
  return kdfa(hash, concatBytes(authValue, salt), 'ATH', nonceTpm, nonceCaller, bits)
}

/** TPM2_StartAuthSession, TPM2_PolicyRestart. Part 3, section 11. */
export const sessionCommands = [
  defineCommand('TPM2_StartAuthSession', {
    handles: { tpmKey: { type: objectHandleOrNull }, bind: { type: entityHandleOrNull } },
    parameters: {
      nonceCaller: digest,
      encryptedSalt: encryptedSecret,
      sessionType,
      symmetric: symDef,
      authHash: hashAlgorithm,
    },
    returnsHandle: true,
    encryptable: true,
    run(machine, { tpmKey, bind, nonceCaller, encryptedSalt, sessionType: kind, symmetric, authHash }) {
      const { size } = hashFacts(authHash)
      const salt = saltOf(machine, tpmKey, encryptedSalt)
      checkBindHandle(machine, bind)
      if (nonceCaller.length < 16 || nonceCaller.length > size) refuseParameter(1, 'SIZE')
      if (symmetric.algorithm === 'aes' && symmetric.mode !== 'cfb') refuseParameter(4, 'MODE')
      const slot = requireSessionSpace(machine)
      const nonceTpm = machine.random.bytes(nonceCaller.length)
      const bound = bind === none ? undefined : boundEntity(machine, bind)
      const keyed = tpmKey !== none || bound !== undefined
      const handle = placeSession(machine, slot, {
        kind,
        hash: authHash,
        symmetric,
        key: keyed ? sessionKey(authHash, bound?.auth ?? nothing, salt, nonceTpm, nonceCaller) : nothing,
        nonceTpm,
        bound: kind === 'hmac' ? bound : undefined,
        boundToProtected: kind === 'hmac' && bind !== none && !isExempt(machine, bind),
        boundToLockout: kind === 'hmac' && bind === permanentHandles.lockout,
        started: machine.volatile.time,
        audit: undefined,
        policy: freshPolicy(size),
      })
      return { handle, parameters: [encode(tpm2bNonce, nonceTpm)] }
    },
  }),
  defineCommand('TPM2_PolicyRestart', {
    handles: { sessionHandle: { type: policyHandle } },
    parameters: {},
    run(machine, { sessionHandle }) {
      const session = sessionAt(machine, sessionHandle) ?? refuse('HANDLE')
      session.policy = freshPolicy(hashFacts(session.hash).size)
      return {}
    },
  }),
]
