import { type Credential, tpm2bDigest } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'
import { wholeBuffer } from './whole-buffer.js'

const command = defineCommand('TPM2_ActivateCredential', {
  handles: { activateHandle: 'admin', keyHandle: 'user' },
  parameters: {
    credentialBlob: wholeBuffer('TPM2B_ID_OBJECT', 132),
    secret: wholeBuffer('TPM2B_ENCRYPTED_SECRET', 2048),
  },
  response: { certInfo: tpm2bDigest },
})

/** What {@link activateCredential} takes. */
export interface ActivateCredentialInput extends Credential {
  /** The key that the credential names. */
  readonly activateHandle: Entity
  /** Authorises it in the ADMIN role. */
  readonly activateSession: Session
  /** The endorsement key. */
  readonly keyHandle: Entity
  readonly keySession: Session
}

/** TPM2_ActivateCredential; returns the secret. Part 3, section 12.5. */
export async function activateCredential(
  runner: CommandRunner,
  input: ActivateCredentialInput,
): Promise<Uint8Array> {
  const { values } = await runner.run(command, {
    handles: { activateHandle: input.activateHandle, keyHandle: input.keyHandle },
    sessions: [input.activateSession, input.keySession],
    parameters: { credentialBlob: input.credentialBlob, secret: input.encryptedSecret },
  })
  return values.certInfo
}
