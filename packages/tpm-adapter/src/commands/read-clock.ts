import { type TpmsTimeInfo, tpmsTimeInfo } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_ReadClock', { response: { currentTime: tpmsTimeInfo } })

/** TPM2_ReadClock: clock and counters, unsigned. Part 3, section 29.1. */
export async function readClock(runner: CommandRunner): Promise<TpmsTimeInfo> {
  return (await runner.run(command, { handles: {}, parameters: {} })).values.currentTime
}
