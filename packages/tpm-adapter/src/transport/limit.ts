import { TrustholdError } from '@trusthold/core/errors'

/** What a transport does at a time. */
export type Phase = 'connect' | 'write' | 'read'

/** What ends waiting. */
export interface Limits {
  /** Where the TPM is, for errors. */
  endpoint: string
  /** The caller's, to give up. */
  signal: AbortSignal | undefined
  /** The transport's, when it is closed. */
  closing: AbortSignal
  /** Time left, and what it is spent on when it ends. */
  time?: { milliseconds: number; phase: () => Phase }
}

/**
 * Waits for work no longer than time, caller and transport allow. The work itself goes on; whoever started it has to
 * drop what it works on.
 * @throws TRANSPORT_TIMEOUT, TRANSPORT_ABORTED, TRANSPORT_CLOSED
 */
export function limit<T>(work: Promise<T>, { endpoint, signal, closing, time }: Limits): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(new TrustholdError('TRANSPORT_ABORTED', { endpoint }))
    const onClose = (): void => reject(new TrustholdError('TRANSPORT_CLOSED', { endpoint }))
    const onTimeout = ({ milliseconds, phase }: NonNullable<Limits['time']>): void =>
      reject(new TrustholdError('TRANSPORT_TIMEOUT', { endpoint, phase: phase(), milliseconds }))
    const timer = time && setTimeout(onTimeout, time.milliseconds, time)
    signal?.addEventListener('abort', onAbort, { once: true })
    closing.addEventListener('abort', onClose, { once: true })
    const settle = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      closing.removeEventListener('abort', onClose)
    }
    if (closing.aborted) onClose()
    else if (signal?.aborted) onAbort()
    work.then(resolve, reject).finally(settle)
  })
}
