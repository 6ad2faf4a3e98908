import { TrustholdError } from '@trusthold/core/errors'
import type { Operation } from '../operations/index.js'
import { type Credential, toProtocolVersion } from '../protocol/index.js'
import { type Enumerated, encodeMessage, isAtLeast, type KmipVersion } from '../ttlv/index.js'
import { type RequestItem, requestMessage } from './messages.js'

/** What every request of a client carries in its header. Servers are known to fail on each optional field. */
export interface HeaderSettings {
  /** Several need KMIP 1.2. */
  readonly credentials?: readonly Credential[]
  /** Names the request in the server's log; sent since KMIP 1.4. */
  readonly clientCorrelationValue?: string
  /** Lets the server defer its answer. */
  readonly deferrable?: boolean
  /** Longest response in bytes that the server may send: instead of a longer one it says Response Too Large. */
  readonly maximumResponseSize?: number
}

/** What tells the answer to a message with one request from that to another. */
export interface ItemSettings {
  /** Unique Batch Item ID, which servers repeat; KMIP wants it of batches only, and VMware's clients send it always. */
  readonly itemId?: Uint8Array
}

/** How the items of a batch are carried out. */
export interface BatchSettings {
  /** What happens to the other items when one fails; `Stop` by default. */
  readonly onFailure?: Exclude<Enumerated<'BatchErrorContinuationOption'>, number>
}

/** One operation of a message. */
export interface OperationCall {
  readonly operation: Operation<unknown, unknown>
  /** The request's payload for a version. */
  request(version: KmipVersion): unknown
}

function requireOperation({ name, since }: Operation<unknown, unknown>, version: KmipVersion): void {
  if (isAtLeast(version, since)) return
  throw new TrustholdError('KMIP_VERSION', { offered: `${since} or later for ${name}`, server: version })
}

function headerOf(version: KmipVersion, settings: HeaderSettings) {
  const { credentials = [], clientCorrelationValue, deferrable = false, maximumResponseSize } = settings
  const isCorrelated = clientCorrelationValue !== undefined && isAtLeast(version, '1.4')
  const indicator = isAtLeast(version, '2.0') ? ('Optional' as const) : true
  return {
    protocolVersion: toProtocolVersion(version),
    ...(maximumResponseSize === undefined ? {} : { maximumResponseSize }),
    ...(isCorrelated ? { clientCorrelationValue } : {}),
    ...(deferrable ? { asynchronousIndicator: indicator } : {}),
    ...(credentials.length === 0 ? {} : { authentication: { credential: credentials } }),
  } as const
}

/**
 * A message with one request.
 * @throws CODEC_RANGE; KMIP_VERSION when the version does not have the operation
 */
export function encodeRequest<Q, R>(
  operation: Operation<Q, R>,
  payload: Q,
  version: KmipVersion,
  settings: HeaderSettings & ItemSettings = {},
): Uint8Array {
  requireOperation(operation, version)
  const { itemId } = settings
  const requestHeader = { ...headerOf(version, settings), batchCount: 1 }
  const identified = itemId === undefined ? {} : { uniqueBatchItemId: itemId }
  const item = { operation: operation.name, ...identified, requestPayload: payload }
  return encodeMessage(requestMessage, { requestHeader, batchItem: [item] }, version)
}

/**
 * A message with several requests, which the server carries out in their order.
 * @param ids tells the answers apart; one for each call
 * @throws CODEC_RANGE; KMIP_VERSION when the version does not have one of the operations
 */
export function encodeBatch(
  calls: readonly OperationCall[],
  ids: readonly Uint8Array[],
  version: KmipVersion,
  settings: HeaderSettings & BatchSettings = {},
): Uint8Array {
  const { onFailure = 'Stop' } = settings
  const batchItem = calls.map(({ operation, request }, i): RequestItem => {
    requireOperation(operation, version)
    return {
      operation: operation.name,
      uniqueBatchItemId: ids[i] as Uint8Array,
      requestPayload: request(version),
    }
  })
  const requestHeader = {
    ...headerOf(version, settings),
    ...(onFailure === 'Stop' ? {} : { batchErrorContinuationOption: onFailure }),
    // Before 2.0 the server may choose the order unless it is told not to.
    ...(isAtLeast(version, '2.0') ? {} : { batchOrderOption: true }),
    batchCount: batchItem.length,
  }
  return encodeMessage(requestMessage, { requestHeader, batchItem }, version)
}
