import type { Enumerated } from '../ttlv/index.js'

/** What a server said instead of Success. */
export interface Failure {
  readonly status: Enumerated<'ResultStatus'>
  readonly reason: Enumerated<'ResultReason'> | undefined
  readonly message: string | undefined
  /** True when the answer names no operation: the server could not make sense of the message as a whole. */
  readonly ofMessage: boolean
}
