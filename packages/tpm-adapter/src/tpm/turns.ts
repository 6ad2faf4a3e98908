/** Carries out one piece of work after the other. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/** Makes a queue: work starts when all that came before has ended, however it ended. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
}
