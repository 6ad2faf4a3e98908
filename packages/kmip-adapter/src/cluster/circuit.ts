import type { Clock, RandomSource } from '@trusthold/core/ports'

/**
 * What is known of a server from the last calls: `closed`, it works; `open`, it failed a moment ago; `half-open`, it
 * failed and may be tried again.
 */
export type CircuitState = 'closed' | 'open' | 'half-open'

/**
 * Remembers whether a server works, so that calls go to those that do first. It refuses nothing: when no server works,
 * all are tried.
 */
export interface Circuit {
  readonly state: CircuitState
  /** When it last failed, in milliseconds since 1970; only unless closed. */
  readonly failedAt: number | undefined
  /** What went wrong last, also after the circuit closed again. */
  readonly lastError: unknown
  /** The server answered. */
  succeed(): void
  /** The server could not be used. What fails while the circuit is open, such as calls that ran already, counts once. */
  fail(error: unknown): void
  /** Claims the one trial of a half-open circuit; who gets true has to let it succeed, fail, or be given back. */
  claimTrial(): boolean
  /** Gives a trial back that came to no end. */
  returnTrial(): void
}

/** What a {@link Circuit} needs. */
export interface CircuitOptions {
  readonly clock: Clock
  readonly random: RandomSource
}

/** Milliseconds: the pause after the first failure doubles with each further one. */
const pause = { first: 1_000, longest: 60_000 }

/** Takes up to half of a pause away, so that many clients do not come back at once. */
function jitter(milliseconds: number, random: RandomSource): number {
  const [byte = 0] = random.bytes(1)
  return milliseconds * (1 - byte / 512)
}

/** Makes the circuit of a server that nothing is known of. */
export function createCircuit({ clock, random }: CircuitOptions): Circuit {
  let failures = 0
  let failedAt = 0
  let pauseMilliseconds = 0
  let lastError: unknown
  let claimed = false

  const state = (): CircuitState => {
    if (failures === 0) return 'closed'
    const passed = clock.now() - failedAt
    // A clock that was set back must not keep a server away for longer.
    return passed >= 0 && passed < pauseMilliseconds ? 'open' : 'half-open'
  }

  return {
    get state() {
      return state()
    },
    get failedAt() {
      return failures === 0 ? undefined : failedAt
    },
    get lastError() {
      return lastError
    },
    succeed() {
      failures = 0
      claimed = false
    },
    fail(error) {
      claimed = false
      if (state() === 'open') return
      lastError = error
      failures++
      failedAt = clock.now()
      pauseMilliseconds = jitter(Math.min(pause.first * 2 ** (failures - 1), pause.longest), random)
    },
    claimTrial() {
      if (claimed || state() !== 'half-open') return false
      claimed = true
      return true
    },
    returnTrial() {
      claimed = false
    },
  }
}
