import { type Codec, sizedBytes, struct, u16, u32 } from '@trusthold/core/codec'
import { tpm2bDigest, tpm2bNonce, tpmtTkAuth } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

/** TPM2B_TIMEOUT. Part 2, section 10.4.10. */
const tpm2bTimeout: Codec<Uint8Array> = sizedBytes(u16, 64)

const command = defineCommand(
  'TPM2_PolicySecret',
  struct('PolicySecret', {
    nonceTPM: tpm2bNonce,
    cpHashA: tpm2bDigest,
    policyRef: tpm2bNonce,
    expiration: u32,
  }),
  struct('PolicySecret', { timeout: tpm2bTimeout, policyTicket: tpmtTkAuth }),
)

/** What {@link policySecret} takes. */
export interface PolicySecretInput {
  /** Handle of the entity whose authorisation the policy asks for. */
  readonly entity: number
  readonly session: Session
  /** Handle of the policy session. */
  readonly policySession: number
}

/** TPM2_PolicySecret, without limits. Part 3, section 23.4. */
export async function policySecret(
  runner: CommandRunner,
  { entity, session, policySession }: PolicySecretInput,
): Promise<void> {
  const nothing = new Uint8Array()
  await runner.run(command, {
    handles: [entity, policySession],
    sessions: [session],
    parameters: { nonceTPM: nothing, cpHashA: nothing, policyRef: nothing, expiration: 0 },
  })
}
