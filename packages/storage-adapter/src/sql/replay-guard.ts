import { createHash } from 'node:crypto'
import type { Clock, ReplayGuard } from '@trusthold/core/ports'
import type { WriteTransaction } from './engine.js'
import type { WriteQueue } from './write-queue.js'

/** Each claim removes up to so many that are over: more than it adds, so the table cannot grow without bound. */
const pruneCount = 4

function digestId(id: string): Uint8Array {
  // UTF-16, because UTF-8 would make different ids with lone surrogates the same.
  return createHash('sha256').update(id, 'utf16le').digest()
}

async function prune(db: WriteTransaction, now: bigint): Promise<void> {
  const over = db.selectFrom('claims').select('id_digest').where('held_until', '<', now).limit(pruneCount)
  await db.deleteFrom('claims').where('id_digest', 'in', over).execute()
}

/** A replay guard over SQL, without the checks of `guardReplayGuard`. */
export function createSqlReplayGuard(queue: WriteQueue, clock: Clock, claimGraceMs: number): ReplayGuard {
  return {
    claim: (id, expiresAt) =>
      queue.write(64, async (db) => {
        const now = clock.now()
        const heldUntil = BigInt(Math.max(expiresAt, now) + claimGraceMs)
        // One statement decides: it inserts, or takes over a claim that is over, or touches nothing.
        const result = await db
          .insertInto('claims')
          .values({ id_digest: digestId(id), held_until: heldUntil })
          .onConflict((conflict) =>
            conflict
              .column('id_digest')
              .doUpdateSet({ held_until: heldUntil })
              .where('claims.held_until', '<', BigInt(now)),
          )
          .executeTakeFirstOrThrow()
        await prune(db, BigInt(now))
        return result.numInsertedOrUpdatedRows === 1n
      }),
    close: async () => undefined,
  }
}
