/** TPM_RC_VER1, RC_FMT1 and RC_WARN: where the three kinds of code start. TPM 2.0 Part 2, section 6.6.2. */
const [versionOne, formatOne, warning] = [0x100, 0x080, 0x900]

/** TPM_RC: what this TPM can answer. TPM 2.0 Part 2, section 6.6.3. */
const responseCodes = {
  SUCCESS: 0,
  BAD_TAG: 0x01e,

  INITIALIZE: versionOne + 0x00,
  FAILURE: versionOne + 0x01,
  SEQUENCE: versionOne + 0x03,
  DISABLED: versionOne + 0x20,
  EXCLUSIVE: versionOne + 0x21,
  AUTH_TYPE: versionOne + 0x24,
  AUTH_MISSING: versionOne + 0x25,
  PCR_CHANGED: versionOne + 0x28,
  TOO_MANY_CONTEXTS: versionOne + 0x2e,
  AUTH_UNAVAILABLE: versionOne + 0x2f,
  COMMAND_SIZE: versionOne + 0x42,
  COMMAND_CODE: versionOne + 0x43,
  AUTH_CONTEXT: versionOne + 0x45,
  NV_RANGE: versionOne + 0x46,
  NV_SIZE: versionOne + 0x47,
  NV_LOCKED: versionOne + 0x48,
  NV_AUTHORIZATION: versionOne + 0x49,
  NV_UNINITIALIZED: versionOne + 0x4a,
  NV_SPACE: versionOne + 0x4b,
  NV_DEFINED: versionOne + 0x4c,
  CPHASH: versionOne + 0x51,
  NO_RESULT: versionOne + 0x54,
  SENSITIVE: versionOne + 0x55,

  ASYMMETRIC: formatOne + 0x01,
  ATTRIBUTES: formatOne + 0x02,
  HASH: formatOne + 0x03,
  VALUE: formatOne + 0x04,
  HIERARCHY: formatOne + 0x05,
  KEY_SIZE: formatOne + 0x07,
  MODE: formatOne + 0x09,
  TYPE: formatOne + 0x0a,
  HANDLE: formatOne + 0x0b,
  KDF: formatOne + 0x0c,
  RANGE: formatOne + 0x0d,
  AUTH_FAIL: formatOne + 0x0e,
  NONCE: formatOne + 0x0f,
  SCHEME: formatOne + 0x12,
  SIZE: formatOne + 0x15,
  SYMMETRIC: formatOne + 0x16,
  TAG: formatOne + 0x17,
  SELECTOR: formatOne + 0x18,
  INSUFFICIENT: formatOne + 0x1a,
  SIGNATURE: formatOne + 0x1b,
  KEY: formatOne + 0x1c,
  POLICY_FAIL: formatOne + 0x1d,
  INTEGRITY: formatOne + 0x1f,
  TICKET: formatOne + 0x20,
  RESERVED_BITS: formatOne + 0x21,
  BAD_AUTH: formatOne + 0x22,
  EXPIRED: formatOne + 0x23,
  POLICY_CC: formatOne + 0x24,
  BINDING: formatOne + 0x25,
  CURVE: formatOne + 0x26,
  ECC_POINT: formatOne + 0x27,

  CONTEXT_GAP: warning + 0x01,
  OBJECT_MEMORY: warning + 0x02,
  SESSION_MEMORY: warning + 0x03,
  MEMORY: warning + 0x04,
  SESSION_HANDLES: warning + 0x05,
  LOCALITY: warning + 0x07,
  REFERENCE_H0: warning + 0x10,
  REFERENCE_S0: warning + 0x18,
  LOCKOUT: warning + 0x21,
} as const

/** Name of a response code, without `TPM_RC_`. */
export type ResponseCodeName = keyof typeof responseCodes

/** Adds who is to blame; only format one codes have room for that. */
function blame(code: number, subject: number): number {
  return (code & formatOne) === 0 ? code : code + subject
}

/** A command that ends with an error: what travels up to where the response is written. */
export class TpmFailure extends Error {
  constructor(readonly responseCode: number) {
    super(`TPM_RC 0x${responseCode.toString(16)}`)
  }

  /** The same about a handle, counted from 1, unless it says already whom it is about. */
  aboutHandle(index: number): TpmFailure {
    return this.#about(index << 8)
  }

  /** The same about a parameter, counted from 1. */
  aboutParameter(index: number): TpmFailure {
    return this.#about(0x040 + (index << 8))
  }

  /** The same about a session, counted from 1. */
  aboutSession(index: number): TpmFailure {
    return this.#about(0x800 + (index << 8))
  }

  #about(subject: number): TpmFailure {
    const open = (this.responseCode & 0xf40) === 0
    return open ? new TpmFailure(blame(this.responseCode, subject)) : this
  }
}

/**
 * An error with the name of a response code.
 * @param offset added for the codes that are several in a row: REFERENCE_H0 and REFERENCE_S0
 */
export function failure(name: ResponseCodeName, offset = 0): TpmFailure {
  return new TpmFailure(responseCodes[name] + offset)
}

/** Ends the command. Use {@link failure} and its `about` functions to say which input is to blame. */
export function refuse(name: ResponseCodeName): never {
  throw failure(name)
}

/** Ends the command, with a handle to blame, counted from 1. */
export function refuseHandle(index: number, name: ResponseCodeName): never {
  throw failure(name).aboutHandle(index)
}

/** Ends the command, with a parameter to blame, counted from 1. */
export function refuseParameter(index: number, name: ResponseCodeName): never {
  throw failure(name).aboutParameter(index)
}

/** Runs a part of a command whose failures are about one parameter, counted from 1. */
export function inParameter<T>(index: number, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof TpmFailure ? error.aboutParameter(index) : error
  }
}
