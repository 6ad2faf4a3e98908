/** A stored value and the revision at which it was written. */
export interface ConfigEntry {
  readonly key: string
  readonly value: Uint8Array
  /** Revision of the store at which this value was written; greater for every later write to any key. */
  readonly revision: bigint
}

/** One page of a listing. */
export interface ConfigPage {
  /** Entries in ascending order of their keys' UTF-8 bytes. */
  readonly entries: readonly ConfigEntry[]
  /** Pass it to the next call; absent on the last page. */
  readonly cursor?: string
  /**
   * The store's revision when the first page was read. A watch from here misses nothing: what changed while later
   * pages were read is reported again.
   */
  readonly revision: bigint
}

/** A write or a deletion. */
export type ConfigChange =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array; readonly revision: bigint }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: bigint }

/** Options of {@link ConfigStore.put}. */
export interface ConfigPutOptions {
  /** Write only if the key has this revision; `0n` means: only if the key does not exist. */
  ifRevision?: bigint
}

/** Options of {@link ConfigStore.list}. */
export interface ConfigListOptions {
  /** At most this many entries in a page, 1 to 1,000; 100 by default. */
  limit?: number
  /** From the page before. */
  cursor?: string
}

/** Options of {@link ConfigStore.watch}. */
export interface ConfigWatchOptions {
  /** Report changes with a greater revision than this. */
  after: bigint
  /** Ends the iteration without an error. */
  signal?: AbortSignal
}

/**
 * Where a service keeps its configuration. Several nodes may share one store.
 *
 * Contract:
 * - A key is 1 to 512 characters of `A-Z a-z 0-9 . _ ~ % / -`, without empty, `.` or `..` segments between slashes;
 *   anything else is refused with STORE_ARGUMENT. A value has at most 16 MiB. Keys differ when their bytes do.
 * - `put` and `delete` are atomic and durable: once the promise is fulfilled, the change survives the death of the
 *   process. They either happen as a whole or not at all.
 * - A revision that is not the expected one gives STORE_CONFLICT and changes nothing; of any number of concurrent
 *   conditional writers exactly one wins.
 * - Arrays that are passed in are neither kept nor changed; arrays that are returned belong to the caller.
 * - A store that cannot be reached gives STORE_UNAVAILABLE, never an empty answer. After `close` every call gives
 *   STORE_CLOSED, and running watches end.
 */
export interface ConfigStore {
  /** The entry, or undefined when there is none. */
  get(key: string): Promise<ConfigEntry | undefined>
  /** Writes a value and returns its new revision. */
  put(key: string, value: Uint8Array, options?: ConfigPutOptions): Promise<bigint>
  /** Deletes a key; false when there was none. `ifRevision` as for {@link ConfigStore.put}. */
  delete(key: string, options?: ConfigPutOptions): Promise<boolean>
  /** Entries whose keys start with the prefix; the empty prefix lists all. */
  list(prefix: string, options?: ConfigListOptions): Promise<ConfigPage>
  /**
   * Changes to keys that start with the prefix, by any process, in order of their revisions, from `after` on and
   * without end. Several changes of one key between two reports may be reported as the last one only.
   */
  watch(prefix: string, options: ConfigWatchOptions): AsyncIterable<ConfigChange>
  /** Ends running watches and frees what the store holds. May be called again. */
  close(): Promise<void>
}
