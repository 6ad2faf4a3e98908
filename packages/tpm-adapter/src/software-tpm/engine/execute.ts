import { concatBytes } from '@trusthold/core/bytes'
import { Writer } from '@trusthold/core/codec'
import { CommandReader } from '../fields/command-reader.js'
import { healFailures } from '../machine/dictionary-attack.js'
import type { Machine } from '../machine/machine.js'
import { flushObject } from '../machine/objects.js'
import { inParameter, refuse, TpmFailure } from '../response-codes.js'
import { type Authorization, authorize, authorizeWithoutSessions } from './authorize.js'
import type { Command, CommandResult } from './command.js'
import { readHandles } from './handle-area.js'
import { writeSessions } from './response-sessions.js'

/** TPM_ST_RSP_COMMAND, TPM_ST_NO_SESSIONS, TPM_ST_SESSIONS. Part 2, section 6.9. */
export const tags = { refused: 0x00c4, plain: 0x8001, sessions: 0x8002 } as const

/** Largest command and response (MAX_COMMAND_SIZE, MAX_RESPONSE_SIZE). */
export const largestMessage = 4096

/** Commands by code. */
export type CommandTable = ReadonlyMap<number, Command>

/** A response: header and body. */
function respond(tag: number, code: number, body: Uint8Array = new Uint8Array()): Uint8Array {
  const writer = new Writer()
  writer.u16(tag)
  writer.u32(10 + body.length)
  writer.u32(code)
  writer.bytes(body)
  return writer.finish()
}

function sizePrefixed(bytes: Uint8Array): Uint8Array {
  const writer = new Writer()
  writer.u32(bytes.length)
  writer.bytes(bytes)
  return writer.finish()
}

function handleBytes(handle: number | undefined): Uint8Array {
  const writer = new Writer()
  if (handle !== undefined) writer.u32(handle)
  return writer.finish()
}

/** Reads the parameters; each is to blame for its own faults, the command's size for what is left over. */
function readParameters(command: Command, bytes: Uint8Array): Record<string, unknown> {
  const reader = new CommandReader(bytes)
  const input: Record<string, unknown> = {}
  for (const [i, [name, field]] of command.parameters.entries()) {
    input[name] = inParameter(i + 1, () => field.read(reader))
  }
  if (reader.remaining > 0) refuse('SIZE')
  return input
}

function runCommand(
  machine: Machine,
  command: Command,
  handles: readonly number[],
  authorization: Authorization,
): CommandResult {
  const input = readParameters(command, authorization.parameters)
  for (const [i, [name]] of command.handles.entries()) input[name] = handles[i]
  const [first] = authorization.sessions
  return command.run(machine, input, { handles, firstSession: first?.handle })
}

/** Everything behind the header. */
function dispatch(machine: Machine, command: Command, tag: number, reader: CommandReader): Uint8Array {
  const handles = readHandles(machine, command, reader)
  const authorization =
    tag === tags.sessions
      ? authorize(machine, command, handles, reader)
      : authorizeWithoutSessions(command, reader)
  const result = runCommand(machine, command, handles, authorization)
  const parameters = concatBytes(...(result.parameters ?? []))
  const handle = handleBytes(result.handle)
  if (tag === tags.plain) return respond(tag, 0, concatBytes(handle, parameters))
  const answer = writeSessions(machine, command, authorization, parameters)
  if (result.flushes !== undefined) flushObject(machine, result.flushes)
  return respond(tag, 0, concatBytes(handle, sizePrefixed(answer.parameters), answer.sessions))
}

function findCommand(machine: Machine, commands: CommandTable, code: number): Command {
  const command = commands.get(code) ?? refuse('COMMAND_CODE')
  if (machine.volatile.started === (command.beforeStartup === true)) refuse('INITIALIZE')
  return command
}

/**
 * Runs one command, whatever the bytes are. TPM 2.0 Part 3, section 5.
 * @returns the response; its code says what was wrong
 */
export function execute(machine: Machine, commands: CommandTable, bytes: Uint8Array): Uint8Array {
  try {
    const reader = new CommandReader(bytes)
    const tag = reader.u16()
    if (tag !== tags.plain && tag !== tags.sessions) refuse('BAD_TAG')
    if (reader.u32() !== bytes.length || bytes.length > largestMessage) refuse('COMMAND_SIZE')
    const command = findCommand(machine, commands, reader.u32())
    healFailures(machine)
    return dispatch(machine, command, tag, reader)
  } catch (error) {
    if (!(error instanceof TpmFailure)) throw error
    const { responseCode } = error
    return respond(responseCode === 0x01e ? tags.refused : tags.plain, responseCode)
  }
}
