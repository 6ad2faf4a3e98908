/** Named checks as errors carry them. */
type CheckList = readonly {
  readonly id: string
  readonly outcome: 'pass' | 'fail' | 'unknown' | 'skipped'
  readonly reason: string
}[]

/**
 * The catalogue of everything that can go wrong: each code with the shape of its context.
 *
 * Rules: a code is never renamed, renumbered or reused. A context holds only what may be logged: no key, password,
 * token or secret ever goes into one. Place-giving members have fixed names: `path` is the dotted field path in a
 * structure or document, `offset` counts bytes from the start of the outermost input.
 */
export interface ErrorContexts {
  /** The input ends before the structure does. */
  CODEC_UNDERFLOW: { path: string; offset: number; needed: number; available: number }
  /** Bytes remain after the structure's end. */
  CODEC_TRAILING: { path: string; offset: number; trailing: number }
  /** A field has a value that its definition does not allow. */
  CODEC_VALUE: { path: string; offset: number; expected: string; actual: string }
  /** A length, count or depth is above its limit. */
  CODEC_LIMIT: { path: string; offset: number; limit: number; actual: number }
  /** A value cannot be written as the structure asks. */
  CODEC_RANGE: { path: string; expected: string; actual: string }

  /** Text is not the encoding that it should be. */
  BYTES_ENCODING: { encoding: 'hex' | 'base64' | 'base64url' | 'utf-8'; position: number; length: number }
  /** A secret was read after it was wiped. */
  SECRET_WIPED: { length: number }

  /** An algorithm is known by name but not accepted for this use. */
  TPM_ALGORITHM_UNSUPPORTED: { use: string; algorithm: string }
  /** A key's public area is inconsistent or too weak. */
  TPM_KEY_INVALID: { path: string; reason: string }
  /** A credential blob does not open. The reason is deliberately not told apart. */
  TPM_CREDENTIAL_INVALID: { nameAlgorithm: string }
  /** A duplicated object does not open for this parent. The reason is deliberately not told apart. */
  TPM_DUPLICATE_INVALID: { nameAlgorithm: string }
  /** The TPM answered a command with an error. */
  TPM_RESPONSE: {
    command: string
    responseCode: number
    name: string
    subject?: 'handle' | 'session' | 'parameter'
    index?: number
    /** Name of the handle or parameter that is blamed, as Part 3 of the TPM specification has it. */
    field?: string
  }
  /** What came back is not a TPM response, or not one to the command that was sent. */
  TPM_RESPONSE_MALFORMED: { command: string; reason: string; offset: number }
  /** A session (counted from 1) does not authenticate the response: something between here and the TPM changed it. */
  TPM_RESPONSE_FORGED: { command: string; session: number }
  /** The TPM was reset, and nothing started it up again: what was loaded in it is gone. */
  TPM_NOT_STARTED: { command: string }
  /** Too many authorisations failed; the TPM says after how many seconds it takes one again. */
  TPM_LOCKED_OUT: { command: string; recoverySeconds?: number }
  /** The TPM lacks something that the caller asked for. */
  TPM_NOT_AVAILABLE: { what: string; reason: string }
  /** What controls a simulated TPM did not do what it was asked to; its own result code says why. */
  TPM_CONTROL_REFUSED: { endpoint: string; command: string; result: number }
  /** A command is not the one that was recorded at this place. */
  TPM_TRAFFIC_DIFFERS: { exchange: number; expected: string; actual: string; offset: number }

  /** A certificate is not well-formed, or not of the profile that its use asks for. */
  CERTIFICATE_INVALID: { path: string; expected: string; actual: string }
  /** A bundle (PEM, PKCS#7, PKCS#12) cannot be read. */
  CERTIFICATE_BUNDLE_INVALID: { format: string; reason: string }

  /** An event log is malformed beyond what its byte structure tells. */
  EVENT_LOG_INVALID: { event: number; offset: number; field: string; expected: string; actual: string }
  /** A base image document cannot be used. */
  BASE_IMAGE_INVALID: { path: string; expected: string; actual: string }

  /** A JOSE object is malformed or does not verify. */
  JOSE_INVALID: { what: string; reason: string }
  /** A token is not acceptable. `check` is the name of the first check that failed. */
  TOKEN_INVALID: { check: string; reason: string }
  /** A proof of possession is missing or not acceptable. */
  PROOF_INVALID: { check: string; reason: string }

  /** Attestation ended without a token; all checks that were made, in order. */
  ATTESTATION_REFUSED: { checks: CheckList }
  /** Attestation could not be decided; the same evidence may pass later. */
  ATTESTATION_UNDECIDED: { checks: CheckList }

  /** No trusted key provider of that name. */
  PROVIDER_NOT_FOUND: { provider: string }
  /** A trusted key provider's configuration or primary key does not allow the operation. */
  PROVIDER_UNUSABLE: { provider: string; reason: string }
  /** A wrapped key is malformed, of another provider, or does not open. */
  WRAPPED_KEY_INVALID: { reason: string }
  /** The key may not leave in the way that was asked for. */
  DELIVERY_REFUSED: { provider: string; delivery: string; reason: string }

  /** A named thing exists already. */
  ALREADY_EXISTS: { kind: string; name: string }
  /** A named thing does not exist. */
  NOT_FOUND: { kind: string; name: string }

  /** A KMIP server answered with a failure. */
  KMIP_RESULT: {
    operation: string
    status: string
    reason: string
    kind:
      | 'notFound'
      | 'denied'
      | 'state'
      | 'unsupported'
      | 'authentication'
      | 'tooLarge'
      | 'invalid'
      | 'transient'
      | 'other'
  }
  /** A KMIP message is well-formed TTLV but not an answer to what was asked. */
  KMIP_PROTOCOL: { operation: string; reason: string }
  /** Client and server have no protocol version in common. */
  KMIP_VERSION: { offered: string; server: string }

  /** The connection, socket or device cannot be used. */
  TRANSPORT_FAILED: { endpoint: string; phase: 'connect' | 'tls' | 'write' | 'read'; reason: string }
  /** No answer within the time allowed. */
  TRANSPORT_TIMEOUT: { endpoint: string; phase: 'connect' | 'tls' | 'write' | 'read'; milliseconds: number }
  /** The caller gave up through its AbortSignal. */
  TRANSPORT_ABORTED: { endpoint: string }
  /** The transport was closed before or during the call. */
  TRANSPORT_CLOSED: { endpoint: string }

  /** A conditional write found another revision than it expected. */
  STORE_CONFLICT: { key: string; expected: string; actual: string }
  /** A key or value that no store accepts. */
  STORE_ARGUMENT: { name: string; reason: string }
  /** The store cannot be reached or refuses to work; trying again may help. */
  STORE_UNAVAILABLE: { operation: string; reason: string }
  /** Stored bytes are not what was written. */
  STORE_CORRUPT: { key: string; reason: string }
  /** Deletions after this revision were forgotten: what is known from before must be listed again. */
  STORE_COMPACTED: { after: string; horizon: string }
  /** The store was written by a newer release, or is not one of ours. */
  STORE_VERSION: { found: string; supported: string }
  /** The store was closed. */
  STORE_CLOSED: { operation: string }

  /** A request or document does not have the shape that it should. */
  REQUEST_INVALID: { path: string; expected: string; actual: string }
  /** A request is larger than the limit. Lengths in bytes. */
  REQUEST_TOO_LARGE: { limit: number }
  /** A service answered a request with an error; `check` is the one that refused, when it named one. */
  SERVICE_ERROR: { status: number; serviceCode: string; message: string; check?: string }

  /** A caller passed something that cannot work. */
  ARGUMENT_INVALID: { name: string; reason: string }
  /** Settings contradict each other or leave something open that must be decided. */
  CONFIGURATION_INVALID: { name: string; reason: string }
}

/** Every code there is. */
export type ErrorCode = keyof ErrorContexts
