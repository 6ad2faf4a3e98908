import type { SecretBytes } from '@trusthold/core/bytes'
import { describeError, isTrustholdError } from '@trusthold/core/errors'
import type { Clock, RandomSource } from '@trusthold/core/ports'
import {
  type ResponseMessage,
  responseMessage,
  type UnreadRequest,
  unreadRequest,
} from '../../messages/index.js'
import { type Credential, toProtocolVersion, versionText } from '../../protocol/index.js'
import {
  decodeMessage,
  encodeMessage,
  isAtLeast,
  isKmipVersion,
  type KmipVersion,
  type TtlvReadOptions,
} from '../../ttlv/index.js'
import type { ObjectStore } from '../objects/object-store.js'
import type { ClientIdentity, OwnerOf } from '../owners.js'
import { type BatchIds, createBatchIds } from './batch-ids.js'
import type { ServerFacts } from './operation-context.js'
import { Refusal, type ResultReason, refuse } from './refusal.js'
import { reasonFor } from './result-reasons.js'
import { type ItemRunner, runItem, type UnreadItem } from './run-item.js'

type ResponseItem = NonNullable<ResponseMessage['batchItem']>[number]

/** Decides whether the credentials of a request's header belong to its client. */
export type Authenticate = (
  credentials: readonly Credential[],
  client: ClientIdentity,
) => boolean | Promise<boolean>

/** What answers messages. */
export interface AnswerContext {
  readonly runner: ItemRunner
  readonly facts: ServerFacts
  readonly limits: TtlvReadOptions | undefined
  readonly mostItems: number
  /** Longest answer to a batch in bytes. */
  readonly mostBatchBytes: number
  readonly ownerOf: OwnerOf
  readonly authenticate: Authenticate | undefined
  readonly clock: Clock
  readonly random: RandomSource
  openObjects(owner: string): ObjectStore
  /** Told of failures that are the server's own. */
  readonly onError: (error: unknown) => void
}

const seconds = (clock: Clock): bigint => BigInt(Math.floor(clock.now() / 1_000))

function failedItem(
  error: unknown,
  version: KmipVersion,
  onError: (error: unknown) => void,
): Pick<ResponseItem, 'resultStatus' | 'resultReason' | 'resultMessage'> {
  const isRefusal = error instanceof Refusal
  if (!isRefusal) onError(error)
  // What else went wrong may tell of the store or of other clients.
  const { reason, message } = isRefusal
    ? error
    : { reason: 'InternalServerError' as const, message: 'the server failed' }
  return {
    resultStatus: 'OperationFailed',
    resultReason: reasonFor(reason, version),
    resultMessage: message,
  }
}

function encodeAnswer(
  context: AnswerContext,
  version: KmipVersion,
  items: readonly ResponseItem[],
  correlation: string | undefined,
): Uint8Array {
  const echoed =
    correlation !== undefined && isAtLeast(version, '1.4') ? { clientCorrelationValue: correlation } : {}
  const message = {
    responseHeader: {
      protocolVersion: toProtocolVersion(version),
      timeStamp: seconds(context.clock),
      ...echoed,
      batchCount: items.length,
    },
    batchItem: items,
  }
  return encodeMessage(responseMessage, message as ResponseMessage, version)
}

/** The answer to a message of which nothing can be carried out: one item without an operation. */
export function refuseMessage(
  context: AnswerContext,
  version: KmipVersion,
  error: unknown,
  correlation?: string,
): Uint8Array {
  return encodeAnswer(context, version, [failedItem(error, version, context.onError)], correlation)
}

/** The version that an answer is written in when the request's is not spoken: the next lower one, or the lowest. */
function nearestVersion({ versions }: ServerFacts, text: string): KmipVersion {
  const lower = versions.find((version) => Number(version) <= Number(text))
  return lower ?? (versions.at(-1) as KmipVersion)
}

function requireHeader(context: AnswerContext, { requestHeader, batchItem = [] }: UnreadRequest): void {
  const { batchCount, batchErrorContinuationOption: option, asynchronousIndicator } = requestHeader
  if (batchCount !== batchItem.length || batchCount < 1) {
    refuse('InvalidMessage', `the Batch Count is ${batchCount} and ${batchItem.length} items came`)
  }
  if (batchCount > context.mostItems) {
    refuse('ServerLimitExceeded', `at most ${context.mostItems} items are taken in a message`)
  }
  if (option === 'Undo') refuse('FeatureNotSupported', 'a batch cannot be undone')
  if (asynchronousIndicator === true || asynchronousIndicator === 'Mandatory') {
    refuse('FeatureNotSupported', 'requests are not carried out asynchronously')
  }
}

async function identify(
  context: AnswerContext,
  { requestHeader }: UnreadRequest,
  client: ClientIdentity,
): Promise<string> {
  const owner = context.ownerOf(client)
  if (owner === undefined) return refuse('AuthenticationNotSuccessful', 'the client is not known')
  if (context.authenticate === undefined) return owner
  const credentials = requestHeader.authentication?.credential ?? []
  try {
    if (await context.authenticate(credentials, client)) return owner
  } finally {
    wipeCredentials(credentials)
  }
  return refuse('AuthenticationNotSuccessful', 'the credentials are not accepted')
}

function wipeCredentials(credentials: readonly Credential[]): void {
  for (const { credentialValue } of credentials) {
    const password = (credentialValue as { password?: { wipe(): void } } | undefined)?.password
    password?.wipe()
  }
}

/** What every answer to a request says besides its result. */
function addressed(item: UnreadItem): Pick<ResponseItem, 'operation' | 'uniqueBatchItemId'> {
  const { operation, uniqueBatchItemId } = item
  return { operation, ...(uniqueBatchItemId === undefined ? {} : { uniqueBatchItemId }) }
}

/** Room that the answer to a change may take besides what it echoes. */
const answerReserve = 512

/**
 * What bounds the answer's bytes: the Maximum Response Size, and for a batch the server's own limit too. A single answer
 * needs none, since it is as long as one object.
 */
function mostBytes({ mostBatchBytes }: AnswerContext, { requestHeader, batchItem = [] }: UnreadRequest) {
  const asked = requestHeader.maximumResponseSize
  return batchItem.length > 1 ? Math.min(asked ?? mostBatchBytes, mostBatchBytes) : asked
}

/** Keeps the answer within `most` bytes, and changes nothing for which there would be no room to say so. */
function createBudget(context: AnswerContext, version: KmipVersion, most: number | undefined) {
  if (most === undefined) return { requireRoom: () => undefined, fit: (item: ResponseItem) => item }
  const sizeOf = (items: readonly ResponseItem[]): number =>
    encodeAnswer(context, version, items, undefined).length
  let used = sizeOf([])
  return {
    requireRoom(item: UnreadItem) {
      const operation = context.runner.served.get(item.operation)?.operation
      const echo = item.requestPayload?.length ?? 0
      if (operation?.repeatable === false && used + echo + answerReserve > most) {
        refuse('ResponseTooLarge', `an answer of at most ${most} bytes leaves no room to say what was done`)
      }
    },
    fit(item: ResponseItem): ResponseItem {
      const bare = sizeOf([])
      const size = sizeOf([item]) - bare
      if (used + size <= most) {
        used += size
        return item
      }
      const { responsePayload: _, ...rest } = item
      const tooLarge = {
        ...rest,
        resultStatus: 'OperationFailed' as const,
        resultReason: 'ResponseTooLarge' as const,
        resultMessage: `the answer would be longer than ${most} bytes`,
      }
      used += sizeOf([tooLarge]) - bare
      return tooLarge
    },
  }
}

/** Empties the ID Placeholder when what might have set it failed: the object before is not meant. */
function forgetLast({ runner }: AnswerContext, item: UnreadItem, ids: BatchIds): void {
  const operation = runner.served.get(item.operation)?.operation
  const keepsLast = operation?.about === 'object' && operation.name !== 'Import'
  if (!keepsLast) ids.clear()
}

async function answerItems(
  context: AnswerContext,
  version: KmipVersion,
  request: UnreadRequest,
  client: ClientIdentity,
  owner: string,
  wipeLater: (secret: SecretBytes) => SecretBytes,
): Promise<ResponseItem[]> {
  const { batchErrorContinuationOption: option } = request.requestHeader
  const budget = createBudget(context, version, mostBytes(context, request))
  const operationContext = {
    version,
    objects: context.openObjects(owner),
    now: seconds(context.clock),
    random: context.random,
    ids: createBatchIds(),
    server: context.facts,
    wipeLater,
  }
  const answers: ResponseItem[] = []
  // In order, one after the other: that is right whatever the Batch Order Option says.
  for (const item of request.batchItem ?? []) {
    const address = addressed(item)
    try {
      budget.requireRoom(item)
      const responsePayload = await runItem(context.runner, item, operationContext, { client, owner })
      answers.push(budget.fit({ ...address, resultStatus: 'Success', responsePayload }))
    } catch (error) {
      forgetLast(context, item, operationContext.ids)
      answers.push({ ...address, ...failedItem(error, version, context.onError) })
    }
    if (answers.at(-1)?.resultStatus !== 'Success' && option !== 'Continue') break
  }
  return answers
}

/** Writes the answers; one that cannot be written in this version is told as a failure of the server's. */
function encodeAnswers(
  context: AnswerContext,
  version: KmipVersion,
  items: readonly ResponseItem[],
  correlation: string | undefined,
): Uint8Array {
  try {
    return encodeAnswer(context, version, items, correlation)
  } catch {
    const written = items.map((item): ResponseItem => {
      try {
        encodeAnswer(context, version, [item], undefined)
        return item
      } catch (error) {
        const { responsePayload: _, ...rest } = item
        return { ...rest, ...failedItem(error, version, context.onError) }
      }
    })
    return encodeAnswer(context, version, written, correlation)
  }
}

/**
 * Answers one message; whatever it holds, there is an answer.
 * @param frame overwritten, since it may hold secrets
 */
export async function answerMessage(
  context: AnswerContext,
  frame: Uint8Array,
  client: ClientIdentity,
): Promise<Uint8Array> {
  let request: UnreadRequest
  try {
    request = decodeMessage(unreadRequest, frame, context.limits)
  } catch (error) {
    const reason: ResultReason = 'InvalidMessage'
    const isCodec = isTrustholdError(error) && error.code.startsWith('CODEC_')
    if (!isCodec) context.onError(error)
    const lowest = context.facts.versions.at(-1) as KmipVersion
    return refuseMessage(context, lowest, new Refusal(reason, `it cannot be read: ${describeError(error)}`))
  } finally {
    frame.fill(0)
  }
  const { protocolVersion, clientCorrelationValue } = request.requestHeader
  const text = versionText(protocolVersion)
  if (!isKmipVersion(text) || !context.facts.versions.includes(text)) {
    const nearest = nearestVersion(context.facts, text)
    return refuseMessage(
      context,
      nearest,
      new Refusal('UnsupportedProtocolVersion', `KMIP ${text} is not spoken here`),
    )
  }
  const secrets: SecretBytes[] = []
  const wipeLater = (secret: SecretBytes): SecretBytes => {
    secrets.push(secret)
    return secret
  }
  try {
    requireHeader(context, request)
    const owner = await identify(context, request, client)
    const items = await answerItems(context, text, request, client, owner, wipeLater)
    return encodeAnswers(context, text, items, clientCorrelationValue)
  } catch (error) {
    return refuseMessage(context, text, error, clientCorrelationValue)
  } finally {
    for (const secret of secrets) secret.wipe()
  }
}
