import { operations } from '../operations/index.js'
import { protocolVersion } from '../protocol/index.js'
import {
  anyItem,
  bytes,
  dateTime,
  dependent,
  enumeration,
  type Infer,
  integer,
  type Kind,
  many,
  maybe,
  one,
  type Siblings,
  type StructureKind,
  structure,
  tags,
  text,
} from '../ttlv/index.js'

const unknownRequest = anyItem(tags.RequestPayload)
const unknownResponse = anyItem(tags.ResponsePayload)

function requestKind({ operation }: Siblings): Kind<unknown> {
  return operations.get(operation)?.request ?? unknownRequest
}

function responseKind({ operation }: Siblings): Kind<unknown> {
  return operations.get(operation)?.response ?? unknownResponse
}

const requestHeader = structure('RequestHeader', {
  protocolVersion: one('ProtocolVersion', protocolVersion),
  maximumResponseSize: maybe('MaximumResponseSize', integer),
  timeStamp: maybe('TimeStamp', dateTime),
  batchCount: one('BatchCount', integer),
})

const requestItem = structure('BatchItem', {
  operation: one('Operation', enumeration('Operation')),
  uniqueBatchItemId: maybe('UniqueBatchItemID', bytes),
  requestPayload: dependent('RequestPayload', requestKind),
})

const requestMessageDef = structure('RequestMessage', {
  requestHeader: one('RequestHeader', requestHeader),
  batchItem: many('BatchItem', requestItem),
})
/** A request. The payload of an operation that has no types here is an item. KMIP 1.4, section 7.1. */
export interface RequestMessage extends Infer<typeof requestMessageDef> {}
/** Schema of {@link RequestMessage}. */
export const requestMessage: StructureKind<RequestMessage> = requestMessageDef

const responseHeader = structure('ResponseHeader', {
  protocolVersion: one('ProtocolVersion', protocolVersion),
  timeStamp: maybe('TimeStamp', dateTime),
  batchCount: one('BatchCount', integer),
})

const responseItemDef = structure('BatchItem', {
  operation: maybe('Operation', enumeration('Operation')),
  uniqueBatchItemId: maybe('UniqueBatchItemID', bytes),
  resultStatus: one('ResultStatus', enumeration('ResultStatus')),
  resultReason: maybe('ResultReason', enumeration('ResultReason')),
  resultMessage: maybe('ResultMessage', text),
  asynchronousCorrelationValue: maybe('AsynchronousCorrelationValue', bytes),
  responsePayload: dependent('ResponsePayload', responseKind),
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
