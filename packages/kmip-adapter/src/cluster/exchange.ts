import {
  decodeOutcome,
  encodeRequest,
  type ItemSettings,
  namedObject,
  type Outcome,
  requireSubject,
} from '../messages/index.js'
import type { Operation, OperationName } from '../operations/index.js'
import type { Credential } from '../protocol/index.js'
import type { KmipVersion } from '../ttlv/index.js'

/** One message to a server, and what its answer comes to. */
export interface Exchange<T> {
  /** What errors name. */
  readonly operation: OperationName
  /** Whether asking twice does no more than asking once, so that a request that may have arrived can be sent again. */
  readonly repeatable: boolean
  /** The message by a version. @throws CODEC_RANGE, KMIP_VERSION */
  encode(version: KmipVersion): Uint8Array
  /** What an answer comes to. @throws CODEC errors, KMIP_PROTOCOL */
  decode(frame: Uint8Array): Outcome<T>
}

/** What every exchange of a cluster has in common. */
export interface ExchangeSettings extends ItemSettings {
  /** Longest response in bytes. */
  readonly maxBytes: number
  /** Sent with every request. */
  readonly credentials: readonly Credential[]
  /** Sent with every request unless absent. */
  readonly maximumResponseSize?: number
}

/**
 * The exchange for one operation.
 * @param payload makes the request for the version that is spoken
 */
export function exchangeOf<Q, R>(
  operation: Operation<Q, R>,
  payload: (version: KmipVersion) => Q,
  settings: ExchangeSettings,
): Exchange<R> {
  const { maxBytes, itemId } = settings
  const identified = itemId === undefined ? {} : { itemId }
  let subject: unknown
  return {
    operation: operation.name,
    repeatable: operation.repeatable,
    encode(version) {
      const request = payload(version)
      subject = namedObject(request)
      return encodeRequest(operation, request, version, settings)
    },
    decode(frame) {
      const outcome = decodeOutcome(operation, frame, { maxBytes, ...identified })
      if (outcome.kind === 'success') requireSubject(operation, subject, outcome.payload)
      return outcome
    },
  }
}
