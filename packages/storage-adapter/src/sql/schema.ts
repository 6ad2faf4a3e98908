/**
 * The tables that all SQL stores share. Integers are 64 bits and come and go as bigint; times are milliseconds since
 * 1970-01-01T00:00:00Z.
 */
export interface Schema {
  counters: CounterTable
  config: ConfigTable
  claims: ClaimTable
  audit: AuditTable
}

/** Numbers of the store as a whole. */
export interface CounterTable {
  /**
   * `schema`: migrations that were carried out. `revision`: of the configuration's last change. `horizon`: deletions
   * up to this revision are forgotten.
   */
  name: 'schema' | 'revision' | 'horizon'
  value: bigint
}

/** The last state of each configuration key. */
export interface ConfigTable {
  key: string
  /** Null when the key was deleted. */
  value: Uint8Array | null
  /** At which the key was written or deleted; unique. */
  revision: bigint
  /** When it was written or deleted. */
  changed_at: bigint
  /** {@link digestEntry} */
  digest: Uint8Array
}

/** Ids that were claimed. */
export interface ClaimTable {
  /** SHA-256 of the id: of one length and valid in every database, whatever characters the id has. */
  id_digest: Uint8Array
  /** The claim holds up to and including this time. */
  held_until: bigint
}

/** The hash chain; see `AuditRecord`. */
export interface AuditTable {
  sequence: bigint
  content: Uint8Array
  hash: Uint8Array
}
