import { TrustholdError } from '@trusthold/core/errors'
import type { Clock, ConfigChange, ConfigEntry, ConfigPutOptions, ConfigStore } from '@trusthold/core/ports'
import { assertPosition, type ChangeBatch, createChangeBell, watchChanges } from '../change-feed.js'
import { decodeCursor, encodeCursor } from '../cursor.js'
import { fitPage } from '../page-budget.js'
import { createChangeLog, type KeyState } from './change-log.js'
import { createSortedKeys } from './sorted-keys.js'

/** Most changes that a watch takes over at once. */
const batchLimit = 100

/** A configuration store in memory, without the checks of `guardConfigStore`. */
export function createMemoryConfigStore(clock: Clock, keepDeletionsMs: number): ConfigStore {
  const log = createChangeLog()
  const keys = createSortedKeys()
  const bell = createChangeBell()

  const entryOf = (key: string): ConfigEntry | undefined => {
    const state = log.state(key)
    return state?.value && { key, value: new Uint8Array(state.value), revision: state.revision }
  }

  function assertRevisionOf(key: string, { ifRevision }: ConfigPutOptions): void {
    const state = log.state(key)
    const actual = state?.value === undefined ? 0n : state.revision
    if (ifRevision !== undefined && ifRevision !== actual) {
      throw new TrustholdError('STORE_CONFLICT', { key, expected: `${ifRevision}`, actual: `${actual}` })
    }
  }

  function write(key: string, value: Uint8Array | undefined): bigint {
    const now = clock.now()
    const revision = log.record(key, value, now)
    if (value === undefined) keys.remove(key)
    else keys.add(key)
    log.forgetDeletions(now - keepDeletionsMs)
    bell.ring()
    return revision
  }

  function readChanges(prefix: string, after: bigint): ChangeBatch {
    assertPosition(after, log.revision, log.horizon)
    const found: KeyState[] = []
    for (const state of log.after(after)) {
      if (state.key.startsWith(prefix)) found.push(state)
      if (found.length > batchLimit) break
    }
    const taken = found.slice(
      0,
      fitPage(
        found.map((state) => state.value?.length ?? 0),
        batchLimit,
      ),
    )
    const more = taken.length < found.length
    return { changes: taken.map(changeOf), more, upTo: more ? lastRevision(taken) : log.revision }
  }

  return {
    get: async (key) => entryOf(key),
    async put(key, value, options = {}) {
      assertRevisionOf(key, options)
      return write(key, value)
    },
    async delete(key, options = {}) {
      assertRevisionOf(key, options)
      if (log.state(key)?.value === undefined) return false
      write(key, undefined)
      return true
    },
    async list(prefix, { limit = 100, cursor } = {}) {
      const place = cursor === undefined ? undefined : decodeCursor(cursor, prefix)
      const found = keys
        .from(place?.key ?? prefix, place === undefined, limit + 1)
        .filter((key) => key.startsWith(prefix))
      const size = fitPage(
        found.map((key) => log.state(key)?.value?.length ?? 0),
        limit,
      )
      const entries = found.slice(0, size).flatMap((key) => entryOf(key) ?? [])
      const revision = place?.revision ?? log.revision
      const last = entries.at(-1)
      if (last === undefined || found.length === size) return { entries, revision }
      return { entries, revision, cursor: encodeCursor({ revision, key: last.key }) }
    },
    watch: (prefix, { after, signal }) =>
      watchChanges(
        { bell, read: async (position) => readChanges(prefix, position), start: () => () => undefined },
        after,
        signal,
      ),
    async close() {
      bell.silence()
    },
  }
}

const lastRevision = (states: readonly KeyState[]): bigint => states.at(-1)?.revision ?? 0n

function changeOf({ key, value, revision }: KeyState): ConfigChange {
  return value === undefined
    ? { kind: 'delete', key, revision }
    : { kind: 'put', key, value: new Uint8Array(value), revision }
}
