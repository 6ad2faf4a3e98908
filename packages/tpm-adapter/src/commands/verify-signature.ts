import { rest } from '@trusthold/core/codec'
import { type TpmtTkVerified, tpm2bDigest, tpmtTkVerified } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_VerifySignature', {
  handles: { keyHandle: 'none' },
  parameters: { digest: tpm2bDigest, signature: rest },
  response: { validation: tpmtTkVerified },
})

/** What {@link verifySignature} takes. */
export interface VerifySignatureInput {
  /** A loaded key; its public half is enough. */
  readonly key: Entity
  readonly digest: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
}

/** TPM2_VerifySignature; returns the ticket that TPM2_PolicyAuthorize takes. Part 3, section 20.1. */
export async function verifySignature(
  runner: CommandRunner,
  { key, digest, signature }: VerifySignatureInput,
): Promise<TpmtTkVerified> {
  const { values } = await runner.run(command, {
    handles: { keyHandle: key },
    parameters: { digest, signature },
  })
  return values.validation
}
