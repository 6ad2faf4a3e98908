import type { Kysely, Transaction } from 'kysely'
import type { Schema } from './schema.js'

/** A transaction that changes something. */
export type WriteTransaction = Transaction<Schema>

/**
 * What the queries need of a database; everything that differs between databases is behind it. Errors of the
 * database come out as TrustholdError: STORE_UNAVAILABLE, STORE_CORRUPT, STORE_CLOSED.
 */
export interface SqlEngine {
  /** One query that sees one state of the store. */
  query<T>(operation: string, run: (db: Kysely<Schema>) => Promise<T>): Promise<T>
  /** Several queries that see one state of the store. */
  snapshot<T>(operation: string, run: (db: Transaction<Schema>) => Promise<T>): Promise<T>
  /**
   * A transaction that is durable when the promise is fulfilled. Only one runs at a time, over all processes. It may
   * be run again when it could not be committed, so it must not have effects elsewhere.
   */
  write<T>(operation: string, run: (db: WriteTransaction) => Promise<T>): Promise<T>
  /**
   * Calls `changed` some time after another process changed something; it may call it without cause.
   * @returns stops it
   */
  watchOthers(changed: () => void): () => void
  /** Waits for what runs, then frees everything. */
  close(): Promise<void>
}
