import type { OperationName } from '../../operations/index.js'
import type { KmipVersion } from '../../ttlv/index.js'
import type { ClientIdentity } from '../owners.js'
import { Refusal, type ResultReason, refuse } from './refusal.js'

/** One operation that a client asks for, as middleware sees it: nothing of it is secret. */
export interface OperationCall {
  readonly operation: OperationName
  readonly version: KmipVersion
  readonly client: ClientIdentity
  readonly owner: string
  /** Id of the object that the request names; absent where it names none. */
  readonly objectId?: string
}

/** How an operation ended. */
export interface OperationOutcome {
  /** Absent when it succeeded. */
  readonly refused?: { readonly reason: ResultReason; readonly message: string }
  /** Id of the object that was made or used; absent where there is none. */
  readonly objectId?: string
}

/**
 * A function around every operation. It calls `next` at most once and returns what that returns; throwing a
 * {@link Refusal} before refuses the operation.
 */
export type Middleware = (
  call: OperationCall,
  next: () => Promise<OperationOutcome>,
) => Promise<OperationOutcome>

/** Puts functions around an operation, the first outermost. */
export function compose(
  middleware: readonly Middleware[],
  call: OperationCall,
  run: () => Promise<OperationOutcome>,
): Promise<OperationOutcome> {
  const step = (i: number): Promise<OperationOutcome> => {
    const layer = middleware[i]
    return layer === undefined ? run() : layer(call, () => step(i + 1))
  }
  return step(0)
}

/** One line of a log: what was asked, by whom, and how it ended. */
export interface OperationRecord extends OperationCall, OperationOutcome {}

/** Tells of every operation once it ended. */
export function recordOperations(write: (record: OperationRecord) => void): Middleware {
  return async (call, next) => {
    try {
      const outcome = await next()
      write({ ...call, ...outcome })
      return outcome
    } catch (error) {
      const refused =
        error instanceof Refusal
          ? { reason: error.reason, message: error.message }
          : { reason: 'InternalServerError' as const, message: 'the server failed' }
      write({ ...call, refused })
      throw error
    }
  }
}

/** Lets only those operations pass that a function allows; the others get Permission Denied. */
export function allowOperations(isAllowed: (call: OperationCall) => boolean | Promise<boolean>): Middleware {
  return async (call, next) => {
    if (await isAllowed(call)) return next()
    return refuse('PermissionDenied', `${call.operation} is not allowed`)
  }
}

/** Options of {@link limitRate}. */
export interface RateLimit {
  /** Operations of one owner that may come at once. */
  readonly burst: number
  /** Operations of one owner in a second, in the long run. */
  readonly perSecond: number
  /** Milliseconds since any fixed time. */
  readonly now: () => number
}

const mostOwners = 10_000

/** Refuses operations of an owner that come too fast, with Server Limit Exceeded. */
export function limitRate({ burst, perSecond, now }: RateLimit): Middleware {
  const buckets = new Map<string, { left: number; at: number }>()
  return async ({ owner }, next) => {
    const at = now()
    const bucket = buckets.get(owner) ?? { left: burst, at }
    const left = Math.min(burst, bucket.left + ((at - bucket.at) / 1_000) * perSecond)
    buckets.delete(owner)
    buckets.set(owner, { left: left < 1 ? left : left - 1, at })
    const [oldest] = buckets.keys()
    if (buckets.size > mostOwners && oldest !== undefined) buckets.delete(oldest)
    return left < 1 ? refuse('ServerLimitExceeded', 'too many requests, try again later') : next()
  }
}
