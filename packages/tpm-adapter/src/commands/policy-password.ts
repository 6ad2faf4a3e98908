import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_PolicyPassword', { handles: { policySession: 'none' } })

/**
 * TPM2_PolicyPassword: whoever uses the policy shows the object's password, in the clear; the policy's digest is that of
 * TPM2_PolicyAuthValue. Part 3, section 23.18.
 * @param policySession handle of the policy session
 */
export async function policyPassword(runner: CommandRunner, policySession: number): Promise<void> {
  await runner.run(command, { handles: { policySession }, parameters: {} })
}
