import type { Clock, ConfigStore } from '@trusthold/core/ports'
import { createChangeBell, watchChanges } from '../change-feed.js'
import { decodeCursor } from '../cursor.js'
import { readChanges, readEntry, readPage } from './config-reads.js'
import { deleteEntry, forgetDeletions, putEntry } from './config-writes.js'
import type { SqlEngine } from './engine.js'
import type { WriteQueue } from './write-queue.js'

/** A configuration store over SQL, without the checks of `guardConfigStore`. */
export function createSqlConfigStore(
  engine: SqlEngine,
  queue: WriteQueue,
  clock: Clock,
  keepDeletionsMs: number,
): ConfigStore {
  const bell = createChangeBell()
  return {
    get: (key) => engine.query('get', (db) => readEntry(db, key)),
    async put(key, value, options = {}) {
      const revision = await queue.write(value.length + 256, (db) =>
        putEntry(db, key, value, options, clock.now()),
      )
      bell.ring()
      return revision
    },
    async delete(key, options = {}) {
      const deleted = await queue.write(256, async (db) => {
        const now = clock.now()
        const found = await deleteEntry(db, key, options, now)
        if (found) await forgetDeletions(db, now - keepDeletionsMs)
        return found
      })
      if (deleted) bell.ring()
      return deleted
    },
    async list(prefix, { limit = 100, cursor } = {}) {
      const place = cursor === undefined ? undefined : decodeCursor(cursor, prefix)
      return engine.snapshot('list', (db) => readPage(db, prefix, limit, place))
    },
    watch: (prefix, { after, signal }) =>
      watchChanges(
        {
          bell,
          read: (position) => engine.snapshot('watch', (db) => readChanges(db, prefix, position)),
          start: () => engine.watchOthers(() => bell.ring()),
        },
        after,
        signal,
      ),
    async close() {
      bell.silence()
    },
  }
}
