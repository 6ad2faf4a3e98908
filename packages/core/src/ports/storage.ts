import type { AuditSink } from './audit-sink.js'
import type { ConfigStore } from './config-store.js'
import type { ReplayGuard } from './replay-guard.js'

/** The three stores that a service needs; storage adapters open them together. */
export interface Storage {
  readonly config: ConfigStore
  readonly replay: ReplayGuard
  readonly audit: AuditSink
  /** Closes all three. */
  close(): Promise<void>
}
