import { struct, u8 } from '@trusthold/core/codec'
import {
  type HashAlgorithm,
  permanentHandles,
  tpm2bEncryptedSecret,
  tpm2bNonce,
  tpmiAlgHash,
  tpmtSymDefObject,
} from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand(
  'TPM2_StartAuthSession',
  struct('StartAuthSession', {
    nonceCaller: tpm2bNonce,
    encryptedSalt: tpm2bEncryptedSecret,
    sessionType: u8,
    symmetric: tpmtSymDefObject,
    authHash: tpmiAlgHash,
  }),
  struct('StartAuthSession', { nonceTPM: tpm2bNonce }),
  { returnsHandle: true },
)

/** TPM_SE: kinds of session. Part 2, section 6.11. */
export const sessionTypes = { hmac: 0x00, policy: 0x01, trial: 0x03 } as const

/** What {@link startAuthSession} takes. */
export interface StartAuthSessionInput {
  readonly type: keyof typeof sessionTypes
  /** For a policy session, the name algorithm of the object that it authorises. */
  readonly authHash: HashAlgorithm
  /** 16 bytes to a digest. */
  readonly nonceCaller: Uint8Array
}

/** TPM2_StartAuthSession, neither salted nor bound; returns handle and the TPM's nonce. Part 3, section 11.1. */
export async function startAuthSession(
  runner: CommandRunner,
  { type, authHash, nonceCaller }: StartAuthSessionInput,
): Promise<{ handle: number; nonceTpm: Uint8Array }> {
  const { handle, values } = await runner.run(command, {
    handles: [permanentHandles.null, permanentHandles.null],
    parameters: {
      nonceCaller,
      encryptedSalt: new Uint8Array(),
      sessionType: sessionTypes[type],
      symmetric: { algorithm: 'null' },
      authHash,
    },
  })
  return { handle, nonceTpm: values.nonceTPM }
}
