import type { Command } from '../commands/index.js'
import { requireSubject, wipeSecrets } from '../messages/index.js'

/**
 * Reads the answer to a command. The secrets of an answer that is not believed are overwritten.
 * @param subject id of the object that the command is about, as far as it is known
 * @throws KMIP_PROTOCOL when the answer is about another object, and what the command's `read` throws
 */
export function readAnswer<T>(command: Command<T>, subject: string | undefined, payload: unknown): T {
  requireSubject(command.operation, subject, payload)
  try {
    return command.read(payload)
  } catch (error) {
    wipeSecrets(payload)
    throw error
  }
}
