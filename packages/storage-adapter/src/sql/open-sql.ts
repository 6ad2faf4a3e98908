import {
  type Clock,
  guardAuditSink,
  guardConfigStore,
  guardReplayGuard,
  type Storage,
} from '@trusthold/core/ports'
import type { RetentionOptions } from '../retention.js'
import { createSqlAuditSink } from './audit-sink.js'
import { createSqlConfigStore } from './config-store.js'
import type { SqlEngine } from './engine.js'
import { createSqlReplayGuard } from './replay-guard.js'
import { createWriteQueue } from './write-queue.js'

/** The three stores over one database whose schema is up to date; they share its transactions. */
export function openSql(engine: SqlEngine, clock: Clock, retention: Required<RetentionOptions>): Storage {
  const queue = createWriteQueue(engine)
  const config = guardConfigStore(createSqlConfigStore(engine, queue, clock, retention.keepDeletionsMs))
  const replay = guardReplayGuard(createSqlReplayGuard(queue, clock, retention.claimGraceMs))
  const audit = guardAuditSink(createSqlAuditSink(engine, queue))
  let closed: Promise<void> | undefined
  return {
    config,
    replay,
    audit,
    close() {
      closed ??= Promise.all([config.close(), replay.close(), audit.close()]).then(() => engine.close())
      return closed
    },
  }
}
