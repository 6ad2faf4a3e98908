import { TrustholdError } from '@trusthold/core/errors'
import { protocolError } from '../messages/index.js'
import type { Operation, OperationName } from '../operations/index.js'
import type { KmipVersion } from '../ttlv/index.js'

/**
 * Stands for the object that an earlier command of the same batch made or found. Outside of a batch it is refused:
 * servers are known to take it for some object of another client.
 */
export const lastObject: unique symbol = Symbol('the last object of the batch')

/** An object: by its id, or in a batch {@link lastObject}. */
export type ObjectRef = string | typeof lastObject

/** A request that can be sent alone or in a batch, and how its answer is read. */
export interface Command<T> {
  readonly operation: Operation<unknown, unknown>
  /** The object that the command is about; undefined when it is about none that exists. */
  readonly subject: ObjectRef | undefined
  /** The request's payload for a version. @throws KMIP_RESULT when the version cannot do what is wanted */
  request(version: KmipVersion): unknown
  /** Reads the answer's payload. @throws KMIP_PROTOCOL when it is not what was asked for */
  read(payload: unknown): T
}

/** What a command comes to. */
export type CommandResult<C> = C extends Command<infer T> ? T : never

/**
 * Makes a command of an operation; its types are forgotten once request and answer fit it.
 * @param subject the object that it is about; null when there is none yet
 * @throws ARGUMENT_INVALID without a subject
 */
export function command<Q, R, T>(
  operation: Operation<Q, R>,
  subject: ObjectRef | null,
  request: (version: KmipVersion) => Q,
  read: (payload: R) => T,
): Command<T> {
  return {
    operation: operation as Operation<unknown, unknown>,
    subject: subject === null ? undefined : requireRef(subject),
    request,
    read: (payload) => read(payload as R),
  }
}

/** Servers are known to take an absent identifier for some other object, so that there always has to be one. */
function requireRef(ref: ObjectRef): ObjectRef {
  if (ref === lastObject || (typeof ref === 'string' && ref !== '')) return ref
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'id', reason: 'expected the id of an object' })
}

/** The field that names the object in a request; left out for the object before, which then is meant. */
export function subjectField(ref: ObjectRef): { uniqueIdentifier?: string } {
  return typeof ref === 'string' ? { uniqueIdentifier: ref } : {}
}

/**
 * The id of a new object.
 * @throws KMIP_PROTOCOL when there is none
 */
export function requireNewId(operation: OperationName, id: string): string {
  if (id !== '') return id
  throw protocolError(operation, 'the id of the new object is empty')
}

/** The error for what a version cannot do; another server may speak a later one. */
export function unsupported(operation: OperationName, reason: string): TrustholdError<'KMIP_RESULT'> {
  return new TrustholdError('KMIP_RESULT', { operation, status: 'not asked', reason, kind: 'unsupported' })
}

/** Seconds since 1970 of a time. */
export function toSeconds(time: Date): bigint {
  return BigInt(Math.floor(time.getTime() / 1000))
}
