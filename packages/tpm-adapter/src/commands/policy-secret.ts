import { type Codec, sizedBytes, u16, u32 } from '@trusthold/core/codec'
import { type TpmtTkAuth, tpm2bDigest, tpm2bNonce, tpmtTkAuth } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

/** TPM2B_TIMEOUT. Part 2, section 10.4.10. */
const tpm2bTimeout: Codec<Uint8Array> = { ...sizedBytes(u16, 64), name: 'TPM2B_TIMEOUT' }

const command = defineCommand('TPM2_PolicySecret', {
  handles: { authHandle: 'user', policySession: 'none' },
  parameters: { nonceTPM: tpm2bNonce, cpHashA: tpm2bDigest, policyRef: tpm2bNonce, expiration: u32 },
  response: { timeout: tpm2bTimeout, policyTicket: tpmtTkAuth },
})

/** What {@link policySecret} takes. */
export interface PolicySecretInput {
  /** The entity whose authorisation the policy asks for. */
  readonly entity: Entity
  readonly session: Session
  /** Handle of the policy session. */
  readonly policySession: number
  /** Qualifies the authorisation; empty by default. */
  readonly policyRef?: Uint8Array
}

/** TPM2_PolicySecret, without limits. Part 3, section 23.4. */
export async function policySecret(
  runner: CommandRunner,
  { entity, session, policySession, policyRef = new Uint8Array() }: PolicySecretInput,
): Promise<TpmtTkAuth> {
  const nothing = new Uint8Array()
  const { values } = await runner.run(command, {
    handles: { authHandle: entity, policySession },
    sessions: [session],
    parameters: { nonceTPM: nothing, cpHashA: nothing, policyRef, expiration: 0 },
  })
  return values.policyTicket
}
