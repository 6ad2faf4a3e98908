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

/** A store's life from opening to `close`. */
interface Lifetime {
  assertOpen(operation: string): void
  /** Runs a call, unless the store was closed. */
  call<T>(operation: string, run: () => Promise<T>): Promise<T>
  /** Refuses new calls, waits for those that run, and ends the store; once, however often it is called. */
  close(): Promise<void>
}

function startLifetime(end: () => Promise<void>): Lifetime {
  let running = 0
  let ended: Promise<void> | undefined
  let becomeIdle: () => void = () => undefined

  function assertOpen(operation: string): void {
    if (ended !== undefined) throw new TrustholdError('STORE_CLOSED', { operation })
  }

  async function endWhenIdle(): Promise<void> {
    if (running > 0) {
      await new Promise<void>((resolve) => {
        becomeIdle = resolve
      })
    }
    await end()
  }

  return {
    assertOpen,
    async call(operation, run) {
      assertOpen(operation)
      running += 1
      try {
        return await run()
      } finally {
        running -= 1
        if (running === 0) becomeIdle()
      }
    },
    close() {
      ended ??= endWhenIdle()
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
 * Puts what the contract asks for and what needs no store in front of one: checks of the arguments, a copy of the
 * value that is passed in, the refusal of calls after `close`, and a `close` that waits for running calls. Every
 * adapter is wrapped in it, so that all refuse alike.
 * @param store takes over the arrays that it gets
 */
export function guardConfigStore(store: ConfigStore): ConfigStore {
  const lifetime = startLifetime(() => store.close())
  return {
    get: (key) =>
      lifetime.call('get', () => {
        assertConfigKey(key)
        return store.get(key)
      }),
    put: (key, value, options) =>
      lifetime.call('put', () => {
        assertConfigKey(key)
        assertConfigValue(value)
        assertCondition(options)
        return store.put(key, new Uint8Array(value), options)
      }),
    delete: (key, options) =>
      lifetime.call('delete', () => {
        assertConfigKey(key)
        assertCondition(options)
        return store.delete(key, options)
      }),
    list: (prefix, options) =>
      lifetime.call('list', () => {
        assertConfigPrefix(prefix)
        if (options?.limit !== undefined) assertLimit(options.limit)
        return store.list(prefix, options)
      }),
    watch(prefix, options) {
      lifetime.assertOpen('watch')
      assertConfigPrefix(prefix)
      assertRevision('after', options.after)
      return store.watch(prefix, options)
    },
    close: () => lifetime.close(),
  }
}

/** As {@link guardConfigStore}, for a replay guard. */
export function guardReplayGuard(guard: ReplayGuard): ReplayGuard {
  const lifetime = startLifetime(() => guard.close())
  return {
    claim: (id, expiresAt) =>
      lifetime.call('claim', () => {
        assertReplayClaim(id, expiresAt)
        return guard.claim(id, expiresAt)
      }),
    close: () => lifetime.close(),
  }
}

/** As {@link guardConfigStore}, for an audit sink. */
export function guardAuditSink(sink: AuditSink): AuditSink {
  const lifetime = startLifetime(() => sink.close())
  return {
    append: (content) =>
      lifetime.call('append', () => {
        assertAuditContent(content)
        return sink.append(new Uint8Array(content))
      }),
    read: (from, limit) =>
      lifetime.call('read', () => {
        assertAuditSequence(from)
        assertLimit(limit)
        return sink.read(from, limit)
      }),
    close: () => lifetime.close(),
  }
}
