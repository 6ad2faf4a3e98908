import { permanentHandles } from '@trusthold/core/tpm2'
import { CommandReader } from '../fields/command-reader.js'
import type { Field } from '../fields/field.js'
import { authSessionHandle } from '../fields/handles.js'
import { auth, digest } from '../fields/public-area.js'
import type { Machine } from '../machine/machine.js'
import { isSlotLoaded, type Session, sessionAt } from '../machine/sessions.js'
import { failure, refuse, TpmFailure } from '../response-codes.js'
import type { Command } from './command.js'

/** TPMA_SESSION. Part 2, section 8.4. */
export interface SessionAttributes {
  readonly byte: number
  readonly continues: boolean
  readonly auditExclusive: boolean
  readonly auditReset: boolean
  readonly decrypt: boolean
  readonly encrypt: boolean
  readonly audit: boolean
}

/** An authorisation of a command as it came. */
export interface UsedSession {
  readonly handle: number
  /** Absent for a password. */
  readonly session: Session | undefined
  readonly nonceCaller: Uint8Array
  readonly attributes: SessionAttributes
  readonly authValue: Uint8Array
}

/** Most sessions of a command (MAX_SESSION_NUM). */
const mostSessions = 3
const reservedAttributes = 0x18

const attributesField: Field<SessionAttributes> = {
  read(r) {
    const byte = r.u8()
    if ((byte & reservedAttributes) !== 0) refuse('RESERVED_BITS')
    const has = (bit: number): boolean => ((byte >> bit) & 1) === 1
    return {
      byte,
      continues: has(0),
      auditExclusive: has(1),
      auditReset: has(2),
      decrypt: has(5),
      encrypt: has(6),
      audit: has(7),
    }
  },
}

/** What stands for a session in the command: handle, nonce, attributes, HMAC or password. */
function readOne(machine: Machine, reader: CommandReader, position: number): UsedSession {
  const handle = authSessionHandle.read(reader)
  const nonceCaller = digest.read(reader)
  const attributes = attributesField.read(reader)
  const authValue = auth.read(reader)
  if (handle === permanentHandles.password) {
    const { auditExclusive, auditReset, decrypt, encrypt, audit } = attributes
    if (auditExclusive || auditReset || decrypt || encrypt || audit) refuse('ATTRIBUTES')
    if (nonceCaller.length > 0) refuse('NONCE')
    return { handle, session: undefined, nonceCaller, attributes, authValue }
  }
  if (!isSlotLoaded(machine, handle)) throw failure('REFERENCE_S0', position)
  const session = sessionAt(machine, handle) ?? refuse('HANDLE')
  return { handle, session, nonceCaller, attributes, authValue }
}

/** Refuses what a session may not do in this command, or does a second time. */
function checkUse(
  machine: Machine,
  command: Command,
  { session, handle, attributes }: UsedSession,
  before: readonly UsedSession[],
): void {
  if (session === undefined) return
  if (before.some((other) => other.handle === handle)) refuse('HANDLE')
  const taken = (use: 'decrypt' | 'encrypt' | 'audit'): boolean =>
    before.some((other) => other.attributes[use])
  if (attributes.decrypt) {
    if (command.parameters[0]?.[1].sized !== true || taken('decrypt')) refuse('ATTRIBUTES')
    if (session.symmetric.algorithm === 'null') refuse('SYMMETRIC')
  }
  if (attributes.encrypt) {
    if (command.encryptable !== true || taken('encrypt')) refuse('ATTRIBUTES')
    if (session.symmetric.algorithm === 'null') refuse('SYMMETRIC')
  }
  if (attributes.audit) {
    if (taken('audit') || session.kind !== 'hmac') refuse('ATTRIBUTES')
    const goesOn = !attributes.auditReset && session.audit !== undefined
    if (goesOn && attributes.auditExclusive && machine.volatile.sessions.exclusiveAudit !== handle) {
      throw failure('EXCLUSIVE')
    }
  }
}

/** Least bytes of a session: handle, two empty buffers, attributes. */
const leastSize = 9

/** Reads the authorisation area. Part 1, section 18.6. */
export function readSessions(
  machine: Machine,
  command: Command,
  reader: CommandReader,
): readonly UsedSession[] {
  const size = reader.u32()
  if (size < leastSize || size > reader.remaining) refuse('SIZE')
  if (command.noSessions === true) refuse('AUTH_CONTEXT')
  const area = new CommandReader(reader.bytes(size))
  const sessions: UsedSession[] = []
  while (area.remaining > 0) {
    const position = sessions.length
    try {
      if (position === mostSessions) refuse('SIZE')
      const used = readOne(machine, area, position)
      checkUse(machine, command, used, sessions)
      sessions.push(used)
    } catch (error) {
      throw error instanceof TpmFailure ? error.aboutSession(position + 1) : error
    }
  }
  return sessions
}
