import { constantTimeEqual, equalBytes } from '@trusthold/core/bytes'
import { permanentHandles } from '@trusthold/core/tpm2'
import type { CommandReader } from '../fields/command-reader.js'
import { countFailure, isExempt, requireNotLockedOut } from '../machine/dictionary-attack.js'
import { withoutTrailingZeros } from '../machine/digests.js'
import { entityAuth, entityName } from '../machine/entities.js'
import type { Machine } from '../machine/machine.js'
import { failure, refuse, TpmFailure } from '../response-codes.js'
import { isAuthValueAvailable, isPolicyAvailable, isPolicyRequired } from './auth-availability.js'
import type { AuthRole, Command } from './command.js'
import { decryptParameter } from './parameter-encryption.js'
import { checkPolicy } from './policy-check.js'
import { readSessions, type UsedSession } from './session-area.js'
import { type CommandHashes, commandHmac, hashCommand } from './session-hmac.js'

/** A session and what it authorises. */
export interface AuthorizedSession extends UsedSession {
  /** Handle that it authorises; absent when it only encrypts or audits. */
  readonly entity: number | undefined
  readonly role: AuthRole
  /** Whether the entity's authorisation value is part of the HMAC's key. */
  readonly includesAuth: boolean
}

/** How a command was authorised. */
export interface Authorization {
  readonly sessions: readonly AuthorizedSession[]
  /** Decrypted. */
  readonly parameters: Uint8Array
  readonly hashes: CommandHashes | undefined
}

/** What a command without sessions is: nothing in it may ask for authorisation. */
export function authorizeWithoutSessions(command: Command, reader: CommandReader): Authorization {
  if (command.handles.some(([, { role = 'none' }]) => role !== 'none')) refuse('AUTH_MISSING')
  return { sessions: [], parameters: reader.bytes(reader.remaining), hashes: undefined }
}

/** Whether a session is bound to this entity, as it was when the session started. Part 1, section 19.6.8. */
function isBoundTo(machine: Machine, { session }: UsedSession, entity: number): boolean {
  if (session?.bound === undefined) return false
  const auth = withoutTrailingZeros(entityAuth(machine, entity))
  return equalBytes(session.bound.name, entityName(machine, entity)) && equalBytes(session.bound.auth, auth)
}

function includesAuth(machine: Machine, used: UsedSession, entity: number): boolean {
  const { session } = used
  if (session === undefined) return true
  if (session.kind === 'hmac') return !isBoundTo(machine, used, entity)
  return session.policy.authValueNeeded || session.policy.passwordNeeded
}

function assign(
  machine: Machine,
  command: Command,
  handles: readonly number[],
  sessions: readonly UsedSession[],
): readonly AuthorizedSession[] {
  const roles = command.handles.map(([, { role = 'none' }]) => role)
  const needed = roles.filter((role) => role !== 'none').length
  if (needed > sessions.length) refuse('AUTH_MISSING')
  return sessions.map((used, i) => {
    const role = roles[i] ?? 'none'
    const entity = role === 'none' ? undefined : handles[i]
    return {
      ...used,
      role,
      entity,
      includesAuth: entity !== undefined && includesAuth(machine, used, entity),
    }
  })
}

function failAuth(machine: Machine, used: AuthorizedSession): never {
  const { session, entity } = used
  const protectedEntity = entity !== undefined && used.includesAuth && !isExempt(machine, entity)
  if (session?.boundToLockout === true) countFailure(machine, true)
  if (session?.boundToProtected !== true && !protectedEntity) throw failure('BAD_AUTH')
  return countFailure(machine, entity === permanentHandles.lockout && protectedEntity)
}

function checkPassword(machine: Machine, used: AuthorizedSession, entity: number): void {
  const given = withoutTrailingZeros(used.authValue)
  if (!constantTimeEqual(given, withoutTrailingZeros(entityAuth(machine, entity)))) failAuth(machine, used)
}

function checkHmac(machine: Machine, used: AuthorizedSession, hashes: CommandHashes): void {
  const expected = commandHmac(machine, used, hashes)
  if (!constantTimeEqual(used.authValue, expected)) failAuth(machine, used)
}

/** Whether a session authorises its entity. */
function checkEntity(
  machine: Machine,
  command: Command,
  used: AuthorizedSession,
  entity: number,
  hashes: CommandHashes,
): void {
  const { session } = used
  const policy = session !== undefined && session.kind !== 'hmac'
  if (used.includesAuth && !isExempt(machine, entity)) {
    requireNotLockedOut(machine, entity === permanentHandles.lockout)
  }
  if (policy) {
    if (!isPolicyAvailable(machine, command, entity)) refuse('AUTH_UNAVAILABLE')
    checkPolicy(machine, command, used, entity, hashes)
  } else {
    if (isPolicyRequired(machine, command, entity, used.role)) refuse('AUTH_TYPE')
    if (!isAuthValueAvailable(machine, command, entity, used.role)) refuse('AUTH_UNAVAILABLE')
  }
  if (session === undefined || (policy && session.policy.passwordNeeded)) checkPassword(machine, used, entity)
  else checkHmac(machine, used, hashes)
}

function checkSession(
  machine: Machine,
  command: Command,
  used: AuthorizedSession,
  hashes: CommandHashes,
): void {
  const { session, entity, attributes } = used
  if (session === undefined) {
    if (entity === undefined) refuse('HANDLE')
  } else {
    if (session.kind === 'trial') refuse('ATTRIBUTES')
    if (session.boundToProtected) requireNotLockedOut(machine, session.boundToLockout)
  }
  if (entity !== undefined) {
    checkEntity(machine, command, used, entity, hashes)
    return
  }
  if (!(attributes.decrypt || attributes.encrypt || attributes.audit)) refuse('ATTRIBUTES')
  checkHmac(machine, used, hashes)
}

/**
 * Reads the authorisation area and checks it: every handle that asks for it has a session, all sessions hold, and an
 * encrypted parameter is decrypted. Part 1, section 19; Part 3, section 5.6.
 */
export function authorize(
  machine: Machine,
  command: Command,
  handles: readonly number[],
  reader: CommandReader,
): Authorization {
  const sessions = assign(machine, command, handles, readSessions(machine, command, reader))
  const sent = reader.bytes(reader.remaining)
  const hashes = hashCommand(machine, command, handles, sessions, sent)
  for (const [i, used] of sessions.entries()) {
    try {
      checkSession(machine, command, used, hashes)
    } catch (error) {
      throw error instanceof TpmFailure ? error.aboutSession(i + 1) : error
    }
  }
  return { sessions, parameters: decryptParameter(machine, sessions, sent), hashes }
}
