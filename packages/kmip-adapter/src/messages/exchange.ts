import { describeError, TrustholdError } from '@trusthold/core/errors'
import type { Operation, OperationName } from '../operations/index.js'
import { toProtocolVersion } from '../protocol/index.js'
import {
  decodeMessage,
  type Enumerated,
  encodeMessage,
  isAtLeast,
  type KmipVersion,
  type TtlvReadOptions,
} from '../ttlv/index.js'
import { type ResponseItem, requestMessage, responseMessage } from './messages.js'
import { resultKind } from './result-kind.js'

/**
 * A message with one request and no optional header field: servers are known to fail on each of them, and a time
 * stamp makes some refuse by their own clock.
 * @throws CODEC_RANGE; KMIP_VERSION when the version does not have the operation
 */
export function encodeRequest<Q, R>(
  operation: Operation<Q, R>,
  payload: Q,
  version: KmipVersion,
): Uint8Array {
  if (!isAtLeast(version, operation.since)) {
    throw new TrustholdError('KMIP_VERSION', {
      offered: `${operation.since} or later for ${operation.name}`,
      server: version,
    })
  }
  return encodeMessage(
    requestMessage,
    {
      requestHeader: { protocolVersion: toProtocolVersion(version), batchCount: 1 },
      batchItem: [{ operation: operation.name, requestPayload: payload }],
    },
    version,
  )
}

/** What a server said instead of Success. */
export interface Failure {
  readonly status: Enumerated<'ResultStatus'>
  readonly reason: Enumerated<'ResultReason'> | undefined
  readonly message: string | undefined
  /** True when the answer names no operation: the server could not make sense of the message as a whole. */
  readonly ofMessage: boolean
}

/** A response to one request. */
export type Outcome<R> =
  | { readonly kind: 'success'; readonly payload: R }
  | { readonly kind: 'failure'; readonly failure: Failure }

function protocolError(operation: OperationName, reason: string): TrustholdError<'KMIP_PROTOCOL'> {
  return new TrustholdError('KMIP_PROTOCOL', { operation, reason })
}

function onlyItem(operation: OperationName, frame: Uint8Array, options?: TtlvReadOptions): ResponseItem {
  const { responseHeader, batchItem = [] } = decodeMessage(responseMessage, frame, options)
  const [item] = batchItem
  if (item === undefined || batchItem.length !== 1 || responseHeader.batchCount !== 1) {
    const reason = `expected 1 answer, the header says ${responseHeader.batchCount} and ${batchItem.length} came`
    throw protocolError(operation, reason)
  }
  return item
}

/**
 * Reads the response to one request. The header's version is not looked at: servers answer in another one when they
 * could not read the request.
 * @throws CODEC errors; KMIP_PROTOCOL when it is not an answer to this operation
 */
export function decodeOutcome<Q, R>(
  operation: Operation<Q, R>,
  frame: Uint8Array,
  options?: TtlvReadOptions,
): Outcome<R> {
  const item = onlyItem(operation.name, frame, options)
  const failed = item.resultStatus !== 'Success'
  if (item.operation !== operation.name && !(failed && item.operation === undefined)) {
    throw protocolError(operation.name, `the answer is to ${item.operation ?? 'no operation'}`)
  }
  if (item.resultStatus === 'OperationPending') {
    throw protocolError(operation.name, 'the server defers its answer, which was not asked for')
  }
  if (failed) {
    const { resultStatus: status, resultReason: reason, resultMessage: message } = item
    return { kind: 'failure', failure: { status, reason, message, ofMessage: item.operation === undefined } }
  }
  if (item.responsePayload === undefined) throw protocolError(operation.name, 'the answer has no payload')
  // The message's schema read the payload by the operation that the item names, which is this one.
  return { kind: 'success', payload: item.responsePayload as R }
}

/**
 * The error for a failure. The server's own words are in its cause.
 */
export function toResultError(operation: OperationName, failure: Failure): TrustholdError<'KMIP_RESULT'> {
  const { status, reason, message } = failure
  const kind = resultKind(operation, reason, message)
  const context = { operation, status: String(status), reason: String(reason ?? 'no reason given'), kind }
  return new TrustholdError('KMIP_RESULT', context, {
    retryable: kind === 'transient',
    ...(message === undefined ? {} : { cause: new Error(`the server says: ${describeError(message)}`) }),
  })
}

/** Whether the same request may succeed later, over a new connection. */
export function isTransient(operation: OperationName, { reason, message }: Failure): boolean {
  return resultKind(operation, reason, message) === 'transient'
}
