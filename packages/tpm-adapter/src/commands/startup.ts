import { struct, u16 } from '@trusthold/core/codec'
import { isTrustholdError } from '@trusthold/core/errors'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_Startup', struct('Startup', { startupType: u16 }), struct('Startup', {}))
const clear = 0x0000
/** TPM_RC_INITIALIZE: started up already. */
const startedAlready = 0x100

/** TPM2_Startup(CLEAR), for TPMs that no firmware started up; one that is running stays as it is. Part 3, 9.3. */
export async function startup(runner: CommandRunner): Promise<void> {
  try {
    await runner.run(command, { parameters: { startupType: clear } })
  } catch (error) {
    if (!isTrustholdError(error, 'TPM_RESPONSE') || error.context.responseCode !== startedAlready) throw error
  }
}
