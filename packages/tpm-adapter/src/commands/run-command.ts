import { setTimeout as delay } from 'node:timers/promises'
import { concatBytes } from '@trusthold/core/bytes'
import { type Codec, decode, encode, type Fields, sized, struct, u32, Writer } from '@trusthold/core/codec'
import { describeError, isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { TpmTransport } from '@trusthold/core/ports'
import type { Command } from './command.js'
import { asksForRetry, describeResponseCode } from './response-codes.js'
import { type Session, tpmsAuthCommand, tpmsAuthResponse } from './sessions.js'

const headerLength = 10

/** TPM_ST_NO_SESSIONS or TPM_ST_SESSIONS. Part 2, section 6.9. */
const tagFor = (sessions: number): number => (sessions === 0 ? 0x8001 : 0x8002)

/** What a command is sent with. */
export interface CommandInput<P> {
  readonly handles?: readonly number[]
  /** Authorisations of the first handles, in their order. */
  readonly sessions?: readonly Session[]
  readonly parameters: P
}

/** What came back. */
export interface CommandOutput<R> {
  /** The response's handle; 0 for commands that return none. */
  readonly handle: number
  readonly values: R
}

/** Sends commands. */
export interface CommandRunner {
  run<P, R>(command: Command<P, R>, input: CommandInput<P>): Promise<CommandOutput<R>>
}

/** How often and when a command is sent again that the TPM asks for again. */
export interface RetryPolicy {
  /** Including the first; 12 by default. */
  attempts?: number
  /** Waits before the next attempt, counted from 1; doubling from 10 ms to 1 s by default. */
  wait?: (attempt: number) => Promise<unknown>
}

function encodeCommand<P, R>(command: Command<P, R>, input: CommandInput<P>): Uint8Array {
  const { handles = [], sessions = [] } = input
  const parameters = encode(command.parameters, input.parameters)
  const area = new Writer()
  for (const session of sessions) {
    tpmsAuthCommand.write(area, session.authorize({ code: command.code, handles, parameters }))
  }
  const authorizations = area.finish()
  const writer = new Writer()
  const areaLength = sessions.length === 0 ? 0 : 4 + authorizations.length
  writer.u16(tagFor(sessions.length))
  writer.u32(headerLength + handles.length * 4 + areaLength + parameters.length)
  writer.u32(command.code)
  for (const handle of handles) writer.u32(handle)
  if (sessions.length > 0) writer.u32(authorizations.length)
  return concatBytes(writer.finish(), authorizations, parameters)
}

/** What stands after the response's header. TPM 2.0 Part 1, section 18.9. */
function bodyOf<P, R>(command: Command<P, R>, sessions: number): Codec<{ handle?: number; parameters: R }> {
  const authorizations: Record<string, Codec<unknown>> = {}
  for (let i = 1; i <= sessions; i++) authorizations[`session${i}`] = tpmsAuthResponse
  const fields: Fields = {
    ...(command.returnsHandle ? { handle: u32 } : {}),
    parameters: sessions === 0 ? command.response : sized(u32, command.response, 65_536),
    ...authorizations,
  }
  return struct(command.name, fields) as Codec<{ parameters: R }>
}

function malformed(command: string, reason: string, offset: number, cause?: unknown): TrustholdError {
  return new TrustholdError('TPM_RESPONSE_MALFORMED', { command, reason, offset }, { cause })
}

/** Throws what the header says went wrong. The transport has checked tag and size, but it is anyone's transport. */
function checkHeader(command: string, response: Uint8Array, sessions: number): void {
  if (response.length < headerLength)
    throw malformed(command, `${response.length} bytes, less than a header`, 0)
  const view = new DataView(response.buffer, response.byteOffset, response.byteLength)
  if (view.getUint32(2) !== response.length) throw malformed(command, 'its size field is not its length', 2)
  const responseCode = view.getUint32(6)
  if (responseCode !== 0) {
    const context = { command, responseCode, ...describeResponseCode(responseCode) }
    throw new TrustholdError('TPM_RESPONSE', context, { retryable: asksForRetry(responseCode) })
  }
  const tag = view.getUint16(0)
  if (tag !== tagFor(sessions)) throw malformed(command, `tag 0x${tag.toString(16)} is not the command's`, 0)
}

function decodeResponse<P, R>(
  command: Command<P, R>,
  response: Uint8Array,
  sessions: number,
): CommandOutput<R> {
  checkHeader(command.name, response, sessions)
  try {
    const { handle = 0, parameters } = decode(bodyOf(command, sessions), response.subarray(headerLength))
    return { handle, values: parameters }
  } catch (error) {
    const offset = isTrustholdError(error, 'CODEC_UNDERFLOW') ? error.context.offset : 0
    throw malformed(command.name, describeError(error), headerLength + offset, error)
  }
}

const waitByDefault = (attempt: number): Promise<unknown> => delay(Math.min(10 * 2 ** (attempt - 1), 1_000))

/**
 * Sends commands over a transport and reads what comes back.
 *
 * `run` throws TPM_RESPONSE with the code's name and the handle, session or parameter that it blames; commands that the
 * TPM asks for again are sent again, within bounds. It throws TPM_RESPONSE_MALFORMED for what is not the command's
 * response, and what the transport throws.
 */
export function createCommandRunner(transport: TpmTransport, retry: RetryPolicy = {}): CommandRunner {
  const { attempts = 12, wait = waitByDefault } = retry
  return {
    async run(command, input) {
      const bytes = encodeCommand(command, input)
      const sessions = input.sessions?.length ?? 0
      for (let attempt = 1; ; attempt++) {
        try {
          return decodeResponse(command, await transport.transmit(bytes), sessions)
        } catch (error) {
          const again = isTrustholdError(error, 'TPM_RESPONSE') && error.retryable && attempt < attempts
          if (!again) throw error
          await wait(attempt)
        }
      }
    },
  }
}
