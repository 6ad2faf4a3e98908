import { SecretBytes } from '@trusthold/core/bytes'
import { describeError, isTrustholdError } from '@trusthold/core/errors'
import type { UnreadRequest } from '../../messages/index.js'
import {
  decodeMessage,
  isAtLeast,
  type TtlvReadOptions,
  tagName,
  type UnknownItem,
} from '../../ttlv/index.js'
import { isConflict } from '../objects/sealed-records.js'
import { compose, type Middleware, type OperationCall, type OperationOutcome } from './middleware.js'
import type { OperationContext, ServedOperation } from './operation-context.js'
import { Refusal, refuse } from './refusal.js'

/** One request of a message, its payload not read yet. */
export type UnreadItem = NonNullable<UnreadRequest['batchItem']>[number]

/** What carries out operations. */
export interface ItemRunner {
  readonly served: ReadonlyMap<unknown, ServedOperation>
  readonly middleware: readonly Middleware[]
  readonly limits: TtlvReadOptions | undefined
}

/** Who asks. */
export type Caller = Pick<OperationCall, 'client' | 'owner'>

/** How often an operation is tried again when another request changed the same object meanwhile. */
const mostTries = 8

const firstVendorTag = 0x54_0000

/** The first item, at any depth, whose tag the schema does not know; extensions of vendors are passed over. */
function findUnknown(value: unknown): UnknownItem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof Uint8Array || value instanceof SecretBytes) return undefined
  const { unknown } = value as { unknown?: readonly UnknownItem[] }
  const mine = unknown?.find(({ item }) => item.tag < firstVendorTag)
  if (mine !== undefined) return mine
  for (const [key, member] of Object.entries(value)) {
    const found = key === 'unknown' ? undefined : findUnknown(member)
    if (found !== undefined) return found
  }
  return undefined
}

function chooseOperation(runner: ItemRunner, item: UnreadItem, context: OperationContext): ServedOperation {
  const found = runner.served.get(item.operation)
  if (found === undefined || !isAtLeast(context.version, found.operation.since)) {
    return refuse('OperationNotSupported', `${item.operation} is not supported in KMIP ${context.version}`)
  }
  if (item.messageExtension?.criticalityIndicator === true) {
    return refuse('UnknownMessageExtension', 'a Message Extension that is critical is not known')
  }
  return found
}

function readPayload(runner: ItemRunner, { operation }: ServedOperation, item: UnreadItem): unknown {
  if (item.requestPayload === undefined) return refuse('InvalidMessage', 'the request has no payload')
  try {
    const payload = decodeMessage(operation.request, item.requestPayload, runner.limits)
    const unknown = findUnknown(payload)
    if (unknown === undefined) return payload
    return refuse('UnknownTag', `${tagName(unknown.item.tag)} does not belong into this request`)
  } catch (error) {
    if (isTrustholdError(error) && error.code.startsWith('CODEC_')) {
      return refuse('CodecError', `the payload cannot be read: ${describeError(error)}`)
    }
    throw error
  } finally {
    item.requestPayload.fill(0)
  }
}

/** The id that a request names; the one that the ID Placeholder stands for when it names none. */
function requestedId(
  { operation }: ServedOperation,
  payload: unknown,
  { ids }: OperationContext,
): Pick<OperationCall, 'objectId'> {
  if (operation.about !== 'object') return {}
  const { uniqueIdentifier } = payload as { uniqueIdentifier?: Parameters<typeof ids.resolve>[0] }
  try {
    return { objectId: ids.resolve(uniqueIdentifier) }
  } catch {
    return {}
  }
}

/** The id that an answer names: of a new object, or of the one that was asked for. */
function answeredId(answer: unknown): Pick<OperationOutcome, 'objectId'> {
  const { uniqueIdentifier, privateKeyUniqueIdentifier } = answer as Readonly<Record<string, unknown>>
  const id = uniqueIdentifier ?? privateKeyUniqueIdentifier
  return typeof id === 'string' ? { objectId: id } : {}
}

async function runAgainOnConflict(
  served: ServedOperation,
  payload: unknown,
  context: OperationContext,
): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      return await served.run(payload, context)
    } catch (error) {
      if (!isConflict(error)) throw error
      if (tries === mostTries)
        return refuse('ServerLimitExceeded', 'the object is changed too often, try again')
    }
  }
}

/**
 * Carries out one request of a batch.
 * @returns the payload of its answer
 * @throws Refusal; anything else is a failure of the server's
 */
export async function runItem(
  runner: ItemRunner,
  item: UnreadItem,
  context: OperationContext,
  caller: Caller,
): Promise<unknown> {
  const served = chooseOperation(runner, item, context)
  const payload = readPayload(runner, served, item)
  if (runner.middleware.length === 0) return runAgainOnConflict(served, payload, context)
  const { name: operation } = served.operation
  const named = requestedId(served, payload, context)
  const call: OperationCall = { operation, version: context.version, ...caller, ...named }
  let answer: unknown
  let answered = false
  const outcome = await compose(runner.middleware, call, async (): Promise<OperationOutcome> => {
    answer = await runAgainOnConflict(served, payload, context)
    answered = true
    return { ...named, ...answeredId(answer) }
  })
  if (answered && outcome.refused === undefined) return answer
  const { reason = 'PermissionDenied', message = 'refused' } = outcome.refused ?? {}
  throw new Refusal(reason, message)
}
