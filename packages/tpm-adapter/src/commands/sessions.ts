import { type Codec, type Infer, struct, u8, u32 } from '@trusthold/core/codec'
import { permanentHandles, tpm2bAuth, tpm2bNonce } from '@trusthold/core/tpm2'

const authCommand = struct('TPMS_AUTH_COMMAND', {
  sessionHandle: u32,
  nonce: tpm2bNonce,
  sessionAttributes: u8,
  hmac: tpm2bAuth,
})
/** TPMS_AUTH_COMMAND. TPM 2.0 Part 2, section 10.13.2. */
export interface TpmsAuthCommand extends Infer<typeof authCommand> {}
/** Codec of {@link TpmsAuthCommand}. */
export const tpmsAuthCommand: Codec<TpmsAuthCommand> = authCommand

const authResponse = struct('TPMS_AUTH_RESPONSE', {
  nonce: tpm2bNonce,
  sessionAttributes: u8,
  hmac: tpm2bAuth,
})
/** TPMS_AUTH_RESPONSE. Part 2, section 10.13.3. */
export interface TpmsAuthResponse extends Infer<typeof authResponse> {}
/** Codec of {@link TpmsAuthResponse}. */
export const tpmsAuthResponse: Codec<TpmsAuthResponse> = authResponse

/** What a session authorises. */
export interface AuthorizedCommand {
  readonly code: number
  readonly handles: readonly number[]
  /** The encoded parameters. */
  readonly parameters: Uint8Array
}

/** An authorisation as a value: it knows what to say for a command. */
export interface Session {
  authorize(command: AuthorizedCommand): TpmsAuthCommand
}

/** TPMA_SESSION continueSession: the session is still there after the command. Part 2, section 8.4. */
const continueSession = 0x01
const nothing = new Uint8Array()

/** Password authorisation; the password goes to the TPM as it is. Part 1, section 19.4. */
export function passwordSession(password: Uint8Array = nothing): Session {
  const authorization = {
    sessionHandle: permanentHandles.password,
    nonce: nothing,
    sessionAttributes: continueSession,
    hmac: password,
  }
  return { authorize: () => authorization }
}

/** A policy session whose policy asks for no HMAC and no password. Part 1, section 19.7. */
export function policySession(handle: number): Session {
  const authorization = {
    sessionHandle: handle,
    nonce: nothing,
    sessionAttributes: continueSession,
    hmac: nothing,
  }
  return { authorize: () => authorization }
}
