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
 *   one chain. Appends that one process makes one after the other, also without waiting, keep their order. Content has
 *   at most 64 KiB and may be empty; more gives STORE_ARGUMENT.
 * - `read` returns records in order, `limit` (1 to 1,000) of them, fewer only when the chain ends before. `from` is a
 *   safe integer from 1 on. Other numbers give STORE_ARGUMENT. A sink returns what is stored and leaves it to the
 *   reader to check the chain, so that also a damaged one can be examined.
 * - No method changes or deletes a record. Arrays that are passed in are neither kept nor changed; arrays that are
 *   returned belong to the caller.
 * - A sink that cannot be reached gives STORE_UNAVAILABLE; whether an append happened is then unknown.
 * - After `close` every call gives STORE_CLOSED; calls that were made before are carried out.
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
