import { findFirst } from './sorted-keys.js'

/** What is known of a key: its value, or that it was deleted. */
export interface KeyState {
  readonly key: string
  /** Absent when the key was deleted. */
  readonly value?: Uint8Array
  readonly revision: bigint
  /** When it was written or deleted; milliseconds since 1970-01-01T00:00:00Z. */
  readonly at: number
}

/** Last states of all keys, by key and in order of their revisions. */
export interface ChangeLog {
  readonly revision: bigint
  /** Deletions up to this revision are forgotten. */
  readonly horizon: bigint
  state(key: string): KeyState | undefined
  /** Gives the key its next state and returns the revision. */
  record(key: string, value: Uint8Array | undefined, at: number): bigint
  /** States with a greater revision, ascending; superseded ones are left out. */
  after(revision: bigint): Iterable<KeyState>
  /** Forgets deletions from before a time. */
  forgetDeletions(before: number): void
}

/** Makes an empty log. */
export function createChangeLog(): ChangeLog {
  const states = new Map<string, KeyState>()
  let log: KeyState[] = []
  /** Oldest first. */
  const deletions: KeyState[] = []
  let revision = 0n
  let horizon = 0n
  const isCurrent = (state: KeyState) => states.get(state.key) === state

  return {
    get revision() {
      return revision
    },
    get horizon() {
      return horizon
    },
    state: (key) => states.get(key),
    record(key, value, at) {
      revision += 1n
      const state = value === undefined ? { key, revision, at } : { key, value, revision, at }
      states.set(key, state)
      log.push(state)
      if (value === undefined) deletions.push(state)
      // Superseded states stay in the log until they are the larger half of it.
      if (log.length > 2 * states.size + 64) log = log.filter(isCurrent)
      return revision
    },
    *after(position) {
      const seen = log
      for (
        let i = findFirst(seen.length, (at) => (seen[at] as KeyState).revision > position);
        i < seen.length;
        i++
      ) {
        const state = seen[i] as KeyState
        if (isCurrent(state)) yield state
      }
    },
    forgetDeletions(before) {
      let forgotten = 0
      for (const state of deletions) {
        if (state.at >= before) break
        forgotten += 1
        if (!isCurrent(state)) continue
        states.delete(state.key)
        if (state.revision > horizon) horizon = state.revision
      }
      if (forgotten > 0) deletions.splice(0, forgotten)
    },
  }
}
