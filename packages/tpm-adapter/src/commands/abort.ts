import { TrustholdError } from '@trusthold/core/errors'
import type { CommandRunner } from './run-command.js'

function aborted(): TrustholdError {
  return new TrustholdError('TRANSPORT_ABORTED', { endpoint: 'TPM' })
}

/** @throws TRANSPORT_ABORTED when the caller gave up already */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted()
}

/** Waits for work, or until the caller gives up; the work goes on then. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(aborted())
    signal.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
    if (signal.aborted) giveUp()
  })
}

/** Gives up all commands of a runner with one signal; TPM2_FlushContext is always carried out. */
export function withSignal(runner: CommandRunner, signal: AbortSignal | undefined): CommandRunner {
  if (signal === undefined) return runner
  return { run: (command, input) => runner.run(command, { signal, ...input }) }
}
