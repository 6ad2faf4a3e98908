import type { CommandFacts } from '../commands/command.js'
import type { CommandRunner } from '../commands/run-command.js'
import type { Session } from '../commands/sessions.js'

/** Nonces and salts are no secrets, or encrypted as they are. */
const plainCommands: ReadonlySet<string> = new Set(['TPM2_StartAuthSession'])

function canEncrypt({ name, encryptableCommand, encryptableResponse }: CommandFacts): boolean {
  return (encryptableCommand || encryptableResponse) && !plainCommands.has(name)
}

/**
 * Sends every command whose first parameter, or whose response's, can be encrypted with this session beside those that
 * authorise it, unless one of them encrypts already. What the session encrypts it also authenticates, handles' names
 * included: objects and NV indices have to be given with their names.
 */
export function encryptParameters(runner: CommandRunner, session: Session): CommandRunner {
  return {
    run(command, input) {
      const { sessions = [] } = input
      const needed = canEncrypt(command) && !sessions.some(({ encrypts }) => encrypts)
      return runner.run(command, needed ? { ...input, sessions: [...sessions, session] } : input)
    },
  }
}
