import { u32 } from '@trusthold/core/codec'
import { permanentHandles } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_DictionaryAttackParameters', {
  handles: { lockHandle: 'user' },
  parameters: { newMaxTries: u32, newRecoveryTime: u32, lockoutRecovery: u32 },
})

const handles = { lockHandle: permanentHandles.lockout }

/** What {@link dictionaryAttackParameters} takes. */
export interface DictionaryAttackInput {
  /** Authorises the lockout hierarchy. */
  readonly session: Session
  /** Failed authorisations until the TPM locks. */
  readonly maxTries: number
  /** Seconds until one failure is forgotten. */
  readonly recoverySeconds: number
  /** Seconds until the lockout authorisation may be tried again after it failed; 0 for the next reset. */
  readonly lockoutRecoverySeconds: number
}

/** TPM2_DictionaryAttackParameters: how the TPM defends itself against guessing. Part 3, section 25.3. */
export async function dictionaryAttackParameters(
  runner: CommandRunner,
  { session, maxTries, recoverySeconds, lockoutRecoverySeconds }: DictionaryAttackInput,
): Promise<void> {
  const parameters = {
    newMaxTries: maxTries,
    newRecoveryTime: recoverySeconds,
    lockoutRecovery: lockoutRecoverySeconds,
  }
  await runner.run(command, { handles, sessions: [session], parameters })
}
