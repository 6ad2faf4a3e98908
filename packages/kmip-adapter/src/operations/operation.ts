import type { enumerations, KmipVersion, StructureKind } from '../ttlv/index.js'

/** The name of an operation. */
export type OperationName = keyof (typeof enumerations)['Operation']

/** What an operation asks and answers, and how it may be treated. */
export interface Operation<Q, R> {
  readonly name: OperationName
  /** The first version that has it. */
  readonly since: KmipVersion
  /** Whether asking twice does no more than asking once, so that a request that may have arrived can be sent again. */
  readonly repeatable: boolean
  /**
   * What it is about: an object that exists, which the answer names again; an object that it makes, which the answer
   * names; or no object in particular.
   */
  readonly about: 'object' | 'newObject' | 'nothing'
  readonly request: StructureKind<Q>
  readonly response: StructureKind<R>
}
