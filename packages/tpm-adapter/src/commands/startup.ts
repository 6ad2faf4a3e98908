import { isTrustholdError } from '@trusthold/core/errors'
import { defineCommand } from './command.js'
import { initialize } from './response-error.js'
import type { CommandRunner } from './run-command.js'
import { type StateKeeping, tpmSu } from './state-keeping.js'

const command = defineCommand('TPM2_Startup', { parameters: { startupType: tpmSu } })

/**
 * TPM2_Startup, for TPMs that no firmware started up; one that is running stays as it is. Part 3, section 9.3.
 * @param startupType `state` goes on with what a shutdown of that kind kept
 */
export async function startup(runner: CommandRunner, startupType: StateKeeping = 'clear'): Promise<void> {
  try {
    await runner.run(command, { handles: {}, parameters: { startupType } })
  } catch (error) {
    const runs = isTrustholdError(error, 'TPM_RESPONSE') && error.context.responseCode === initialize
    if (!runs) throw error
  }
}
