import { describeError, TrustholdError } from '@trusthold/core/errors'
import type { OperationName } from '../operations/index.js'
import type { Failure } from './failure.js'
import { resultKind } from './result-kind.js'

/** What an answer comes to. */
export type Outcome<R> =
  | { readonly kind: 'success'; readonly payload: R }
  | { readonly kind: 'failure'; readonly failure: Failure }

/** An answer that the server defers; it is asked for by the value. */
export interface Deferral {
  readonly kind: 'deferral'
  readonly correlationValue: Uint8Array
}

/** The error for an answer that cannot be believed. */
export function protocolError(operation: OperationName, reason: string): TrustholdError<'KMIP_PROTOCOL'> {
  return new TrustholdError('KMIP_PROTOCOL', { operation, reason })
}

/**
 * The error for a failure. The server's own words are in its cause.
 */
export function toResultError(operation: OperationName, failure: Failure): TrustholdError<'KMIP_RESULT'> {
  const { status, reason, message } = failure
  const kind = resultKind(operation, failure)
  const context = { operation, status: String(status), reason: String(reason ?? 'no reason given'), kind }
  return new TrustholdError('KMIP_RESULT', context, {
    retryable: kind === 'transient',
    ...(message === undefined ? {} : { cause: new Error(`the server says: ${describeError(message)}`) }),
  })
}

/** Whether the same request may succeed later, over a new connection. */
export function isTransient(operation: OperationName, failure: Failure): boolean {
  return resultKind(operation, failure) === 'transient'
}
