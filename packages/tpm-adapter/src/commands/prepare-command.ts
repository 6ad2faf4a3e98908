import { concatBytes } from '@trusthold/core/bytes'
import { encode, Writer } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type { Command, CommandFacts } from './command.js'
import { type Entity, handleOf, nameOf } from './entity.js'
import { type Session, type SessionUse, tpmsAuthCommand } from './sessions.js'

/** Tag, size, code. Part 1, section 18. */
export const headerLength = 10
/** As many as the TPM takes. Part 1, section 18.5. */
const maxSessions = 3

/** What a command is sent with. */
export interface CommandInput<H extends string, P> {
  readonly handles: Readonly<Record<H, Entity>>
  /** Authorisations of the handles that need one, in their order, and then sessions that only encrypt. */
  readonly sessions?: readonly Session[]
  readonly parameters: P
  /** authValue of the first handle after the command, when the command changes it. */
  readonly newAuthValue?: Uint8Array
  /** Gives up with TRANSPORT_ABORTED. */
  readonly signal?: AbortSignal | undefined
}

/** A command on its way. */
export interface PreparedCommand {
  readonly bytes: Uint8Array
  /** Its sessions, in their order; each has to be ended. */
  readonly uses: readonly SessionUse[]
  /** Which of them encrypts the response. */
  readonly encryptor: SessionUse | undefined
}

/** TPM_ST_NO_SESSIONS or TPM_ST_SESSIONS. Part 2, section 6.9. */
export function tagFor(sessions: number): number {
  return sessions === 0 ? 0x8001 : 0x8002
}

function checkSessions(command: CommandFacts, count: number): void {
  if (count >= command.authorizations && count <= maxSessions) return
  throw new TrustholdError('ARGUMENT_INVALID', {
    name: 'sessions',
    reason: `${count}, but ${command.name} takes ${command.authorizations} to ${maxSessions}`,
  })
}

/** Encrypts the content of the sized buffer at the start, in place. */
function encryptFirst(parameters: Uint8Array, use: SessionUse): void {
  const size = new DataView(parameters.buffer, parameters.byteOffset).getUint16(0)
  parameters.set(use.encryptParameter(parameters.subarray(2, 2 + size)), 2)
}

function frame(command: CommandFacts, handles: readonly Entity[], tail: Uint8Array, tag: number) {
  const writer = new Writer()
  writer.u16(tag)
  writer.u32(headerLength + handles.length * 4 + tail.length)
  writer.u32(command.code)
  for (const entity of handles) writer.u32(handleOf(entity))
  writer.bytes(tail)
  return writer.finish()
}

function authorizationArea(authorizations: readonly Uint8Array[]): Uint8Array {
  if (authorizations.length === 0) return new Uint8Array()
  const area = concatBytes(...authorizations)
  const size = new Writer()
  size.u32(area.length)
  return concatBytes(size.finish(), area)
}

/** Ends the use of sessions in a command that got no acceptable answer. */
export function endUses(uses: readonly SessionUse[], how: 'refused' | 'lost'): void {
  for (const use of uses) use[how]()
}

/**
 * Writes a command: takes its sessions into use, encrypts the first parameter with the last session that can, and has
 * every session authorise the result. Part 1, sections 18 to 21.
 * @throws CODEC_RANGE for parameters that cannot be written
 * @throws ARGUMENT_INVALID for too few or too many sessions, one that is in use, or a name that one of them needs
 */
export function prepareCommand<H extends string, P, R>(
  command: Command<H, P, R>,
  input: CommandInput<H, P>,
): PreparedCommand {
  const { sessions = [] } = input
  checkSessions(command, sessions.length)
  const handles = command.handles.map((name) => input.handles[name])
  const parameters = encode(command.parameters, input.parameters)
  const encryptorIndex = sessions.findLastIndex((session) => session.encrypts)
  const uses: SessionUse[] = []
  try {
    for (const [i, session] of sessions.entries()) {
      const entity = i < command.authorizations ? handles[i] : undefined
      const encrypts = i === encryptorIndex
      uses.push(
        session.begin({
          ...(entity === undefined ? {} : { entityName: () => nameOf(entity) }),
          decrypt: encrypts && command.encryptableCommand,
          encrypt: encrypts && command.encryptableResponse,
          newAuthValue: i === 0 ? input.newAuthValue : undefined,
        }),
      )
    }
    const encryptor = uses[encryptorIndex]
    if (encryptor !== undefined && command.encryptableCommand) encryptFirst(parameters, encryptor)
    const names = (): readonly Uint8Array[] => handles.map(nameOf)
    const covered = encryptor !== undefined && encryptorIndex > 0
    const authorizations = uses.map((use, i) => {
      const otherNonces = covered && i === 0 ? [encryptor.nonceTpm] : []
      return encode(tpmsAuthCommand, use.authorize({ code: command.code, names, parameters, otherNonces }))
    })
    const tail = concatBytes(authorizationArea(authorizations), parameters)
    const bytes = frame(command, handles, tail, tagFor(uses.length))
    return { bytes, uses, encryptor: command.encryptableResponse ? encryptor : undefined }
  } catch (error) {
    endUses(uses, 'refused')
    throw error
  }
}
