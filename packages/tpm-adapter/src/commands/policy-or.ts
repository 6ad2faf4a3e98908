import { tpmlDigest } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_PolicyOR', {
  handles: { policySession: 'none' },
  parameters: { pHashList: tpmlDigest },
})

/**
 * TPM2_PolicyOR: the policy so far is one of these. Part 3, section 23.6.
 * @param policySession handle of the policy session
 * @param branches two to eight policy digests
 */
export async function policyOr(
  runner: CommandRunner,
  policySession: number,
  branches: readonly Uint8Array[],
): Promise<void> {
  await runner.run(command, { handles: { policySession }, parameters: { pHashList: branches } })
}
