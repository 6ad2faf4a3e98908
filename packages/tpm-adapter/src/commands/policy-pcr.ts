import { type TpmlPcrSelection, tpm2bDigest, tpmlPcrSelection } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_PolicyPCR', {
  handles: { policySession: 'none' },
  parameters: { pcrDigest: tpm2bDigest, pcrs: tpmlPcrSelection },
})

/** What {@link policyPcr} takes. */
export interface PolicyPcrInput {
  /** Handle of the policy session. */
  readonly policySession: number
  readonly selection: TpmlPcrSelection
  /** Digest of the values by the session's hash; by default whatever they are now. */
  readonly pcrDigest?: Uint8Array
}

/** TPM2_PolicyPCR: the PCRs have these values. Part 3, section 23.7. */
export async function policyPcr(
  runner: CommandRunner,
  { policySession, selection, pcrDigest = new Uint8Array() }: PolicyPcrInput,
): Promise<void> {
  await runner.run(command, { handles: { policySession }, parameters: { pcrDigest, pcrs: selection } })
}
