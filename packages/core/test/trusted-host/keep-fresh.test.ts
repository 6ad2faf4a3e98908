import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { TrustholdError } from '../../src/errors/index.js'
import { type Attested, keepFresh, type TrustedHost } from '../../src/trusted-host/index.js'

const attested: Attested = { documents: [], checks: [], saved: new Uint8Array() }
const refused = new TrustholdError('ATTESTATION_REFUSED', { checks: [] })
let controller: AbortController
let outcomes: (() => Attested | Promise<Attested>)[]
let log: string[]
let done: boolean
let running: Promise<void>

const host = {
  attest: async () => {
    const outcome = outcomes.shift()
    return outcome === undefined ? attested : outcome()
  },
} as unknown as TrustedHost
const start = (intervalMs?: number) => {
  const from = Date.now()
  running = keepFresh(host, {
    signal: controller.signal,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    onAttested: () => log.push(`attested at ${Date.now() - from}`),
    onFailure: (_, retryInMs) => log.push(`failed at ${Date.now() - from}, again in ${retryInMs}`),
  }).then(() => {
    done = true
  })
}
const fail =
  (error: unknown = refused) =>
  () => {
    throw error
  }

beforeEach(() => {
  vi.useFakeTimers()
  controller = new AbortController()
  outcomes = []
  log = []
  done = false
})
afterEach(async () => {
  controller.abort()
  await running
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

it('attests at once and then in every interval', async () => {
  start(1_000)
  await vi.advanceTimersByTimeAsync(2_500)
  expect(log).toEqual(['attested at 0', 'attested at 1000', 'attested at 2000'])
})

it('attests every 400 seconds when nothing else is said', async () => {
  start()
  await vi.advanceTimersByTimeAsync(800_000)
  expect(log).toEqual(['attested at 0', 'attested at 400000', 'attested at 800000'])
})

it('tries again after failures, more and more slowly, and forgets them after a success', async () => {
  outcomes = [...Array.from({ length: 8 }, () => fail()), () => attested, fail(new Error('other'))]
  start(1_000)
  await vi.advanceTimersByTimeAsync(1_000 * (1 + 2 + 4 + 8 + 16 + 32 + 60 + 60) + 1_500)
  const waits = log.map((line) => / again in (\d+)/.exec(line)?.[1])
  expect(waits).toEqual([
    '1000',
    '2000',
    '4000',
    '8000',
    '16000',
    '32000',
    '60000',
    '60000',
    undefined,
    '1000',
  ])
})

it('ends at once when it is told to, in whichever pause it is', async () => {
  start()
  await vi.advanceTimersByTimeAsync(10)
  controller.abort()
  await running
  expect(log).toHaveLength(1)
})

it('ends at once when it is told to after a failure', async () => {
  outcomes = [fail()]
  start()
  await vi.advanceTimersByTimeAsync(10)
  controller.abort()
  await running
  expect(log).toHaveLength(1)
})

it('does nothing when it is told to end before it began', async () => {
  controller.abort()
  start()
  await running
  expect(log).toEqual([])
})

it.each<[string, () => Attested]>([
  ['succeeds nevertheless', () => attested],
  ['is aborted', fail(new TrustholdError('TRANSPORT_ABORTED', { endpoint: 'x' }))],
  ['fails for another reason', fail()],
])('ends at once when it is told to during an attestation that %s', async (_, outcome) => {
  outcomes = [
    () => {
      controller.abort()
      return outcome()
    },
  ]
  start()
  await vi.advanceTimersByTimeAsync(0)
  expect(done).toBe(true)
})

it('takes an abort that is not its own for a failure', async () => {
  outcomes = [fail(new TrustholdError('TRANSPORT_ABORTED', { endpoint: 'x' }))]
  start(1_000)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(log).toEqual(['failed at 0, again in 1000', 'attested at 1000'])
})
