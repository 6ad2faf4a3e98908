import type { Clock, RandomSource } from '@trusthold/core/ports'
import type { HttpProxy, Scope, Security } from '../connection/index.js'
import type { KmipVersion } from '../ttlv/index.js'
import type { ExchangeSettings } from './exchange.js'

/** What every server of a cluster is talked to with; no defaults. */
export interface NodeOptions extends ExchangeSettings {
  readonly proxy: HttpProxy | undefined
  /** Versions that may be spoken, in order of preference. */
  readonly versions: readonly KmipVersion[]
  /** The version that is spoken without asking the server. */
  readonly pinned: KmipVersion | undefined
  /** Time for TCP and TLS of one connection, in milliseconds. */
  readonly connectMilliseconds: number
  /** Time for one request to one server, in milliseconds. */
  readonly requestMilliseconds: number
  /** How long an idle connection is kept, and how long one is used at all. */
  readonly idleMilliseconds: number
  readonly lifetimeMilliseconds: number
  /** Connections to one server, at most. */
  readonly maxConnections: number
  readonly clock: Clock
  readonly random: RandomSource
  /** What new connections are secured with; may change. */
  security(): Security
  /** The scope of everything that the cluster does. */
  readonly everything: Scope
}
