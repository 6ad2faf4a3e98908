import { TrustholdError } from '../errors/index.js'
import type { AuditSink } from './audit-sink.js'
import type { ConfigPutOptions, ConfigStore } from './config-store.js'
import type { ReplayGuard } from './replay-guard.js'
import {
  assertAuditContent,
  assertAuditSequence,
  assertConfigKey,
  assertConfigPrefix,
  assertConfigValue,
  assertLimit,
  assertReplayClaim,
  assertRevision,
} from './store-arguments.js'

interface Lifetime {
  assertOpen(operation: string): void
  close(): Promise<void>
}

function startLifetime(end: () => Promise<void>): Lifetime {
  let ended: Promise<void> | undefined
  return {
    assertOpen(operation) {
      if (ended !== undefined) throw new TrustholdError('STORE_CLOSED', { operation })
    },
    close() {
      ended ??= end()
      return ended
    },
  }
}

// `ifRevision: undefined` would silently write without a condition, so it is refused like any other wrong value.
function assertCondition(options: ConfigPutOptions | undefined): void {
  if (options !== undefined && 'ifRevision' in options) {
    assertRevision('ifRevision', options.ifRevision as bigint)
  }
}

/**
 * Puts the checks of the contract that need no store in front of one: arguments, a copy of the value that is passed
 * in, and what happens after `close`. Every adapter is wrapped in it, so that all refuse alike.
 * @param store takes over the arrays that it gets
 */
export function guardConfigStore(store: ConfigStore): ConfigStore {
  const lifetime = startLifetime(() => store.close())
  return {
    async get(key) {
      lifetime.assertOpen('get')
      assertConfigKey(key)
      return store.get(key)
    },
    async put(key, value, options) {
      lifetime.assertOpen('put')
      assertConfigKey(key)
      assertConfigValue(value)
      assertCondition(options)
      return store.put(key, new Uint8Array(value), options)
    },
    async delete(key, options) {
      lifetime.assertOpen('delete')
      assertConfigKey(key)
      assertCondition(options)
      return store.delete(key, options)
    },
    async list(prefix, options) {
      lifetime.assertOpen('list')
      assertConfigPrefix(prefix)
      if (options?.limit !== undefined) assertLimit(options.limit)
      return store.list(prefix, options)
    },
    watch(prefix, options) {
      lifetime.assertOpen('watch')
      assertConfigPrefix(prefix)
      assertRevision('after', options.after)
      return store.watch(prefix, options)
    },
    close: lifetime.close,
  }
}

/** As {@link guardConfigStore}, for a replay guard. */
export function guardReplayGuard(guard: ReplayGuard): ReplayGuard {
  const lifetime = startLifetime(() => guard.close())
  return {
    async claim(id, expiresAt) {
      lifetime.assertOpen('claim')
      assertReplayClaim(id, expiresAt)
      return guard.claim(id, expiresAt)
    },
    close: lifetime.close,
  }
}

/** As {@link guardConfigStore}, for an audit sink. */
export function guardAuditSink(sink: AuditSink): AuditSink {
  const lifetime = startLifetime(() => sink.close())
  return {
    async append(content) {
      lifetime.assertOpen('append')
      assertAuditContent(content)
      return sink.append(new Uint8Array(content))
    },
    async read(from, limit) {
      lifetime.assertOpen('read')
      assertAuditSequence(from)
      assertLimit(limit)
      return sink.read(from, limit)
    },
    close: lifetime.close,
  }
}
