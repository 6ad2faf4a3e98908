import { describeError, type ErrorCode, isTrustholdError, TrustholdError } from '../errors/index.js'

/** Error types of the original's API, with the HTTP status that each has there. */
const errorTypes = {
  ALREADY_EXISTS: 400,
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  UNAUTHORIZED: 403,
  NOT_FOUND: 404,
  REQUEST_TOO_LARGE: 413,
  ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
} as const

type ErrorType = keyof typeof errorTypes

/** How each code shows on the wire. A code that is not listed is an internal error: its text stays inside. */
const typeOfCode: Partial<Readonly<Record<ErrorCode, ErrorType>>> = {
  CODEC_UNDERFLOW: 'INVALID_ARGUMENT',
  CODEC_TRAILING: 'INVALID_ARGUMENT',
  CODEC_VALUE: 'INVALID_ARGUMENT',
  CODEC_LIMIT: 'INVALID_ARGUMENT',
  BYTES_ENCODING: 'INVALID_ARGUMENT',
  TPM_ALGORITHM_UNSUPPORTED: 'INVALID_ARGUMENT',
  TPM_KEY_INVALID: 'INVALID_ARGUMENT',
  CERTIFICATE_INVALID: 'INVALID_ARGUMENT',
  REQUEST_INVALID: 'INVALID_ARGUMENT',
  REQUEST_TOO_LARGE: 'REQUEST_TOO_LARGE',
  WRAPPED_KEY_INVALID: 'INVALID_ARGUMENT',
  TOKEN_INVALID: 'UNAUTHENTICATED',
  PROOF_INVALID: 'UNAUTHENTICATED',
  ATTESTATION_REFUSED: 'UNAUTHORIZED',
  DELIVERY_REFUSED: 'UNAUTHORIZED',
  PROVIDER_NOT_FOUND: 'NOT_FOUND',
  NOT_FOUND: 'NOT_FOUND',
  ALREADY_EXISTS: 'ALREADY_EXISTS',
  PROVIDER_UNUSABLE: 'SERVICE_UNAVAILABLE',
  ATTESTATION_UNDECIDED: 'SERVICE_UNAVAILABLE',
  STORE_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  STORE_CLOSED: 'SERVICE_UNAVAILABLE',
  KMIP_RESULT: 'SERVICE_UNAVAILABLE',
  KMIP_PROTOCOL: 'SERVICE_UNAVAILABLE',
  KMIP_VERSION: 'SERVICE_UNAVAILABLE',
  TRANSPORT_FAILED: 'SERVICE_UNAVAILABLE',
  TRANSPORT_TIMEOUT: 'SERVICE_UNAVAILABLE',
  TRANSPORT_CLOSED: 'SERVICE_UNAVAILABLE',
}

/** Codes that concern what lies behind the service: hosts learn that it failed, not where and how. */
const inner: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'STORE_UNAVAILABLE',
  'STORE_CLOSED',
  'KMIP_RESULT',
  'KMIP_PROTOCOL',
  'KMIP_VERSION',
  'PROVIDER_UNUSABLE',
  'TRANSPORT_FAILED',
  'TRANSPORT_TIMEOUT',
  'TRANSPORT_CLOSED',
])

/** The error envelope of the original's API, with code and context in `data`. */
export interface ErrorBody {
  readonly error_type: string
  readonly messages: readonly {
    readonly id: string
    readonly default_message: string
    readonly args: readonly string[]
  }[]
  readonly data: { readonly code: string; readonly context?: unknown }
}

/** An error as it leaves the service. */
export interface WireError {
  readonly status: 400 | 401 | 403 | 404 | 413 | 500 | 503
  readonly body: ErrorBody
  /** What the log says: more than the caller learns. */
  readonly log: { readonly code: string; readonly reason: string }
}

/** Turns what was thrown into an HTTP answer and a log line, neither of which holds a secret. */
export function toWireError(error: unknown): WireError {
  const code = isTrustholdError(error) ? error.code : undefined
  const type = (code === undefined ? undefined : typeOfCode[code]) ?? 'ERROR'
  const hidden = code === undefined || type === 'ERROR' || inner.has(code)
  const shown = withoutInnerReasons(error)
  const message = hidden ? hiddenMessage(type) : describeError(shown)
  const context = !hidden && isTrustholdError(shown) ? { context: shown.context } : {}
  return {
    status: errorTypes[type],
    body: {
      error_type: type === 'REQUEST_TOO_LARGE' ? 'INVALID_REQUEST' : type,
      messages: [
        { id: `trusthold.${(code ?? 'internal').toLowerCase()}`, default_message: message, args: [] },
      ],
      data: { code: code ?? 'INTERNAL', ...context },
    },
    log: { code: code ?? 'INTERNAL', reason: describeError(error) },
  }
}

/** Why something could not be decided tells of stores and networks behind the service. */
function withoutInnerReasons(error: unknown): unknown {
  if (!isTrustholdError(error, 'ATTESTATION_REFUSED') && !isTrustholdError(error, 'ATTESTATION_UNDECIDED'))
    return error
  const checks = error.context.checks.map((check) =>
    check.outcome === 'unknown' ? { ...check, reason: hiddenMessage('SERVICE_UNAVAILABLE') } : check,
  )
  return new TrustholdError(error.code, { checks })
}

const hiddenMessage = (type: ErrorType): string =>
  type === 'SERVICE_UNAVAILABLE'
    ? 'the service cannot decide or work at the moment; its log says why'
    : 'the service failed; its log says why'
