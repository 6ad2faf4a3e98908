import {
  type Clock,
  guardAuditSink,
  guardConfigStore,
  guardReplayGuard,
  type Storage,
  systemClock,
} from '@trusthold/core/ports'
import { fillRetention, type RetentionOptions } from '../retention.js'
import { createMemoryAuditSink } from './audit-sink.js'
import { createMemoryConfigStore } from './config-store.js'
import { createMemoryReplayGuard } from './replay-guard.js'

/** Options of {@link openMemory}. */
export interface MemoryOptions extends RetentionOptions {
  /** When deletions and claims may be forgotten; the machine's clock by default. */
  clock?: Clock
}

/**
 * Stores in this process's memory, for tests, trials, and services that get their configuration anew at each start.
 * They keep the ports' contracts except that nothing survives the process.
 */
export function openMemory(options: MemoryOptions = {}): Storage {
  const clock = options.clock ?? systemClock
  const retention = fillRetention(options)
  const config = guardConfigStore(createMemoryConfigStore(clock, retention.keepDeletionsMs))
  const replay = guardReplayGuard(createMemoryReplayGuard(clock, retention.claimGraceMs))
  const audit = guardAuditSink(createMemoryAuditSink())
  return {
    config,
    replay,
    audit,
    async close() {
      await Promise.all([config.close(), replay.close(), audit.close()])
    },
  }
}
