import { tpm2bAuth } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_HierarchyChangeAuth', {
  handles: { authHandle: 'user' },
  parameters: { newAuth: tpm2bAuth },
})

/** What {@link hierarchyChangeAuth} takes. */
export interface HierarchyChangeAuthInput {
  /** Handle of a hierarchy, or of the lockout authorisation. */
  readonly hierarchy: number
  /** Authorises it as it is before the change. */
  readonly session: Session
  /** The new password; empty for none. */
  readonly newAuth: Uint8Array
}

/** TPM2_HierarchyChangeAuth. Part 3, section 24.8. */
export async function hierarchyChangeAuth(
  runner: CommandRunner,
  { hierarchy, session, newAuth }: HierarchyChangeAuthInput,
): Promise<void> {
  await runner.run(command, {
    handles: { authHandle: hierarchy },
    sessions: [session],
    parameters: { newAuth },
    newAuthValue: newAuth,
  })
}
