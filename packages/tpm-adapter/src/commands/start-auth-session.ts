import { enumOf, u8 } from '@trusthold/core/codec'
import {
  type HashAlgorithm,
  permanentHandles,
  type TpmtSymDefObject,
  tpm2bNonce,
  tpmiAlgHash,
  tpmtSymDefObject,
} from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import { wholeBuffer } from './whole-buffer.js'

/** TPM_SE: kinds of session. Part 2, section 6.11. */
const sessionTypes = { hmac: 0x00, policy: 0x01, trial: 0x03 } as const

/** A kind of session; a `trial` one only computes the digest of a policy. */
export type SessionType = keyof typeof sessionTypes

const command = defineCommand('TPM2_StartAuthSession', {
  handles: { tpmKey: 'none', bind: 'none' },
  parameters: {
    nonceCaller: tpm2bNonce,
    encryptedSalt: wholeBuffer('TPM2B_ENCRYPTED_SECRET', 2048),
    sessionType: enumOf('TPM_SE', u8, sessionTypes),
    symmetric: tpmtSymDefObject,
    authHash: tpmiAlgHash,
  },
  returnsHandle: true,
  response: { nonceTPM: tpm2bNonce },
  check: ({ nonceCaller }, { nonceTPM }) =>
    nonceTPM.length >= Math.min(16, nonceCaller.length) ? undefined : `a nonce of ${nonceTPM.length} bytes`,
})

/** What {@link startAuthSession} takes. */
export interface StartAuthSessionInput {
  readonly type: SessionType
  /** For a policy session, the name algorithm of the object that it authorises. */
  readonly authHash: HashAlgorithm
  /** 16 bytes to a digest. */
  readonly nonceCaller: Uint8Array
  /** The loaded key that opens the salt, and the salt (TPM2B_ENCRYPTED_SECRET); none by default. */
  readonly salt?: { readonly key: Entity; readonly encryptedSalt: Uint8Array }
  /** The entity whose password goes into the session's key; none by default. */
  readonly bind?: Entity
  /** For parameter encryption; none by default. */
  readonly symmetric?: TpmtSymDefObject
}

/**
 * TPM2_StartAuthSession; returns handle and the TPM's nonce. `openSession` makes a session of it that is kept in step.
 * Part 3, section 11.1.
 */
export async function startAuthSession(
  runner: CommandRunner,
  input: StartAuthSessionInput,
): Promise<{ handle: number; nonceTpm: Uint8Array }> {
  const { handle, values } = await runner.run(command, {
    handles: {
      tpmKey: input.salt?.key ?? permanentHandles.null,
      bind: input.bind ?? permanentHandles.null,
    },
    parameters: {
      nonceCaller: input.nonceCaller,
      encryptedSalt: input.salt?.encryptedSalt ?? Uint8Array.of(0, 0),
      sessionType: input.type,
      symmetric: input.symmetric ?? { algorithm: 'null' },
      authHash: input.authHash,
    },
  })
  return { handle, nonceTpm: values.nonceTPM }
}
