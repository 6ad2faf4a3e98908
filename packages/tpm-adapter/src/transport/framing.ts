import { toHex } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import { commandName } from '@trusthold/core/tpm2'

/** Tag, size, code: the header of every command and response. TPM 2.0 Part 1, section 18. */
export const headerLength = 10
/** TPM_ST_NO_SESSIONS, TPM_ST_SESSIONS. */
const tags: ReadonlySet<number> = new Set([0x8001, 0x8002])
/** TPM_ST_RSP_COMMAND: how a TPM 1.2 answers, and a TPM 2.0 a command whose tag it does not know. */
const tpm12Tag = 0x00c4
/** No TPM 2.0 sends more; the largest buffers in the field have 4,096 bytes. */
const maxResponseLength = 65_536

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * Name of a command.
 * @throws ARGUMENT_INVALID when the bytes are not one whole command
 */
export function checkCommand(command: Uint8Array): string {
  const refuse = (reason: string): never => {
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'command', reason })
  }
  if (command.length < headerLength) refuse(`${command.length} bytes, fewer than a header has`)
  const view = viewOf(command)
  if (!tags.has(view.getUint16(0))) refuse(`tag 0x${toHex(command.subarray(0, 2))}`)
  if (view.getUint32(2) !== command.length) {
    refuse(`its size field says ${view.getUint32(2)}, it has ${command.length} bytes`)
  }
  return commandName(view.getUint32(6))
}

/**
 * What came is not a response.
 * @param offset in the response, of what is wrong
 * @throws TPM_RESPONSE_MALFORMED
 */
export function refuseResponse(command: string, reason: string, offset: number): never {
  throw new TrustholdError('TPM_RESPONSE_MALFORMED', { command, reason, offset })
}

/** The length that the header announces. */
function announcedLength(header: Uint8Array, command: string): number {
  const view = viewOf(header)
  const tag = view.getUint16(0)
  if (tag === tpm12Tag) refuseResponse(command, 'the answer is that of a TPM 1.2', 0)
  if (!tags.has(tag))
    refuseResponse(command, `tag 0x${toHex(header.subarray(0, 2))} is none of a response`, 0)
  const length = view.getUint32(2)
  if (length < headerLength || length > maxResponseLength) {
    refuseResponse(command, `size ${length} is not ${headerLength} to ${maxResponseLength}`, 2)
  }
  return length
}

/** Collects at least `length` bytes. */
async function collect(start: Buffer, length: number, read: () => Promise<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [start]
  let collected = start.length
  while (collected < length) {
    const chunk = await read()
    chunks.push(chunk)
    collected += chunk.length
  }
  return Buffer.concat(chunks, collected)
}

/**
 * Reads one whole response, however it is cut into pieces.
 * @param command name of what is being answered
 * @throws TPM_RESPONSE_MALFORMED for a wrong tag or size, and for bytes after the end
 */
export async function readResponse(command: string, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const header = await collect(Buffer.alloc(0), headerLength, read)
  const length = announcedLength(header, command)
  const response = await collect(header, length, read)
  if (response.length > length) {
    refuseResponse(command, `${response.length - length} bytes after its end`, length)
  }
  return new Uint8Array(response)
}
