import type { Transport } from '../../src/cluster/index.js'
import {
  type RequestMessage,
  type ResponseItem,
  type ResponseMessage,
  requestMessage,
  responseMessage,
  toResultError,
} from '../../src/messages/index.js'
import { type CommandRunner, createRunner, type RunnerSettings } from '../../src/run/index.js'
import { decodeMessage, encodeMessage, type KmipVersion } from '../../src/ttlv/index.js'

/** What a script answers: items, or a whole message. */
export type ScriptedAnswer = readonly ResponseItem[] | ResponseMessage

/** Answers requests: what it does with the message, which is the `count`th, from 0. */
export type TransportScript = (request: RequestMessage, count: number) => ScriptedAnswer

/** Runs commands against a script instead of a server; all messages are written and read as ever. */
export function scriptRunner(
  version: KmipVersion,
  script: TransportScript,
  settings: Partial<RunnerSettings> = {},
): { runner: CommandRunner; transport: Transport; requests: RequestMessage[]; repeatable: boolean[] } {
  const requests: RequestMessage[] = []
  const repeatable: boolean[] = []
  const unused = (): never => {
    throw new Error('not used by commands')
  }
  const transport: Transport = {
    perform: unused,
    performEverywhere: unused,
    health: unused,
    reload: unused,
    close: () => undefined,
    version: () => Promise.resolve(version),
    exchange: (exchange) =>
      new Promise((resolve) => {
        const request = decodeMessage(requestMessage, exchange.encode(version))
        requests.push(request)
        repeatable.push(exchange.repeatable)
        const outcome = exchange.decode(
          encodeMessage(responseMessage, whole(script(request, requests.length - 1))),
        )
        if (outcome.kind === 'failure') throw toResultError(exchange.operation, outcome.failure)
        resolve(outcome.payload)
      }),
  }
  const runner = createRunner(transport, { maxBytes: 1 << 20, callMilliseconds: 30_000, ...settings })
  return { runner, transport, requests, repeatable }
}

function whole(answer: ScriptedAnswer): ResponseMessage {
  if (!Array.isArray(answer)) return answer as ResponseMessage
  const items = answer as readonly ResponseItem[]
  const protocolVersion = { protocolVersionMajor: 1, protocolVersionMinor: 4 }
  return { responseHeader: { protocolVersion, timeStamp: 1n, batchCount: items.length }, batchItem: items }
}

/** An answer of Success. */
export function success(
  operation: ResponseItem['operation'],
  payload: object,
  id?: Uint8Array,
): ResponseItem {
  return {
    ...(operation === undefined ? {} : { operation }),
    ...(id === undefined ? {} : { uniqueBatchItemId: id }),
    resultStatus: 'Success',
    responsePayload: payload,
  }
}

/** An answer of Operation Failed. */
export function failure(operation: ResponseItem['operation'], id?: Uint8Array): ResponseItem {
  return {
    ...(operation === undefined ? {} : { operation }),
    ...(id === undefined ? {} : { uniqueBatchItemId: id }),
    resultStatus: 'OperationFailed',
    resultReason: 'ItemNotFound',
  }
}

/** An answer of Operation Pending. */
export function pending(operation: ResponseItem['operation'], ...value: number[]): ResponseItem {
  return {
    ...(operation === undefined ? {} : { operation }),
    resultStatus: 'OperationPending',
    asynchronousCorrelationValue: Uint8Array.from(value),
  }
}
