import type { Identity } from '../../../../scripts/peers/certificate-authority.mjs'
import {
  type RequestHeader,
  type ResponseItem,
  type ResponseMessage,
  requestMessage,
} from '../../src/messages/index.js'
import type { OperationName } from '../../src/operations/index.js'
import { toProtocolVersion } from '../../src/protocol/index.js'
import { encodeMessage, type KmipVersion } from '../../src/ttlv/index.js'
import type { Embedded, TestIdentities } from './embedded.js'
import { connectRaw, type RawClient } from './raw-client.js'

/** One request of a batch. */
export interface Ask {
  readonly operation: OperationName | number
  readonly payload: object
  /** The Unique Batch Item ID. */
  readonly id?: Uint8Array
}

/** The payload of an answer. */
export type Payload = Readonly<Record<string, unknown>>

/** Speaks one version to a server, in whole messages. */
export interface Talker extends AsyncDisposable {
  readonly raw: RawClient
  /** Sends a message and returns the answer, whatever it is. */
  send(asks: readonly Ask[], header?: Partial<RequestHeader>): Promise<ResponseMessage>
  /** The payload of the only answer; fails when it is a refusal. */
  ask(operation: OperationName, payload: object): Promise<Payload>
  /** The reason of the only answer; fails when it is none. */
  refused(operation: OperationName | number, payload: object): Promise<string>
  /** Makes an AES-256 key with these attributes besides, and returns its id. */
  createKey(...attributes: readonly object[]): Promise<string>
}

/** The bytes of a request. */
export function requestFrame(
  version: KmipVersion,
  asks: readonly Ask[],
  header: Partial<RequestHeader> = {},
): Uint8Array {
  const message = {
    requestHeader: { protocolVersion: toProtocolVersion(version), batchCount: asks.length, ...header },
    batchItem: asks.map(({ operation, payload, id }) => ({
      operation,
      requestPayload: payload,
      ...(id === undefined ? {} : { uniqueBatchItemId: id }),
    })),
  }
  return encodeMessage(requestMessage, message as never)
}

/** The uses of keys that {@link Talker.createKey} makes: all that a symmetric key can have. */
export const allUses = 0x3bf

/** Connects a talker. */
export async function talk(
  { port }: Pick<Embedded, 'port'>,
  { authority, client }: Pick<TestIdentities, 'authority' | 'client'>,
  version: KmipVersion = '1.4',
  identity: Identity = client,
): Promise<Talker> {
  const raw = await connectRaw(port, identity, authority.certificate)
  const send = (asks: readonly Ask[], header?: Partial<RequestHeader>): Promise<ResponseMessage> =>
    raw.exchange(requestFrame(version, asks, header))
  const only = async (operation: OperationName | number, payload: object): Promise<ResponseItem> => {
    const { batchItem = [] } = await send([{ operation, payload }])
    const [item] = batchItem
    if (item === undefined || batchItem.length !== 1) throw new Error(`${batchItem.length} answers came`)
    return item
  }
  const ask = async (operation: OperationName, payload: object): Promise<Payload> => {
    const { resultStatus, resultReason, resultMessage, responsePayload } = await only(operation, payload)
    if (resultStatus === 'Success') return responsePayload as Payload
    throw new Error(`${operation}: ${resultReason}: ${resultMessage}`)
  }
  return {
    raw,
    send,
    ask,
    async refused(operation, payload) {
      const { resultStatus, resultReason } = await only(operation, payload)
      if (resultStatus !== 'OperationFailed') throw new Error(`${operation} is not refused: ${resultStatus}`)
      return String(resultReason)
    },
    async createKey(...attributes) {
      const list = [
        { name: 'CryptographicAlgorithm', value: 'AES' },
        { name: 'CryptographicLength', value: 256 },
        ...(attributes.some((one) => 'name' in one && one.name === 'CryptographicUsageMask')
          ? []
          : [{ name: 'CryptographicUsageMask', value: allUses }]),
        ...attributes,
      ]
      const form = version.startsWith('2') ? { attributes: list } : { templateAttribute: { attribute: list } }
      const { uniqueIdentifier } = await ask('Create', { objectType: 'SymmetricKey', ...form })
      return String(uniqueIdentifier)
    },
    [Symbol.asyncDispose]: () => raw[Symbol.asyncDispose](),
  }
}

/** A standard attribute. */
export const attr = (name: string, value: unknown): object => ({ name, value })
/** A plain name. */
export const named = (nameValue: string): object =>
  attr('Name', { nameValue, nameType: 'UninterpretedTextString' })
