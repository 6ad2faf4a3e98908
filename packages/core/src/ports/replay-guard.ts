/**
 * Remembers what was used once, for all nodes that share it.
 *
 * Contract:
 * - Of any number of concurrent claims of one id, from any process, exactly one gets `true`.
 * - A claim holds at least until `expiresAt` and survives the death of the process; afterwards the id may be
 *   forgotten, so users must refuse by themselves what is older.
 * - Forgetting happens as a matter of course: the store does not grow without bound.
 * - A guard that cannot be reached gives STORE_UNAVAILABLE: neither claimed nor free.
 * - An id is 1 to 512 characters; any other is refused with STORE_ARGUMENT.
 */
export interface ReplayGuard {
  /**
   * Claims an id.
   * @param id what may be used once
   * @param expiresAt milliseconds since 1970-01-01T00:00:00Z
   * @returns true for the one who was first
   */
  claim(id: string, expiresAt: number): Promise<boolean>
  /** Frees what the guard holds. May be called again. */
  close(): Promise<void>
}
