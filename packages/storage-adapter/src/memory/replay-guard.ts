import type { Clock, ReplayGuard } from '@trusthold/core/ports'

/** Sweeping fewer claims than this is not worth while. */
const smallestSweep = 1024

/**
 * A replay guard in memory, without the checks of `guardReplayGuard`.
 * @param heldUntil where claims are kept
 */
export function createMemoryReplayGuard(
  clock: Clock,
  claimGraceMs: number,
  heldUntil = new Map<string, number>(),
): ReplayGuard {
  let sweepAt = smallestSweep

  // Sweeping whenever the number of claims has doubled costs each claim a constant share and bounds the memory.
  function sweep(now: number): void {
    for (const [id, until] of heldUntil) if (until < now) heldUntil.delete(id)
    sweepAt = Math.max(smallestSweep, 2 * heldUntil.size)
  }

  return {
    async claim(id, expiresAt) {
      const now = clock.now()
      if ((heldUntil.get(id) ?? -1) >= now) return false
      if (heldUntil.size >= sweepAt) sweep(now)
      heldUntil.set(id, Math.max(expiresAt, now) + claimGraceMs)
      return true
    },
    async close() {
      heldUntil.clear()
    },
  }
}
