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

/** TPMA_SESSION, but for audits. Part 2, section 8.4. */
export const sessionAttributes = {
  /** The session is still there after the command. */
  continueSession: 0x01,
  /** The command's first parameter is encrypted. */
  decrypt: 0x20,
  /** The response's first parameter is encrypted. */
  encrypt: 0x40,
} as const

/** A command as a session authorises it. */
export interface AuthorizedCommand {
  readonly code: number
  /** Names of what its handles refer to. Throws ARGUMENT_INVALID when one is not known. */
  names(): readonly Uint8Array[]
  /** The encoded parameters as they are sent. */
  readonly parameters: Uint8Array
  /** Nonces of other sessions that encrypt, which the first session's HMAC covers. Part 1, section 19.6.5. */
  readonly otherNonces: readonly Uint8Array[]
}

/** A response as a session judges it. */
export interface AuthorizedResponse {
  readonly code: number
  /** The parameters as they were received. */
  readonly parameters: Uint8Array
}

/** What a session is used for in one command. */
export interface SessionTask {
  /** Name of the entity that it authorises, which may throw as {@link AuthorizedCommand.names} does; none when it only
   * encrypts. */
  readonly entityName?: () => Uint8Array
  /** It encrypts the command's first parameter. */
  readonly decrypt: boolean
  /** It encrypts the response's first parameter. */
  readonly encrypt: boolean
  /** authValue of the entity after the command, when the command changes it. */
  readonly newAuthValue?: Uint8Array | undefined
}

/** A session in the middle of one command. Exactly one of `accept`, `refused` and `lost` ends it. */
export interface SessionUse {
  /** The TPM's last nonce, which other sessions' HMACs cover when this one encrypts. */
  readonly nonceTpm: Uint8Array
  /** Encrypts the content of the command's first parameter. */
  encryptParameter(plain: Uint8Array): Uint8Array
  authorize(command: AuthorizedCommand): TpmsAuthCommand
  /** Whether the response is authentic; takes the TPM's new nonce over when it is. */
  accept(response: AuthorizedResponse, authorization: TpmsAuthResponse): boolean
  /** Decrypts the content of the response's first parameter, once it was accepted. */
  decryptParameter(encrypted: Uint8Array): Uint8Array
  /** The TPM answered with an error: it did nothing, the session is as before. */
  refused(): void
  /** Nobody knows what the TPM did: the session cannot be used any more. */
  lost(): void
}

/** An authorisation as a value, for one command after the other. */
export interface Session {
  /** Whether it can encrypt parameters. */
  readonly encrypts: boolean
  /** Starts its use in one command. */
  begin(task: SessionTask): SessionUse
}

const nothing = new Uint8Array()

function unprotected(sessionHandle: number, hmac: Uint8Array): Session {
  const authorization: TpmsAuthCommand = {
    sessionHandle,
    nonce: nothing,
    sessionAttributes: sessionAttributes.continueSession,
    hmac,
  }
  const use: SessionUse = {
    nonceTpm: nothing,
    encryptParameter: (plain) => plain,
    authorize: () => authorization,
    accept: (_response, { hmac: proof }) => proof.length === 0,
    decryptParameter: (encrypted) => encrypted,
    refused: () => undefined,
    lost: () => undefined,
  }
  return { encrypts: false, begin: () => use }
}

/** Password authorisation; the password goes to the TPM as it is. Part 1, section 19.4. */
export function passwordSession(password: Uint8Array = nothing): Session {
  return unprotected(permanentHandles.password, password)
}

/**
 * A policy session, by its handle, whose policy asks for no HMAC and no password. It has no key: neither the command
 * nor the response is protected. Part 1, section 19.7.
 */
export function policySession(handle: number): Session {
  return unprotected(handle, nothing)
}
