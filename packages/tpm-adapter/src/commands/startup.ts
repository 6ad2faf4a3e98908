import { enumOf, u16 } from '@trusthold/core/codec'
import { isTrustholdError } from '@trusthold/core/errors'
import { defineCommand } from './command.js'
import { initialize } from './response-error.js'
import type { CommandRunner } from './run-command.js'

/** TPM_SU: what becomes of the TPM's state: dropped, or kept for later. Part 2, section 6.10. */
const states = { clear: 0x0000, state: 0x0001 } as const
const tpmSu = enumOf('TPM_SU', u16, states)

const startupCommand = defineCommand('TPM2_Startup', { parameters: { startupType: tpmSu } })
const shutdownCommand = defineCommand('TPM2_Shutdown', { parameters: { shutdownType: tpmSu } })

/**
 * TPM2_Startup, for TPMs that no firmware started up; one that is running stays as it is. Part 3, section 9.3.
 * @param startupType `state` goes on with what a shutdown of that kind kept
 */
export async function startup(
  runner: CommandRunner,
  startupType: keyof typeof states = 'clear',
): Promise<void> {
  try {
    await runner.run(startupCommand, { handles: {}, parameters: { startupType } })
  } catch (error) {
    const runs = isTrustholdError(error, 'TPM_RESPONSE') && error.context.responseCode === initialize
    if (!runs) throw error
  }
}

/** TPM2_Shutdown: prepares for a loss of power. Part 3, section 9.4. */
export async function shutdown(
  runner: CommandRunner,
  shutdownType: keyof typeof states = 'clear',
): Promise<void> {
  await runner.run(shutdownCommand, { handles: {}, parameters: { shutdownType } })
}
