import { operations } from '../operations/index.js'
import { authentication, changedWith2, nonce, protocolVersion } from '../protocol/index.js'
import {
  anyItem,
  boolean,
  bytes,
  dateTime,
  dependent,
  enumeration,
  type Infer,
  integer,
  type Kind,
  many,
  maybe,
  messageHeaderLength,
  one,
  type Siblings,
  type StructureKind,
  structure,
  tags,
  text,
  typeSet,
} from '../ttlv/index.js'

const since12 = { since: '1.2' } as const
const since14 = { since: '1.4' } as const

const unknownRequest = anyItem(tags.RequestPayload)
const unknownResponse = anyItem(tags.ResponsePayload)

function requestKind({ operation }: Siblings): Kind<unknown> {
  return operations.get(operation)?.request ?? unknownRequest
}

function responseKind({ operation }: Siblings): Kind<unknown> {
  return operations.get(operation)?.response ?? unknownResponse
}

const correlationFields = {
  clientCorrelationValue: maybe('ClientCorrelationValue', text, since14),
  serverCorrelationValue: maybe('ServerCorrelationValue', text, since14),
} as const

const messageExtensionDef = structure('MessageExtension', {
  vendorIdentification: one('VendorIdentification', text),
  criticalityIndicator: one('CriticalityIndicator', boolean),
  vendorExtension: one('VendorExtension', anyItem(tags.VendorExtension)),
})
/** What a vendor adds to an item of a batch. KMIP 1.4, section 6.16. */
export interface MessageExtension extends Infer<typeof messageExtensionDef> {}
const messageExtension: StructureKind<MessageExtension> = messageExtensionDef

/** Whether the answer may be deferred: yes or no before KMIP 2.0. KMIP 2.1, section 11.3. */
const asynchronousIndicator = changedWith2(
  boolean,
  enumeration('AsynchronousIndicator'),
  (value): value is boolean => typeof value === 'boolean',
)

const requestHeaderDef = structure('RequestHeader', {
  protocolVersion: one('ProtocolVersion', protocolVersion),
  maximumResponseSize: maybe('MaximumResponseSize', integer),
  ...correlationFields,
  asynchronousIndicator: maybe('AsynchronousIndicator', asynchronousIndicator),
  attestationCapableIndicator: maybe('AttestationCapableIndicator', boolean, since12),
  attestationType: many('AttestationType', enumeration('AttestationType'), since12),
  authentication: maybe('Authentication', authentication),
  batchErrorContinuationOption: maybe(
    'BatchErrorContinuationOption',
    enumeration('BatchErrorContinuationOption'),
  ),
  batchOrderOption: maybe('BatchOrderOption', boolean),
  timeStamp: maybe('TimeStamp', dateTime),
  batchCount: one('BatchCount', integer),
})
/** The header of a request. KMIP 1.4, section 7.1. */
export interface RequestHeader extends Infer<typeof requestHeaderDef> {}
const requestHeader: StructureKind<RequestHeader> = requestHeaderDef

function defineRequest<T>(payloadOf: (siblings: Siblings) => Kind<T>) {
  const requestItem = structure('BatchItem', {
    operation: one('Operation', enumeration('Operation')),
    ephemeral: maybe('Ephemeral', boolean, { since: '2.1' }),
    uniqueBatchItemId: maybe('UniqueBatchItemID', bytes),
    requestPayload: dependent('RequestPayload', payloadOf),
    messageExtension: maybe('MessageExtension', messageExtension),
  })
  return structure('RequestMessage', {
    requestHeader: one('RequestHeader', requestHeader),
    batchItem: many('BatchItem', requestItem),
  })
}

const requestMessageDef = defineRequest(requestKind)
/** A request. The payload of an operation that has no types here is an item. KMIP 1.4, section 7.1. */
export interface RequestMessage extends Infer<typeof requestMessageDef> {}
/** One operation of a request. */
export type RequestItem = NonNullable<RequestMessage['batchItem']>[number]
/** Schema of {@link RequestMessage}. */
export const requestMessage: StructureKind<RequestMessage> = requestMessageDef

/** A payload as it came, item header included. */
const unreadPayload: Kind<Uint8Array> = {
  types: typeSet('Structure'),
  read: (frame, _type, at, length) => frame.bytes.slice(at - messageHeaderLength, at + length),
  write: (writer) => writer.reject('a payload by its schema', 'bytes'),
}

const unreadRequestDef = defineRequest(() => unreadPayload)
/** A request whose payloads are read one by one, so that a bad one spoils no other. */
export interface UnreadRequest extends Infer<typeof unreadRequestDef> {}
/** Schema of {@link UnreadRequest}; for reading only. */
export const unreadRequest: StructureKind<UnreadRequest> = unreadRequestDef

const responseHeaderDef = structure('ResponseHeader', {
  protocolVersion: one('ProtocolVersion', protocolVersion),
  timeStamp: maybe('TimeStamp', dateTime),
  nonce: maybe('Nonce', nonce, since12),
  serverHashedPassword: maybe('ServerHashedPassword', bytes, { since: '2.0' }),
  attestationType: many('AttestationType', enumeration('AttestationType'), since12),
  ...correlationFields,
  batchCount: one('BatchCount', integer),
})
/** The header of a response. The standard has the time stamp always. KMIP 1.4, section 7.2. */
export interface ResponseHeader extends Infer<typeof responseHeaderDef> {}
const responseHeader: StructureKind<ResponseHeader> = responseHeaderDef

const responseItemDef = structure('BatchItem', {
  operation: maybe('Operation', enumeration('Operation')),
  uniqueBatchItemId: maybe('UniqueBatchItemID', bytes),
  resultStatus: one('ResultStatus', enumeration('ResultStatus')),
  resultReason: maybe('ResultReason', enumeration('ResultReason')),
  resultMessage: maybe('ResultMessage', text),
  asynchronousCorrelationValue: maybe('AsynchronousCorrelationValue', bytes),
  responsePayload: dependent('ResponsePayload', responseKind),
  messageExtension: maybe('MessageExtension', messageExtension),
})
/** One answer of a response. */
export interface ResponseItem extends Infer<typeof responseItemDef> {}
const responseItem: StructureKind<ResponseItem> = responseItemDef

const responseMessageDef = structure('ResponseMessage', {
  responseHeader: one('ResponseHeader', responseHeader),
  batchItem: many('BatchItem', responseItem),
})
/** A response. The payload of an operation that has no types here is an item. KMIP 1.4, section 7.2. */
export interface ResponseMessage extends Infer<typeof responseMessageDef> {}
/** Schema of {@link ResponseMessage}. */
export const responseMessage: StructureKind<ResponseMessage> = responseMessageDef
