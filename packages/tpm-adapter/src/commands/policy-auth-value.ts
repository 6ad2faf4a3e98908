import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_PolicyAuthValue', { handles: { policySession: 'none' } })

/**
 * TPM2_PolicyAuthValue: whoever uses the policy proves by HMAC that it knows the object's password. Part 3, section
 * 23.17.
 * @param policySession handle of the policy session
 */
export async function policyAuthValue(runner: CommandRunner, policySession: number): Promise<void> {
  await runner.run(command, { handles: { policySession }, parameters: {} })
}
