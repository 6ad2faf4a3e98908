import { type CommandName, tpmCc } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_PolicyCommandCode', {
  handles: { policySession: 'none' },
  parameters: { code: tpmCc },
})

/**
 * TPM2_PolicyCommandCode: the policy is good for this command only. Part 3, section 23.11.
 * @param policySession handle of the policy session
 */
export async function policyCommandCode(
  runner: CommandRunner,
  policySession: number,
  code: CommandName,
): Promise<void> {
  await runner.run(command, { handles: { policySession }, parameters: { code } })
}
