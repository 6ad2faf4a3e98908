import { type AuditRecord, type AuditSink, auditChainStart, chainAudit } from '@trusthold/core/ports'

const copyRecord = ({ sequence, content, hash }: AuditRecord): AuditRecord => ({
  sequence,
  content: new Uint8Array(content),
  hash: new Uint8Array(hash),
})

/** An audit sink in memory, without the checks of `guardAuditSink`. */
export function createMemoryAuditSink(): AuditSink {
  const records: AuditRecord[] = []
  return {
    async append(content) {
      const sequence = records.length + 1
      const record = {
        sequence,
        content,
        hash: chainAudit(records.at(-1)?.hash ?? auditChainStart, sequence, content),
      }
      records.push(record)
      return copyRecord(record)
    },
    async read(from, limit) {
      return records.slice(from - 1, from - 1 + limit).map(copyRecord)
    },
    async close() {
      records.length = 0
    },
  }
}
