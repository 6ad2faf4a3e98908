import { TrustholdError } from '@trusthold/core/errors'
import type {
  Clock,
  ConfigChange,
  ConfigEntry,
  ConfigPage,
  ConfigPutOptions,
  ConfigStore,
} from '@trusthold/core/ports'
import { assertPosition, type ChangeBatch, createChangeBell, watchChanges } from '../change-feed.js'
import { decodeCursor, encodeCursor } from '../cursor.js'
import { fitPage } from '../page-budget.js'
import { type ChangeLog, createChangeLog, type KeyState } from './change-log.js'
import { createSortedKeys, type SortedKeys } from './sorted-keys.js'

/** Most changes that a watch takes over at once. */
const batchLimit = 100

function readEntry(log: ChangeLog, key: string): ConfigEntry | undefined {
  const state = log.state(key)
  return state?.value && { key, value: new Uint8Array(state.value), revision: state.revision }
}

function assertRevisionOf(log: ChangeLog, key: string, { ifRevision }: ConfigPutOptions): void {
  const actual = readEntry(log, key)?.revision ?? 0n
  if (ifRevision !== undefined && ifRevision !== actual) {
    throw new TrustholdError('STORE_CONFLICT', { key, expected: `${ifRevision}`, actual: `${actual}` })
  }
}

function readPage(
  log: ChangeLog,
  keys: SortedKeys,
  prefix: string,
  limit: number,
  cursor: string | undefined,
): ConfigPage {
  const place = cursor === undefined ? undefined : decodeCursor(cursor, prefix)
  const found = keys
    .from(place?.key ?? prefix, place === undefined, limit + 1)
    .filter((key) => key.startsWith(prefix))
  const sizes = found.map((key) => log.state(key)?.value?.length ?? 0)
  const entries = found.slice(0, fitPage(sizes, limit)).flatMap((key) => readEntry(log, key) ?? [])
  const revision = place?.revision ?? log.revision
  const last = entries.at(-1)
  if (last === undefined || entries.length === found.length) return { entries, revision }
  return { entries, revision, cursor: encodeCursor({ revision, key: last.key }) }
}

function toChange({ key, value, revision }: KeyState): ConfigChange {
  return value === undefined
    ? { kind: 'delete', key, revision }
    : { kind: 'put', key, value: new Uint8Array(value), revision }
}

function readChanges(log: ChangeLog, prefix: string, after: bigint): ChangeBatch {
  assertPosition(after, log.revision, log.horizon)
  const found: KeyState[] = []
  for (const state of log.after(after)) {
    if (state.key.startsWith(prefix)) found.push(state)
    if (found.length > batchLimit) break
  }
  const sizes = found.map((state) => state.value?.length ?? 0)
  const taken = found.slice(0, fitPage(sizes, batchLimit))
  const more = taken.length < found.length
  return { changes: taken.map(toChange), more, upTo: more ? (taken.at(-1)?.revision ?? after) : log.revision }
}

/** A configuration store in memory, without the checks of `guardConfigStore`. */
export function createMemoryConfigStore(clock: Clock, keepDeletionsMs: number): ConfigStore {
  const log = createChangeLog()
  const keys = createSortedKeys()
  const bell = createChangeBell()

  function write(key: string, value: Uint8Array | undefined): bigint {
    const now = clock.now()
    const revision = log.record(key, value, now)
    if (value === undefined) keys.remove(key)
    else keys.add(key)
    log.forgetDeletions(now - keepDeletionsMs)
    bell.ring()
    return revision
  }

  return {
    get: async (key) => readEntry(log, key),
    async put(key, value, options = {}) {
      assertRevisionOf(log, key, options)
      return write(key, value)
    },
    async delete(key, options = {}) {
      assertRevisionOf(log, key, options)
      if (log.state(key)?.value === undefined) return false
      write(key, undefined)
      return true
    },
    list: async (prefix, { limit = 100, cursor } = {}) => readPage(log, keys, prefix, limit, cursor),
    watch: (prefix, { after, signal }) =>
      watchChanges(
        { bell, read: async (position) => readChanges(log, prefix, position), start: () => () => undefined },
        after,
        signal,
      ),
    async close() {
      bell.silence()
    },
  }
}
