import { setImmediate as nextTurn } from 'node:timers/promises'
import { type AuditRecord, type AuditSink, auditChainStart, chainAudit } from '@trusthold/core/ports'
import type { Selectable } from 'kysely'
import type { SqlEngine, WriteTransaction } from './engine.js'
import type { AuditTable } from './schema.js'
import type { WriteQueue } from './write-queue.js'

/** Records that are read in one go; at most 4 MiB. */
const readCount = 64

const recordOf = (row: Selectable<AuditTable>): AuditRecord => ({
  sequence: Number(row.sequence),
  content: row.content,
  hash: row.hash,
})

async function append(db: WriteTransaction, content: Uint8Array): Promise<AuditRecord> {
  const last = await db
    .selectFrom('audit')
    .select(['sequence', 'hash'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  const sequence = Number(last?.sequence ?? 0n) + 1
  const hash = chainAudit(last?.hash ?? auditChainStart, sequence, content)
  await db
    .insertInto('audit')
    .values({ sequence: BigInt(sequence), content, hash })
    .execute()
  return { sequence, content, hash }
}

/** An audit sink over SQL, without the checks of `guardAuditSink`. */
export function createSqlAuditSink(engine: SqlEngine, queue: WriteQueue): AuditSink {
  const readSome = (from: number, count: number) =>
    engine.query('read the audit log', async (db) => {
      const rows = await db
        .selectFrom('audit')
        .selectAll()
        .where('sequence', '>=', BigInt(from))
        .orderBy('sequence')
        .limit(count)
        .execute()
      return rows.map(recordOf)
    })

  return {
    append: (content) => queue.write(content.length + 64, (db) => append(db, content)),
    async read(from, limit) {
      const records: AuditRecord[] = []
      // Records never change, so several small reads are as good as one, and leave the event loop its turns.
      for (let next = from; records.length < limit; await nextTurn()) {
        const some = await readSome(next, Math.min(readCount, limit - records.length))
        records.push(...some)
        if (some.length < readCount) break
        next = (some.at(-1)?.sequence ?? next) + 1
      }
      return records
    },
    close: async () => undefined,
  }
}
