import { concatBytes } from '@trusthold/core/bytes'
import { encode, u32 } from '@trusthold/core/codec'
import type { HashAlgorithm } from '@trusthold/core/tpm2'
import { digestOfParts, hmac, withoutTrailingZeros } from '../machine/digests.js'
import { entityAuth, entityName } from '../machine/entities.js'
import type { Machine } from '../machine/machine.js'
import type { Session } from '../machine/sessions.js'
import type { AuthorizedSession } from './authorize.js'
import type { Command } from './command.js'

/** Digests of a command, and what the first session's HMAC covers of the others. */
export interface CommandHashes {
  /** cpHash. Part 1, section 18.7. */
  cpHash(hash: HashAlgorithm): Uint8Array
  /** nameHash. Part 3, section 23.14. */
  nameHash(hash: HashAlgorithm): Uint8Array
  /** Digest of the template that a command makes an object from, were this one of those commands. */
  templateHash(hash: HashAlgorithm): Uint8Array | undefined
  /** nonceTPM of decrypt and encrypt sessions that are not the first. Part 1, section 19.6.5. */
  readonly otherNonces: readonly Uint8Array[]
  readonly sessions: readonly AuthorizedSession[]
}

/** Of the sessions that encrypt, when the first one authorises; a session that does both counts once. */
function otherNonces(sessions: readonly AuthorizedSession[]): readonly Uint8Array[] {
  const [first] = sessions
  if (first?.entity === undefined) return []
  const decrypts = sessions.findIndex(({ attributes }) => attributes.decrypt)
  const encrypts = sessions.findIndex(({ attributes }) => attributes.encrypt)
  const others = [...new Set([decrypts, encrypts])].filter((i) => i > 0)
  return others.map((i) => sessions[i]?.session?.nonceTpm ?? new Uint8Array())
}

/** inPublic stands after inSensitive in all commands that a template policy is about. */
function templateOf(command: Command, parameters: Uint8Array): Uint8Array | undefined {
  const creates = ['TPM2_Create', 'TPM2_CreatePrimary', 'TPM2_CreateLoaded'].includes(command.name)
  if (!creates || parameters.length < 2) return undefined
  const view = new DataView(parameters.buffer, parameters.byteOffset, parameters.byteLength)
  const start = 2 + view.getUint16(0)
  if (parameters.length < start + 2) return undefined
  return parameters.subarray(start + 2, start + 2 + view.getUint16(start))
}

/** Digests of a command before anything of it ran. */
export function hashCommand(
  machine: Machine,
  command: Command,
  handles: readonly number[],
  sessions: readonly AuthorizedSession[],
  parameters: Uint8Array,
): CommandHashes {
  const code = encode(u32, command.code)
  const names = handles.map((handle) => entityName(machine, handle))
  return {
    cpHash: (hash) => digestOfParts(hash, [code, ...names, parameters]),
    nameHash: (hash) => digestOfParts(hash, names),
    templateHash(hash) {
      const template = templateOf(command, parameters)
      return template === undefined ? undefined : digestOfParts(hash, [template])
    },
    otherNonces: otherNonces(sessions),
    sessions,
  }
}

/** Key of a session's HMACs. Part 1, section 19.6.5. */
function hmacKey(machine: Machine, session: Session, used: AuthorizedSession): Uint8Array {
  if (!used.includesAuth || used.entity === undefined) return session.key
  return concatBytes(session.key, withoutTrailingZeros(entityAuth(machine, used.entity)))
}

/** The HMAC that a command needs; empty when nothing is in its key and none came. */
export function commandHmac(machine: Machine, used: AuthorizedSession, hashes: CommandHashes): Uint8Array {
  const { session, nonceCaller, attributes, authValue } = used
  if (session === undefined) return new Uint8Array()
  const key = hmacKey(machine, session, used)
  if (key.length === 0 && authValue.length === 0) return authValue
  const others = used === hashes.sessions[0] ? hashes.otherNonces : []
  const parts = [nonceCaller, session.nonceTpm, ...others, Uint8Array.of(attributes.byte)]
  return hmac(session.hash, key, hashes.cpHash(session.hash), ...parts)
}

/** The HMAC of a response, once nonceTPM is the new one. Part 1, section 19.6.5. */
export function responseHmac(
  machine: Machine,
  used: AuthorizedSession,
  attributes: number,
  rpHash: Uint8Array,
): Uint8Array {
  const { session, nonceCaller, authValue } = used
  if (session === undefined || (session.kind !== 'hmac' && session.policy.passwordNeeded))
    return new Uint8Array()
  const key = hmacKey(machine, session, used)
  if (key.length === 0 && authValue.length === 0) return new Uint8Array()
  return hmac(session.hash, key, rpHash, session.nonceTpm, nonceCaller, Uint8Array.of(attributes))
}
