import { rest, struct } from '@trusthold/core/codec'
import { tpm2bDigest } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand(
  'TPM2_ActivateCredential',
  // TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET, side by side as they came: the TPM judges them.
  struct('ActivateCredential', { credential: rest }),
  struct('ActivateCredential', { certInfo: tpm2bDigest }),
)

/** What {@link activateCredential} takes. */
export interface ActivateCredentialInput {
  /** Handle of the key that the credential names. */
  readonly activateHandle: number
  /** Authorises it in the ADMIN role. */
  readonly activateSession: Session
  /** Handle of the endorsement key. */
  readonly keyHandle: number
  readonly keySession: Session
  /** TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET, one after the other. */
  readonly credential: Uint8Array
}

/** TPM2_ActivateCredential; returns the secret. Part 3, section 12.5. */
export async function activateCredential(
  runner: CommandRunner,
  input: ActivateCredentialInput,
): Promise<Uint8Array> {
  const { values } = await runner.run(command, {
    handles: [input.activateHandle, input.keyHandle],
    sessions: [input.activateSession, input.keySession],
    parameters: { credential: input.credential },
  })
  return values.certInfo
}
