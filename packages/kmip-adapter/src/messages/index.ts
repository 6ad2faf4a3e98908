/**
 * Whole messages: the request for an operation, and what its response comes to.
 * @module
 */
export {
  decodeOutcome,
  encodeRequest,
  type Failure,
  isTransient,
  type Outcome,
  toResultError,
} from './exchange.js'
export {
  type RequestHeader,
  type RequestItem,
  type RequestMessage,
  type ResponseHeader,
  type ResponseItem,
  type ResponseMessage,
  requestMessage,
  responseMessage,
} from './messages.js'
