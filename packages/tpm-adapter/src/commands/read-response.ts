import { type Codec, decode, type Reader } from '@trusthold/core/codec'
import { describeError, isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { Command, CommandFacts } from './command.js'
import { headerLength, type PreparedCommand, tagFor } from './prepare-command.js'
import { type TpmsAuthResponse, tpmsAuthResponse } from './sessions.js'

/** What came back. */
export interface CommandOutput<R> {
  /** The response's handle; 0 for commands that return none. */
  readonly handle: number
  readonly values: R
}

function malformed(command: string, reason: string, offset: number, cause?: unknown): TrustholdError {
  return new TrustholdError('TPM_RESPONSE_MALFORMED', { command, reason, offset }, { cause })
}

/**
 * The response code. The transport has checked tag and size, but it is anyone's transport.
 * @throws TPM_RESPONSE_MALFORMED for what has no header of its length
 */
export function responseCodeOf(command: string, response: Uint8Array): number {
  if (response.length < headerLength)
    throw malformed(command, `${response.length} bytes, less than a header`, 0)
  const view = new DataView(response.buffer, response.byteOffset, response.byteLength)
  if (view.getUint32(2) !== response.length) throw malformed(command, 'its size field is not its length', 2)
  return view.getUint32(6)
}

/** Reads with a codec at the cursor; says where in the response it failed. */
function readAt<T>(command: string, offset: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const inside = isTrustholdError(error) && 'offset' in error.context ? error.context.offset : 0
    throw malformed(command, describeError(error), offset + Number(inside), error)
  }
}

interface Body {
  readonly handle: number
  readonly parameters: Uint8Array
  /** Where the parameters start in the response. */
  readonly parametersAt: number
  readonly authorizations: readonly TpmsAuthResponse[]
}

const u32Length = 4

/** Cuts what stands after the header into pieces. Part 1, section 18.9. */
function bodyOf(command: CommandFacts, response: Uint8Array, sessions: number): Body {
  const whole: Codec<Body> = {
    name: command.name,
    read(r: Reader) {
      const handle = command.returnsHandle ? r.u32() : 0
      const size = sessions === 0 ? r.remaining : r.u32()
      const parametersAt =
        headerLength + (command.returnsHandle ? u32Length : 0) + (sessions === 0 ? 0 : u32Length)
      const parameters = r.bytes(size)
      const authorizations = Array.from({ length: sessions }, () => tpmsAuthResponse.read(r))
      return { handle, parameters, parametersAt, authorizations }
    },
    write: () => undefined,
  }
  return readAt(command.name, headerLength, () => decode(whole, response.subarray(headerLength)))
}

/** Decrypts the content of the sized buffer at the start, in place; what is too short for one is told when it is read. */
function decryptFirst({ parameters }: Body, { encryptor }: PreparedCommand): void {
  if (encryptor === undefined) return
  const size = ((parameters[0] ?? 0) << 8) | (parameters[1] ?? 0)
  parameters.set(encryptor.decryptParameter(parameters.subarray(2, 2 + size)), 2)
}

/** Has every session judge the response; all of them judge before any parameter is looked at. */
function checkAuthorizations(command: CommandFacts, body: Body, sent: PreparedCommand): void {
  const response = { code: command.code, parameters: body.parameters }
  for (const [i, use] of sent.uses.entries()) {
    if (!use.accept(response, body.authorizations[i] as TpmsAuthResponse)) {
      throw new TrustholdError('TPM_RESPONSE_FORGED', { command: command.name, session: i + 1 })
    }
  }
}

/**
 * Reads the response of a command that succeeded.
 * @throws TPM_RESPONSE_MALFORMED, TPM_RESPONSE_FORGED
 */
export function readResponse<H extends string, P, R>(
  command: Command<H, P, R>,
  parameters: P,
  response: Uint8Array,
  sent: PreparedCommand,
): CommandOutput<R> {
  const { name, check } = command
  const tag = (response[0] as number) * 0x100 + (response[1] as number)
  if (tag !== tagFor(sent.uses.length))
    throw malformed(name, `tag 0x${tag.toString(16)} is not the command's`, 0)
  const body = bodyOf(command, response, sent.uses.length)
  checkAuthorizations(command, body, sent)
  decryptFirst(body, sent)
  const values = readAt(name, body.parametersAt, () => decode(command.response, body.parameters))
  const wrong = check?.(parameters, values)
  if (wrong !== undefined) throw malformed(name, wrong, body.parametersAt)
  return { handle: body.handle, values }
}
