import { concatBytes } from '@trusthold/core/bytes'
import { encode, u32 } from '@trusthold/core/codec'
import { hashFacts, tpm2bAuth, tpm2bNonce } from '@trusthold/core/tpm2'
import { digestOfParts } from '../machine/digests.js'
import type { Machine } from '../machine/machine.js'
import { flushSession, freshPolicy, sessionAt } from '../machine/sessions.js'
import type { Authorization, AuthorizedSession } from './authorize.js'
import type { Command } from './command.js'
import { encryptParameter } from './parameter-encryption.js'
import { responseHmac } from './session-hmac.js'

/** The two areas of a response with sessions. */
export interface SessionResponse {
  readonly parameters: Uint8Array
  readonly sessions: Uint8Array
}

const empty = new Uint8Array()
const [continueBit, exclusiveBit, resetBit] = [0x01, 0x02, 0x04]

function authResponse(nonce: Uint8Array, attributes: number, hmac: Uint8Array): Uint8Array {
  return concatBytes(encode(tpm2bNonce, nonce), Uint8Array.of(attributes), encode(tpm2bAuth, hmac))
}

function rpHashOf(command: Command, used: AuthorizedSession, parameters: Uint8Array): Uint8Array {
  if (used.session === undefined) return empty
  return digestOfParts(used.session.hash, [encode(u32, 0), encode(u32, command.code), parameters])
}

/** Adds the command to the digest of the session that audits it. Part 1, section 34. */
function audit(
  machine: Machine,
  command: Command,
  authorization: Authorization,
  parameters: Uint8Array,
): void {
  const { sessions: table } = machine.volatile
  const used = authorization.sessions.find(({ attributes }) => attributes.audit)
  const { session, handle, attributes } = used ?? {}
  if (used === undefined || session === undefined || handle === undefined || attributes === undefined) {
    table.exclusiveAudit = 0
    return
  }
  if (session.audit === undefined || attributes.auditReset) {
    session.audit = new Uint8Array(hashFacts(session.hash).size)
    session.bound = undefined
    table.exclusiveAudit = handle
  } else if (table.exclusiveAudit !== handle) table.exclusiveAudit = 0
  const cpHash = authorization.hashes?.cpHash(session.hash) ?? empty
  session.audit = digestOfParts(session.hash, [session.audit, cpHash, rpHashOf(command, used, parameters)])
}

function attributesOf(machine: Machine, { attributes, handle }: AuthorizedSession): number {
  if (!attributes.audit) return attributes.byte
  const exclusive = machine.volatile.sessions.exclusiveAudit === handle
  return (attributes.byte & ~exclusiveBit & ~resetBit) | (exclusive ? exclusiveBit : 0)
}

/** One session's answer; ends the session when it was not to go on. */
function answer(
  machine: Machine,
  command: Command,
  used: AuthorizedSession,
  parameters: Uint8Array,
): Uint8Array {
  const { session, handle, attributes } = used
  if (session === undefined) return authResponse(empty, continueBit, empty)
  const byte = attributesOf(machine, used)
  const hmac = responseHmac(machine, used, byte, rpHashOf(command, used, parameters))
  const response = authResponse(session.nonceTpm, byte, hmac)
  if (!attributes.continues) flushSession(machine, handle)
  else if (session.kind !== 'hmac') session.policy = freshPolicy(session.policy.digest.length)
  return response
}

/** Renews the nonces, encrypts, audits and signs. Part 1, sections 18.9 and 19.6. */
export function writeSessions(
  machine: Machine,
  command: Command,
  authorization: Authorization,
  parameters: Uint8Array,
): SessionResponse {
  const { sessions } = authorization
  for (const { session, handle } of sessions) {
    if (session !== undefined && sessionAt(machine, handle) === session) {
      session.nonceTpm = machine.random.bytes(session.nonceTpm.length)
    }
  }
  const encrypted = encryptParameter(machine, sessions, parameters)
  audit(machine, command, authorization, encrypted)
  return {
    parameters: encrypted,
    sessions: concatBytes(...sessions.map((used) => answer(machine, command, used, encrypted))),
  }
}
