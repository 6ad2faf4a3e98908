import { isTrustholdError } from '../errors/index.js'
import { readTimes } from '../token/index.js'
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
  /** Milliseconds between attestations; by default two thirds of the token's lifetime, and 400,000 at most. */
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
  const { signal } = options
  let retryMs = firstRetryMs
  while (!signal.aborted) {
    const outcome = await attempt(host, signal)
    if ('attested' in outcome) {
      options.onAttested?.(outcome.attested)
      retryMs = firstRetryMs
      await pause(options.intervalMs ?? intervalFor(outcome.attested), signal)
    } else {
      if (isTrustholdError(outcome.error, 'TRANSPORT_ABORTED') && signal.aborted) return
      options.onFailure?.(outcome.error, retryMs)
      await pause(retryMs, signal)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    }
  }
}

async function attempt(
  host: TrustedHost,
  signal: AbortSignal,
): Promise<{ attested: Attested } | { error: unknown }> {
  try {
    return { attested: await host.attest({ signal }) }
  } catch (error) {
    return { error }
  }
}

const longestLifetimeMs = 600_000

/** Two thirds of the shortest lifetime among the tokens. */
function intervalFor({ documents }: Attested): number {
  const lifetimes = documents.map(({ token }) => {
    const { issuedAt, expiresAt } = readTimes(token)
    return expiresAt - issuedAt
  })
  return (Math.min(longestLifetimeMs, ...lifetimes) * 2) / 3
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
