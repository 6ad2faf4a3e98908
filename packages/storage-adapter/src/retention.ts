/** How long stores remember what is gone. */
export interface RetentionOptions {
  /**
   * Deletions are remembered at least so long, for watches that start or go on from an older revision; in
   * milliseconds, 24 hours by default. Later a watch from before fails with STORE_COMPACTED.
   */
  keepDeletionsMs?: number
  /**
   * Claims are remembered so long after they expired, in milliseconds, 5 minutes by default. At least the difference
   * that the clocks of those who share the store may have.
   */
  claimGraceMs?: number
}

/** {@link RetentionOptions} with the defaults filled in. */
export function fillRetention(options: RetentionOptions): Required<RetentionOptions> {
  return {
    keepDeletionsMs: options.keepDeletionsMs ?? 24 * 60 * 60 * 1000,
    claimGraceMs: options.claimGraceMs ?? 5 * 60 * 1000,
  }
}
