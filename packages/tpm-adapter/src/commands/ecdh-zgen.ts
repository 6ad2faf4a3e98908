import { type Codec, sized, u16 } from '@trusthold/core/codec'
import { type TpmsEccPoint, tpmsEccPoint } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

/** TPM2B_ECC_POINT. Part 2, section 11.2.5.3. */
const tpm2bEccPoint: Codec<TpmsEccPoint> = { ...sized(u16, tpmsEccPoint, 512), name: 'TPM2B_ECC_POINT' }

const command = defineCommand('TPM2_ECDH_ZGen', {
  handles: { keyHandle: 'user' },
  parameters: { inPoint: tpm2bEccPoint },
  response: { outPoint: tpm2bEccPoint },
})

/** What {@link ecdhZgen} takes. */
export interface EcdhZgenInput {
  /** A decryption key that is not restricted. */
  readonly key: Entity
  readonly session: Session
  /** The other side's public point. */
  readonly point: TpmsEccPoint
}

/** TPM2_ECDH_ZGen; returns the shared point, which is a secret. Part 3, section 14.5. */
export async function ecdhZgen(
  runner: CommandRunner,
  { key, session, point }: EcdhZgenInput,
): Promise<TpmsEccPoint> {
  const { values } = await runner.run(command, {
    handles: { keyHandle: key },
    sessions: [session],
    parameters: { inPoint: point },
  })
  return values.outPoint
}
