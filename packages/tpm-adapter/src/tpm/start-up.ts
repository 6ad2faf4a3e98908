import type { TpmTransport } from '@trusthold/core/ports'
import { createCommandRunner } from '../commands/run-command.js'
import { startup } from '../commands/startup.js'

/** Starts a TPM up that no firmware started, such as a software TPM; one that is running stays as it is. */
export async function startUp(transport: TpmTransport): Promise<void> {
  await startup(createCommandRunner(transport))
}
