import { type Credential, tpm2bDigest, tpm2bName } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import { wholeBuffer } from './whole-buffer.js'

const command = defineCommand('TPM2_MakeCredential', {
  handles: { handle: 'none' },
  parameters: { credential: tpm2bDigest, objectName: tpm2bName },
  response: {
    credentialBlob: wholeBuffer('TPM2B_ID_OBJECT', 132),
    secret: wholeBuffer('TPM2B_ENCRYPTED_SECRET', 2048),
  },
})

/** What {@link makeCredential} takes. */
export interface MakeCredentialInput {
  /** A loaded endorsement key; its public half is enough. */
  readonly key: Entity
  readonly secret: Uint8Array
  /** Name of the object that has to be loaded beside the endorsement key. */
  readonly objectName: Uint8Array
}

/**
 * TPM2_MakeCredential, by the TPM. `makeCredential` of `@trusthold/core/tpm2` needs none. Part 3, section 12.6.
 */
export async function makeCredential(runner: CommandRunner, input: MakeCredentialInput): Promise<Credential> {
  const { values } = await runner.run(command, {
    handles: { handle: input.key },
    parameters: { credential: input.secret, objectName: input.objectName },
  })
  return { credentialBlob: values.credentialBlob, encryptedSecret: values.secret }
}
