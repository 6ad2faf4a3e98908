/** Ends something that takes too long. */
export interface WaitingTime<W extends string> {
  /** Allows the time for this, unless that is what is waited for already. */
  allow(what: W): void
  /** Allows the time for this from now on. */
  restart(what: W): void
  stop(): void
}

/**
 * Makes a waiting time that allows nothing yet.
 * @param milliseconds how long each takes at most
 */
export function createWaitingTime<W extends string>(
  milliseconds: Readonly<Record<W, number>>,
  onEnd: () => void,
): WaitingTime<W> {
  let timer: NodeJS.Timeout | undefined
  let waited: W | undefined
  const restart = (what: W): void => {
    clearTimeout(timer)
    waited = what
    timer = setTimeout(onEnd, milliseconds[what])
  }
  return {
    restart,
    allow(what) {
      if (waited !== what) restart(what)
    },
    stop: () => clearTimeout(timer),
  }
}
