import { TrustholdError } from '@trusthold/core/errors'
import type { ConfigChange } from '@trusthold/core/ports'

/** What one look at the store finds. */
export interface ChangeBatch {
  /** In order of their revisions. */
  readonly changes: readonly ConfigChange[]
  /** Everything up to this revision is reported with this batch. */
  readonly upTo: bigint
  /** More is there already. */
  readonly more: boolean
}

/** Tells those who wait that something may have changed. */
export interface ChangeBell {
  /** Wakes everyone. */
  ring(): void
  /** Ends all watching, now and from now on. */
  silence(): void
  silenced(): boolean
  /** Rings that there were so far. Take it before looking, so that no ring is lost between looking and waiting. */
  rings(): number
  /** Resolves after a ring that came after `seen`, or when there is nothing more to wait for. */
  wait(seen: number, signal: AbortSignal): Promise<void>
}

/** Makes a bell. */
export function createChangeBell(): ChangeBell {
  const waiting = new Set<() => void>()
  let count = 0
  let silent = false
  const wakeAll = () => {
    for (const wake of [...waiting]) wake()
  }
  return {
    ring() {
      count += 1
      wakeAll()
    },
    silence() {
      silent = true
      wakeAll()
    },
    silenced: () => silent,
    rings: () => count,
    async wait(seen, signal) {
      if (count === seen && !silent && !signal.aborted) await nextWake(waiting, signal)
    },
  }
}

function nextWake(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      waiting.delete(wake)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    waiting.add(wake)
    signal.addEventListener('abort', wake)
  })
}

/** What {@link watchChanges} needs. */
export interface ChangeFeed {
  readonly bell: ChangeBell
  /** Looks for changes after a revision. */
  read(after: bigint): Promise<ChangeBatch>
  /** Called when an iteration starts; what it returns is called when that ends. */
  start(): () => void
}

async function* follow(feed: ChangeFeed, after: bigint, signal: AbortSignal): AsyncGenerator<ConfigChange> {
  const ended = () => signal.aborted || feed.bell.silenced()
  const stop = feed.start()
  try {
    let position = after
    while (!ended()) {
      const seen = feed.bell.rings()
      const batch = await feed.read(position)
      for (const change of batch.changes) {
        if (ended()) return
        yield change
      }
      position = batch.upTo
      if (!batch.more) await feed.bell.wait(seen, signal)
    }
  } catch (error) {
    // A look that fails because the store was closed meanwhile ends the watch like any other.
    if (!ended()) throw error
  } finally {
    stop()
  }
}

/**
 * Reports changes without end. Leaving the loop, the signal and the bell's silence end it without an error.
 * @param after reports what has a greater revision
 */
export function watchChanges(
  feed: ChangeFeed,
  after: bigint,
  signal: AbortSignal | undefined,
): AsyncIterable<ConfigChange> {
  return {
    [Symbol.asyncIterator]() {
      // `return` must also end a `next` that waits; a generator alone would queue it behind.
      const left = new AbortController()
      const ends = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal])
      const changes = follow(feed, after, ends)
      return {
        next: () => changes.next(),
        return() {
          left.abort()
          return changes.return(undefined)
        },
      }
    },
  }
}

/**
 * Refuses a position that the store cannot report from.
 * @param revision the store's revision
 * @param horizon deletions up to this revision are forgotten
 * @throws STORE_ARGUMENT, STORE_COMPACTED
 */
export function assertPosition(after: bigint, revision: bigint, horizon: bigint): void {
  if (after > revision) {
    throw new TrustholdError('STORE_ARGUMENT', {
      name: 'after',
      reason: `must be a revision of this store, which is at ${revision}`,
    })
  }
  if (after !== 0n && after < horizon) {
    throw new TrustholdError('STORE_COMPACTED', { after: `${after}`, horizon: `${horizon}` })
  }
}
