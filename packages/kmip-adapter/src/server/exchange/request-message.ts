import { authentication, protocolVersion } from '../../protocol/index.js'
import {
  boolean,
  bytes,
  dateTime,
  decodeMessage,
  either,
  enumeration,
  type Infer,
  integer,
  type Kind,
  many,
  maybe,
  one,
  type StructureKind,
  structure,
  type TtlvReadOptions,
  text,
  typeSet,
} from '../../ttlv/index.js'

/** A payload as it came, item header included: read by itself, so that a bad one spoils no other. */
const rawPayload: Kind<Uint8Array> = {
  types: typeSet('Structure'),
  read: (frame, _type, at, length) => frame.bytes.slice(at - 8, at + length),
  write: (writer) => writer.reject('a payload that is only read', 'bytes'),
}

const asynchronousIndicator = either(
  boolean,
  enumeration('AsynchronousIndicator'),
  (value): value is boolean => typeof value === 'boolean',
)

const requestHeader = structure('RequestHeader', {
  protocolVersion: one('ProtocolVersion', protocolVersion),
  maximumResponseSize: maybe('MaximumResponseSize', integer),
  clientCorrelationValue: maybe('ClientCorrelationValue', text),
  serverCorrelationValue: maybe('ServerCorrelationValue', text),
  asynchronousIndicator: maybe('AsynchronousIndicator', asynchronousIndicator),
  attestationCapableIndicator: maybe('AttestationCapableIndicator', boolean),
  attestationType: many('AttestationType', enumeration('AttestationType')),
  authentication: maybe('Authentication', authentication),
  batchErrorContinuationOption: maybe(
    'BatchErrorContinuationOption',
    enumeration('BatchErrorContinuationOption'),
  ),
  batchOrderOption: maybe('BatchOrderOption', boolean),
  timeStamp: maybe('TimeStamp', dateTime),
  batchCount: one('BatchCount', integer),
})

const messageExtension = structure('MessageExtension', {
  vendorIdentification: one('VendorIdentification', text),
  criticalityIndicator: one('CriticalityIndicator', boolean),
})

const requestItemDef = structure('BatchItem', {
  operation: one('Operation', enumeration('Operation')),
  ephemeral: maybe('Ephemeral', boolean),
  uniqueBatchItemId: maybe('UniqueBatchItemID', bytes),
  requestPayload: maybe('RequestPayload', rawPayload),
  messageExtension: maybe('MessageExtension', messageExtension),
})
/** One request of a message, its payload not read yet. */
export interface RequestItem extends Infer<typeof requestItemDef> {}
const requestItem: StructureKind<RequestItem> = requestItemDef

const requestMessageDef = structure('RequestMessage', {
  requestHeader: one('RequestHeader', requestHeader),
  batchItem: many('BatchItem', requestItem),
})
/** A message of requests. KMIP 1.4, section 7.1. */
export interface RequestMessage extends Infer<typeof requestMessageDef> {}
const requestMessage: StructureKind<RequestMessage> = requestMessageDef

/**
 * Reads a message, without the payloads of its items.
 * @throws CODEC errors
 */
export function readRequest(frame: Uint8Array, limits: TtlvReadOptions | undefined): RequestMessage {
  return decodeMessage(requestMessage, frame, limits)
}
