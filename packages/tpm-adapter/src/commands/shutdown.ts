import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import { type StateKeeping, tpmSu } from './state-keeping.js'

const command = defineCommand('TPM2_Shutdown', { parameters: { shutdownType: tpmSu } })

/** TPM2_Shutdown: prepares for a loss of power. Part 3, section 9.4. */
export async function shutdown(runner: CommandRunner, shutdownType: StateKeeping = 'clear'): Promise<void> {
  await runner.run(command, { handles: {}, parameters: { shutdownType } })
}
