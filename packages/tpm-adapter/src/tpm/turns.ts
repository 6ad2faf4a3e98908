import { orAborted } from '../commands/abort.js'

/** Carries out one piece of work after the other. A caller that gives up does not wait for its turn to end. */
export type Turns = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>

/** Makes a queue: work starts when all that came before has ended, however it ended. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work, signal) => {
    const turn = last.then(work)
    // Who asked for the work hears how it ended; here it only counts that it did.
    last = turn.catch(() => undefined)
    return orAborted(turn, signal)
  }
}
