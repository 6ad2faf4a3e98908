import { type TpmtTkVerified, tpm2bDigest, tpm2bName, tpm2bNonce, tpmtTkVerified } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_PolicyAuthorize', {
  handles: { policySession: 'none' },
  parameters: {
    approvedPolicy: tpm2bDigest,
    policyRef: tpm2bNonce,
    keySign: tpm2bName,
    checkTicket: tpmtTkVerified,
  },
})

/** What {@link policyAuthorize} takes. */
export interface PolicyAuthorizeInput {
  /** Handle of the policy session. */
  readonly policySession: number
  /** Digest of the policy that was signed. */
  readonly approvedPolicy: Uint8Array
  /** Qualifies the approval; empty by default. */
  readonly policyRef?: Uint8Array
  /** Name of the key that signed. */
  readonly keyName: Uint8Array
  /** Of TPM2_VerifySignature over `H(approvedPolicy || policyRef)`. */
  readonly ticket: TpmtTkVerified
}

/** TPM2_PolicyAuthorize: the policy so far was approved by a key. Part 3, section 23.16. */
export async function policyAuthorize(
  runner: CommandRunner,
  { policySession, approvedPolicy, policyRef = new Uint8Array(), keyName, ticket }: PolicyAuthorizeInput,
): Promise<void> {
  await runner.run(command, {
    handles: { policySession },
    parameters: { approvedPolicy, policyRef, keySign: keyName, checkTicket: ticket },
  })
}
