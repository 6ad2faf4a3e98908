import { u32 } from '@trusthold/core/codec'
import { type TpmlPcrSelection, tpmlDigest, tpmlPcrSelection } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_PCR_Read', {
  parameters: { pcrSelectionIn: tpmlPcrSelection },
  response: { pcrUpdateCounter: u32, pcrSelectionOut: tpmlPcrSelection, pcrValues: tpmlDigest },
})

/** What {@link pcrRead} returns. */
export interface PcrReadOutput {
  /** Changes with every PCR that is extended, but for the resettable ones. */
  readonly updateCounter: number
  /** What was read: as a rule, less than was asked for. */
  readonly selection: TpmlPcrSelection
  /** In the order of the selection. */
  readonly values: readonly Uint8Array[]
}

/** TPM2_PCR_Read: up to eight values. Part 3, section 22.4. */
export async function pcrRead(runner: CommandRunner, selection: TpmlPcrSelection): Promise<PcrReadOutput> {
  const { values } = await runner.run(command, { handles: {}, parameters: { pcrSelectionIn: selection } })
  return {
    updateCounter: values.pcrUpdateCounter,
    selection: values.pcrSelectionOut,
    values: values.pcrValues,
  }
}
