import { tpm2bDigest } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_PolicyGetDigest', {
  handles: { policySession: 'none' },
  response: { policyDigest: tpm2bDigest },
})

/**
 * TPM2_PolicyGetDigest: the digest of the policy so far. Part 3, section 23.19.
 * @param policySession handle of the policy session
 */
export async function policyGetDigest(runner: CommandRunner, policySession: number): Promise<Uint8Array> {
  return (await runner.run(command, { handles: { policySession }, parameters: {} })).values.policyDigest
}
