import { SecretBytes } from '@trusthold/core/bytes'
import type { Command } from '../commands/index.js'
import { protocolError } from '../messages/index.js'

function idOf(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null && 'uniqueIdentifier' in payload
    ? payload.uniqueIdentifier
    : undefined
}

/** Overwrites every secret in an answer that nobody will get. */
function wipeSecrets(value: unknown): void {
  if (value instanceof SecretBytes) value.wipe()
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(wipeSecrets)
}

/**
 * Reads the answer to a command. The secrets of an answer that is not believed are overwritten.
 * @param subject id of the object that the command is about, as far as it is known
 * @throws KMIP_PROTOCOL when the answer is about another object, and what the command's `read` throws
 */
export function readAnswer<T>(command: Command<T>, subject: string | undefined, payload: unknown): T {
  const { operation } = command
  try {
    if (operation.about === 'object' && subject !== undefined && idOf(payload) !== subject) {
      throw protocolError(operation.name, 'the answer is about another object')
    }
    return command.read(payload)
  } catch (error) {
    wipeSecrets(payload)
    throw error
  }
}
