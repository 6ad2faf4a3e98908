import { type Codec, sizedBytes, u16 } from '@trusthold/core/codec'
import { type TpmtHa, tpmlDigestValues } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

/** TPM2B_EVENT. Part 2, section 10.4.7. */
const tpm2bEvent: Codec<Uint8Array> = { ...sizedBytes(u16, 1024), name: 'TPM2B_EVENT' }

const command = defineCommand('TPM2_PCR_Event', {
  handles: { pcrHandle: 'user' },
  parameters: { eventData: tpm2bEvent },
  response: { digests: tpmlDigestValues },
})

/** What {@link pcrEvent} takes. */
export interface PcrEventInput {
  readonly pcr: number
  readonly session: Session
  /** At most 1,024 bytes. */
  readonly data: Uint8Array
}

/** TPM2_PCR_Event: extends each bank by the data's digest, and returns the digests. Part 3, section 22.3. */
export async function pcrEvent(
  runner: CommandRunner,
  { pcr, session, data }: PcrEventInput,
): Promise<readonly TpmtHa[]> {
  const { values } = await runner.run(command, {
    handles: { pcrHandle: pcr },
    sessions: [session],
    parameters: { eventData: data },
  })
  return values.digests
}
