import { equalBytes } from '@trusthold/core/bytes'
import { type Operation, type OperationName, poll } from '../operations/index.js'
import { decodeMessage, encodeMessage, type TtlvReadOptions } from '../ttlv/index.js'
import type { Failure } from './failure.js'
import { type ResponseItem, type ResponseMessage, responseMessage } from './messages.js'
import { type Deferral, type Outcome, protocolError } from './outcome.js'
import type { ItemSettings } from './request.js'

/** What the answer to one request comes to. */
export type Answer<R> = Outcome<R> | Deferral

function failureOf(item: ResponseItem): Failure {
  const { operation, resultStatus: status, resultReason: reason, resultMessage: message } = item
  return { status, reason, message, ofMessage: operation === undefined }
}

/** How the response to one request is read. */
export type AnswerReadOptions = TtlvReadOptions & ItemSettings

/** The only item of a response to one request; of another one when the server gives another id back than it got. */
function onlyItem(name: OperationName, response: ResponseMessage, options?: AnswerReadOptions): ResponseItem {
  const { responseHeader, batchItem = [] } = response
  const [item] = batchItem
  if (item === undefined || batchItem.length !== 1 || responseHeader.batchCount !== 1) {
    const reason = `expected 1 answer, the header says ${responseHeader.batchCount} and ${batchItem.length} came`
    throw protocolError(name, reason)
  }
  const [sent, received] = [options?.itemId, item.uniqueBatchItemId]
  if (sent === undefined || received === undefined || equalBytes(sent, received)) return item
  throw protocolError(name, 'the answer is to another request')
}

function readAnswer<Q, R>(operation: Operation<Q, R>, item: ResponseItem): Answer<R> {
  const failed = item.resultStatus !== 'Success' && item.resultStatus !== 'OperationPending'
  if (item.operation !== operation.name && !(failed && item.operation === undefined)) {
    throw protocolError(operation.name, `the answer is to ${item.operation ?? 'no operation'}`)
  }
  if (failed) return { kind: 'failure', failure: failureOf(item) }
  if (item.resultStatus === 'OperationPending') {
    const { asynchronousCorrelationValue: correlationValue } = item
    if (correlationValue === undefined) throw protocolError(operation.name, 'a deferral names no value')
    return { kind: 'deferral', correlationValue }
  }
  if (item.responsePayload === undefined) throw protocolError(operation.name, 'the answer has no payload')
  // The message's schema read the payload by the operation that the item names, which is this one.
  return { kind: 'success', payload: item.responsePayload as R }
}

/**
 * Reads the response to one request. The header's version is not looked at: servers answer in another one when they
 * could not read the request.
 * @throws CODEC errors; KMIP_PROTOCOL when it is not an answer to this operation
 */
export function decodeAnswer<Q, R>(
  operation: Operation<Q, R>,
  frame: Uint8Array,
  options?: AnswerReadOptions,
): Answer<R> {
  const response = decodeMessage(responseMessage, frame, options)
  return readAnswer(operation, onlyItem(operation.name, response, options))
}

/**
 * Reads the response to one request whose answer may not be deferred.
 * @throws as {@link decodeAnswer}, and KMIP_PROTOCOL for a deferral
 */
export function decodeOutcome<Q, R>(
  operation: Operation<Q, R>,
  frame: Uint8Array,
  options?: AnswerReadOptions,
): Outcome<R> {
  const answer = decodeAnswer(operation, frame, options)
  if (answer.kind !== 'deferral') return answer
  throw protocolError(operation.name, 'the server defers its answer, which was not asked for')
}

/**
 * Reads the response to Poll: a deferral once more, or the answer to the operation that was deferred, which some servers
 * put under its own name and others under Poll's.
 * @throws as {@link decodeAnswer}
 */
export function decodePolled<Q, R>(
  operation: Operation<Q, R>,
  frame: Uint8Array,
  options?: TtlvReadOptions,
): Answer<R> {
  const item = onlyItem(poll.name, decodeMessage(responseMessage, frame, options))
  if (item.operation !== poll.name) return readAnswer(operation, item)
  const answer = readAnswer(poll, item)
  if (answer.kind !== 'success') return answer
  const payload = encodeMessage(poll.response, answer.payload)
  try {
    return { kind: 'success', payload: decodeMessage(operation.response, payload, options) }
  } finally {
    payload.fill(0)
  }
}

/** A request of a batch that has no answer: the server stopped at an earlier one, or there is no reason why. */
export interface Unanswered {
  readonly kind: 'skipped' | 'missing'
}

/** Whether an item says that the server made no sense of the message. */
function isOfMessage({ operation, uniqueBatchItemId, resultStatus }: ResponseItem): boolean {
  return operation === undefined && uniqueBatchItemId === undefined && resultStatus !== 'Success'
}

/** Finds each request's answer by the ids, or by the order when no answer has one. */
function matchItems(
  names: readonly OperationName[],
  ids: readonly Uint8Array[],
  items: readonly ResponseItem[],
): readonly (ResponseItem | undefined)[] {
  const [first] = names as [OperationName]
  if (items.length > ids.length)
    throw protocolError(first, `${items.length} answers to ${ids.length} requests`)
  if (items.every(({ uniqueBatchItemId }) => uniqueBatchItemId === undefined))
    return ids.map((_, i) => items[i])
  const matched: (ResponseItem | undefined)[] = ids.map(() => undefined)
  for (const item of items) {
    const { uniqueBatchItemId: id } = item
    const index = id === undefined ? -1 : ids.findIndex((one) => equalBytes(one, id))
    if (index === -1) throw protocolError(first, 'an answer has the id of no request of the batch')
    if (matched[index] !== undefined) throw protocolError(first, 'two answers have the id of one request')
    matched[index] = item
  }
  return matched
}

/**
 * Reads the response to a batch: an answer for each request, in the order of the requests.
 * @param operations those of the requests; at least one
 * @param stops whether the server was to stop at the first failure, so that later answers may be missing
 * @returns a failure when the server made no sense of the message as a whole
 * @throws CODEC errors; KMIP_PROTOCOL when answers come twice or are to other requests
 */
export function decodeBatch(
  operations: readonly Operation<unknown, unknown>[],
  ids: readonly Uint8Array[],
  frame: Uint8Array,
  stops: boolean,
  options?: TtlvReadOptions,
): Outcome<readonly (Answer<unknown> | Unanswered)[]> {
  const { responseHeader, batchItem: items = [] } = decodeMessage(responseMessage, frame, options)
  const names = operations.map(({ name }) => name)
  const [first] = names as [OperationName]
  if (responseHeader.batchCount !== items.length) {
    const reason = `the header says ${responseHeader.batchCount} answers and ${items.length} came`
    throw protocolError(first, reason)
  }
  const [only] = items
  if (only !== undefined && items.length === 1 && isOfMessage(only)) {
    return { kind: 'failure', failure: failureOf(only) }
  }
  let hasFailed = false
  const answers = matchItems(names, ids, items).map((item, i): Answer<unknown> | Unanswered => {
    const operation = operations[i] as Operation<unknown, unknown>
    if (item === undefined) return { kind: hasFailed && stops ? 'skipped' : 'missing' }
    const answer = readAnswer(operation, item)
    if (answer.kind === 'failure') hasFailed = true
    return answer
  })
  return { kind: 'success', payload: answers }
}
