/**
 * Whole messages: requests for operations, and what their responses come to.
 * @module
 */

export type { Failure } from './failure.js'
export { itemIdOf, itemIds } from './item-ids.js'
export {
  type RequestHeader,
  type RequestMessage,
  type ResponseItem,
  type ResponseMessage,
  requestMessage,
  responseMessage,
  type UnreadRequest,
  unreadRequest,
} from './messages.js'
export {
  type Deferral,
  isTransient,
  type Outcome,
  protocolError,
  toResultError,
} from './outcome.js'
export {
  type BatchSettings,
  encodeBatch,
  encodeRequest,
  type HeaderSettings,
  type ItemSettings,
} from './request.js'
export {
  type Answer,
  decodeAnswer,
  decodeBatch,
  decodeOutcome,
  decodePolled,
  type Unanswered,
} from './response.js'
export { namedObject, requireSubject, wipeSecrets } from './subject.js'
