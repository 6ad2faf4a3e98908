/**
 * Remembers what was used once, for all nodes that share it.
 *
 * Contract:
 * - Of any number of concurrent claims of one id, from any process, exactly one gets `true`. Also a claim that has
 *   expired already follows this rule as long as the id is not forgotten.
 * - A claim holds at least until `expiresAt`, that millisecond included, and survives the death of the process;
 *   afterwards the id may be forgotten, so users must refuse by themselves what is older. A guard that nodes with
 *   clocks of their own share forgets later, by at least the difference that their clocks may have.
 * - Forgetting happens as a matter of course: the store does not grow without bound.
 * - A guard that cannot be reached gives STORE_UNAVAILABLE: neither claimed nor free. The id may have been claimed.
 * - An id is 1 to 512 UTF-16 code units of any kind, and ids differ when one of these does; `expiresAt` is a safe
 *   integer from 0 on. Anything else is refused with STORE_ARGUMENT, by {@link guardReplayGuard} for every adapter
 *   alike.
 * - After `close` every call gives STORE_CLOSED; calls that were made before are carried out.
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
