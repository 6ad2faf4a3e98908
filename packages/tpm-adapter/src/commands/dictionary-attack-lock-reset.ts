import { permanentHandles } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_DictionaryAttackLockReset', { handles: { lockHandle: 'user' } })

const handles = { lockHandle: permanentHandles.lockout }

/** TPM2_DictionaryAttackLockReset: forgets failures, and so ends a lockout. Part 3, section 25.2. */
export async function dictionaryAttackLockReset(runner: CommandRunner, session: Session): Promise<void> {
  await runner.run(command, { handles, sessions: [session], parameters: {} })
}
