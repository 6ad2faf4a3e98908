import type { ErrorCode, ErrorContexts } from './codes.js'
import { errorMessages } from './messages.js'

const brand = Symbol.for('trusthold.error')

/** Codes whose cause may pass by itself: the same call may succeed later. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set([
  'TPM_LOCKED_OUT',
  'TRANSPORT_FAILED',
  'TRANSPORT_TIMEOUT',
  'STORE_CONFLICT',
  'STORE_UNAVAILABLE',
  'ATTESTATION_UNDECIDED',
])

/** Options of {@link TrustholdError}. */
export interface TrustholdErrorOptions {
  /** What led to this error. */
  cause?: unknown
  /** Overrides what the code says about trying again. */
  retryable?: boolean
}

/**
 * The one error class of Trusthold. `code` is stable and says what happened, `context` says where and with what;
 * neither ever holds a secret. Recognise it with {@link isTrustholdError}, which also works when two copies of the
 * package are loaded.
 */
export class TrustholdError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'TrustholdError'
  /** What happened. */
  readonly code: C
  /** Where and with what; plain data, safe to log. */
  readonly context: Readonly<ErrorContexts[C]>
  /** Whether the same call may succeed later. */
  readonly retryable: boolean

  constructor(code: C, context: ErrorContexts[C], options: TrustholdErrorOptions = {}) {
    super(
      onOneLine(errorMessages[code](context)),
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.code = code
    this.context = Object.freeze({ ...context })
    this.retryable = options.retryable ?? retryableCodes.has(code)
    Object.defineProperty(this, brand, { value: true })
  }

  /** Code, message, context: what a log line needs, without stack and cause. */
  toJSON(): { code: C; message: string; context: Readonly<ErrorContexts[C]> } {
    return { code: this.code, message: this.message, context: this.context }
  }
}

/** Every error of the catalogue as a union that narrows on `code`. */
export type AnyTrustholdError = { [C in ErrorCode]: TrustholdError<C> }[ErrorCode]

/**
 * Tells whether `error` is a {@link TrustholdError}, and, when a code is given, whether it has that code.
 * @param error anything that was thrown
 * @param code narrows to this code
 */
export function isTrustholdError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: C,
): error is TrustholdError<C> {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as Record<symbol, unknown>)[brand] === true &&
    (code === undefined || (error as { code?: unknown }).code === code)
  )
}

/** What an unknown thrown value says of itself, in one line without control characters; for reasons and logs. */
export function describeError(error: unknown): string {
  const said = typeof error === 'object' && error !== null && 'message' in error ? error.message : error
  const primitive = said === undefined || (said !== null && Object(said) !== said)
  const text = primitive ? String(said as string) : 'an object without a message'
  return onOneLine(text).slice(0, 500)
}

/** What came from outside cannot start a line of its own in a log, nor command a terminal. */
function onOneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
}
