import { createHash } from 'node:crypto'

/** A record as it was stored. */
export interface AuditRecord {
  /** 1 for the first record, without gaps. */
  readonly sequence: number
  /** The record's content, as it was appended. */
  readonly content: Uint8Array
  /** {@link chainAudit} of the record before (32 zero bytes for the first), the sequence number and the content. */
  readonly hash: Uint8Array
}

/**
 * Where decisions are recorded. Records form one hash chain, so that a missing or altered one shows.
 *
 * Contract:
 * - `append` is atomic and durable; concurrent appends, from any process, get different, gapless sequence numbers and
 *   one chain. Content has at most 64 KiB, otherwise STORE_ARGUMENT.
 * - `read` returns records in order, at most `limit` (1 to 1,000) of them.
 * - No method changes or deletes a record.
 * - A sink that cannot be reached gives STORE_UNAVAILABLE.
 */
export interface AuditSink {
  append(content: Uint8Array): Promise<AuditRecord>
  /** Records from sequence number `from` on. */
  read(from: number, limit: number): Promise<readonly AuditRecord[]>
  /** Frees what the sink holds. May be called again. */
  close(): Promise<void>
}

/** What the chain starts from. */
export const auditChainStart: Uint8Array = new Uint8Array(32)

/**
 * The hash that links a record to the one before: SHA-256 over the previous hash (32 bytes), the sequence number
 * (8 bytes, big-endian) and the content.
 */
export function chainAudit(previous: Uint8Array, sequence: number, content: Uint8Array): Uint8Array {
  const number = new Uint8Array(8)
  new DataView(number.buffer).setBigUint64(0, BigInt(sequence))
  return new Uint8Array(createHash('sha256').update(previous).update(number).update(content).digest())
}
