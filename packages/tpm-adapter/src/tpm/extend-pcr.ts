import type { TpmTransport } from '@trusthold/core/ports'
import type { TpmtHa } from '@trusthold/core/tpm2'
import { pcrExtend } from '../commands/pcr-extend.js'
import { createCommandRunner } from '../commands/run-command.js'
import { passwordSession } from '../commands/sessions.js'

/** What {@link extendPcr} takes. */
export interface ExtendPcrOptions {
  /** 0 to 23. */
  pcr: number
  /** One digest for each bank to extend. */
  digests: readonly TpmtHa[]
}

/**
 * Extends a PCR, as whoever measures something does.
 * @throws TPM_RESPONSE when the TPM refuses
 */
export async function extendPcr(transport: TpmTransport, { pcr, digests }: ExtendPcrOptions): Promise<void> {
  await pcrExtend(createCommandRunner(transport), { pcr, digests, session: passwordSession() })
}
