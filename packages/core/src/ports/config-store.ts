/** A stored value and the revision at which it was written. */
export interface ConfigEntry {
  readonly key: string
  readonly value: Uint8Array
  /** Revision of the store at which this value was written; greater for every later write to any key. */
  readonly revision: bigint
}

/** One page of a listing. */
export interface ConfigPage {
  /**
   * Entries in ascending order of their keys' UTF-8 bytes. There may be fewer than the limit although more follow:
   * a store ends a page early when its values are large. Only the absence of a cursor marks the end.
   */
  readonly entries: readonly ConfigEntry[]
  /** Pass it, with the same prefix, to the next call; absent on the last page. */
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
  /** From the page before. One that is not of a page of this prefix is refused with STORE_ARGUMENT. */
  cursor?: string
}

/** Options of {@link ConfigStore.watch}. */
export interface ConfigWatchOptions {
  /**
   * Report changes with a greater revision than this. `0n` reports all that is there, then what changes. A revision
   * that the store has not reached, as after a restored backup, gives STORE_ARGUMENT.
   */
  after: bigint
  /** Ends the iteration without an error. */
  signal?: AbortSignal
}

/**
 * Where a service keeps its configuration. Several nodes may share one store.
 *
 * Contract:
 * - A key is 1 to 512 characters of `A-Z a-z 0-9 . _ ~ % / -`, without empty, `.` or `..` segments between slashes;
 *   anything else is refused with STORE_ARGUMENT. So is a prefix that no key can start with. A value has at most
 *   16 MiB and may be empty. Keys differ when their bytes do. {@link guardConfigStore} does these checks for every
 *   adapter alike.
 * - Revisions count the writes and deletions of the whole store: each gets a greater one than all before it, also
 *   after the store was closed and opened again. A key that was deleted has revision `0n`.
 * - `put` and `delete` are atomic and durable: once the promise is fulfilled, the change survives the death of the
 *   process. They either happen as a whole or not at all. When the promise is rejected with STORE_UNAVAILABLE, the
 *   change may have happened or not.
 * - A revision that is not the expected one gives STORE_CONFLICT and changes nothing; of any number of concurrent
 *   conditional writers exactly one wins.
 * - Arrays that are passed in are neither kept nor changed, and may be changed by the caller as soon as the call
 *   returned its promise; arrays that are returned belong to the caller.
 * - A store that cannot be reached gives STORE_UNAVAILABLE, never an empty answer; stored bytes that are damaged give
 *   STORE_CORRUPT. After `close` every call gives STORE_CLOSED, and running watches end. Calls that were made before
 *   are carried out.
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
   * without end. Several changes of one key between two reports may be reported as the last one only. Each iteration
   * starts at `after`.
   *
   * A store need not remember deletions for ever. When it forgot one that a watch would have to report, the iteration
   * fails with STORE_COMPACTED: list again, and watch from there. (`after: 0n` never does at its start: who knows of
   * no key needs no deletion.) Wrong arguments and a closed store throw from this call itself.
   */
  watch(prefix: string, options: ConfigWatchOptions): AsyncIterable<ConfigChange>
  /** Ends running watches and frees what the store holds. May be called again. */
  close(): Promise<void>
}
