import { isTrustholdError } from '../errors/index.js'
import type { Attested } from './attest.js'
import type { TrustedHost } from './trusted-host.js'

/** Options of {@link keepFresh}. */
export interface KeepFreshOptions {
  /** Ends the work; the promise is then fulfilled. */
  signal: AbortSignal
  /** Called after every attestation. */
  onAttested?: (attested: Attested) => void
  /** Called after every attempt that failed, with the milliseconds until the next one. */
  onFailure?: (error: unknown, retryInMs: number) => void
  /** Milliseconds between attestations; two thirds of a token's default lifetime (400,000) by default. */
  intervalMs?: number
}

const firstRetryMs = 1_000
const longestRetryMs = 60_000

/**
 * Attests again and again, so that there is always a fresh token, and a change of the machine's state shows. After a
 * failure it tries again, at first after a second, then more and more slowly; a refusal is no reason to stop, as an
 * administrator may approve what booted.
 */
export async function keepFresh(host: TrustedHost, options: KeepFreshOptions): Promise<void> {
  const { signal, intervalMs = 400_000 } = options
  let retryMs = firstRetryMs
  while (!signal.aborted) {
    try {
      options.onAttested?.(await host.attest({ signal }))
      retryMs = firstRetryMs
      await pause(intervalMs, signal)
    } catch (error) {
      if (isTrustholdError(error, 'TRANSPORT_ABORTED') && signal.aborted) return
      options.onFailure?.(error, retryMs)
      await pause(retryMs, signal)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done, { once: true })
  })
}
