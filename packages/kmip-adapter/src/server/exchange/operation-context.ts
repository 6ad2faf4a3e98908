import type { SecretBytes } from '@trusthold/core/bytes'
import type { RandomSource } from '@trusthold/core/ports'
import type { Operation } from '../../operations/index.js'
import type { KmipVersion } from '../../ttlv/index.js'
import type { ObjectStore } from '../objects/object-store.js'
import type { BatchIds } from './batch-ids.js'

/** What an operation works with. */
export interface OperationContext {
  /** Of the message. */
  readonly version: KmipVersion
  /** The objects that the client sees. */
  readonly objects: ObjectStore
  /** Seconds since 1970. */
  readonly now: bigint
  readonly random: RandomSource
  /** Ids that this batch has made and found. */
  readonly ids: BatchIds
  readonly server: ServerFacts
  /** Overwrites a secret once the answer is written. */
  wipeLater(secret: SecretBytes): SecretBytes
}

/** What the server tells of itself. */
export interface ServerFacts {
  readonly vendor: string
  /** Whether wrapped keys are answered in a Key Value structure, where the standard has bytes. */
  readonly wrapsInStructure: boolean
  /** Versions that it speaks, newest first. */
  readonly versions: readonly KmipVersion[]
  /** The operations that it serves. */
  readonly operations: readonly Pick<Operation<unknown, unknown>, 'name' | 'since'>[]
}

/** An operation with the function that carries it out. */
export interface ServedOperation {
  readonly operation: Operation<unknown, unknown>
  run(request: unknown, context: OperationContext): Promise<unknown>
}

/** Joins an operation and the function that carries it out; the function throws a Refusal for what it refuses. */
export function serve<Q, R>(
  operation: Operation<Q, R>,
  run: (request: Q, context: OperationContext) => Promise<R> | R,
): ServedOperation {
  return {
    operation: operation as Operation<unknown, unknown>,
    run: async (request, context) => run(request as Q, context),
  }
}
