import { guardReplayGuard, type ReplayGuard } from '@trusthold/core/ports'
import { replayGuardContract, type TestRunner } from '@trusthold/core/testing'
import { describe, test } from 'vitest'
import { createMemoryReplayGuard } from '../../src/memory/replay-guard.js'
import { createManualClock, type ManualClock } from '../manual-clock.js'
import { expectAccepted, expectRefused } from './failed-cases.js'

interface Parts {
  readonly clock: ManualClock
  readonly claims: Map<string, number>
  readonly guard: ReplayGuard
}

type Break = (parts: Parts) => ReplayGuard

/** The suite over a guard that was broken; all guards over one map share their claims. */
function suite(breakIt: Break, another: Break = breakIt) {
  return (runner: TestRunner) => {
    const open = (clock: ManualClock, claims: Map<string, number>) => ({
      clock,
      claims,
      guard: guardReplayGuard({ ...createMemoryReplayGuard(clock, 0, claims), close: async () => undefined }),
    })
    replayGuardContract(runner, {
      create: async () => {
        const parts = open(createManualClock(), new Map())
        return { parts, guard: breakIt(parts), setTime: parts.clock.set, close: async () => undefined }
      },
      forgetsAfterMs: 0,
      count: async ({ parts }) => parts.claims.size,
      another: async ({ parts }) => another(open(parts.clock, parts.claims)),
      reopen: async ({ parts }) => another(open(parts.clock, parts.claims)),
    })
  }
}

const claiming =
  (claim: (parts: Parts, id: string, expiresAt: number) => Promise<boolean>): Break =>
  (parts) => ({ ...parts.guard, claim: (id, expiresAt) => claim(parts, id, expiresAt) })

const broken: readonly [what: string, part: string, breakIt: Break, another?: Break][] = [
  ['says yes always', 'the first claim wins', claiming(async () => true)],
  ['says no always', 'the first claim wins', claiming(async () => false)],
  [
    'looks, waits, and then claims',
    '100 concurrent claims',
    claiming(async ({ guard, claims, clock }, id, expiresAt) => {
      if ((claims.get(id) ?? -1) >= clock.now()) return false
      await Promise.resolve()
      claims.delete(id)
      return guard.claim(id, expiresAt)
    }),
  ],
  [
    'claims nothing that has expired already',
    'expired already',
    claiming(
      async ({ guard, clock }, id, expiresAt) => expiresAt < clock.now() || guard.claim(id, expiresAt),
    ),
  ],
  [
    'forgets a millisecond early',
    'that millisecond included',
    claiming(({ guard }, id, at) => guard.claim(id, Math.max(0, at - 1))),
  ],
  ['never forgets', 'as soon as it is forgotten', claiming(({ guard }, id) => guard.claim(id, 2 ** 52))],
  [
    'sweeps nothing',
    'as a matter of course',
    ({ claims, guard }) => ({
      ...guard,
      async claim(id, expiresAt) {
        const kept = new Map(claims)
        const won = await guard.claim(id, expiresAt)
        for (const [old, until] of kept) if (!claims.has(old)) claims.set(old, until)
        return won
      },
    }),
  ],
  [
    'lets a later claim shorten the first',
    'does not shorten',
    claiming(async ({ guard, claims }, id, expiresAt) => {
      const won = await guard.claim(id, expiresAt)
      if (claims.has(id)) claims.set(id, expiresAt)
      return won
    }),
  ],
  ['ignores case', 'alike differ', claiming(({ guard }, id, at) => guard.claim(id.toLowerCase(), at))],
  ['normalises', 'alike differ', claiming(({ guard }, id, at) => guard.claim(id.normalize('NFC'), at))],
  [
    'stores UTF-8',
    'alike differ',
    claiming(({ guard }, id, at) => guard.claim(Buffer.from(id).toString(), at)),
  ],
  [
    'cuts at a NUL',
    'alike differ',
    claiming(({ guard }, id, at) => guard.claim(id.split('\0')[0] ?? '', at)),
  ],
  ['trims', 'alike differ', claiming(({ guard }, id, at) => guard.claim(id.trim() || 'x', at))],
  [
    'uses an object as a set',
    'alike differ',
    claiming(async ({ guard }, id, at) => (id in {} ? false : guard.claim(id, at))),
  ],
  [
    'cuts long ids',
    '1 to 512 characters',
    claiming(({ guard }, id, at) => guard.claim(id.length > 512 ? id : id.slice(-255), at)),
  ],
  [
    'takes any id',
    '1 to 512 characters',
    claiming(({ guard }, id, at) => guard.claim(`${id}`.slice(0, 500) || 'x', at)),
  ],
  [
    'takes any time',
    'not a time',
    claiming(({ guard }, id, at) => guard.claim(id, Number.isSafeInteger(at) && at >= 0 ? at : 0)),
  ],
  ['works on after close', 'after close', ({ clock, claims }) => createMemoryReplayGuard(clock, 0, claims)],
  [
    'shares nothing with its twin',
    'through two guards',
    ({ guard }) => guard,
    ({ clock }) => createMemoryReplayGuard(clock, 0),
  ],
  [
    'loses its claims when it is closed',
    'survive closing',
    ({ guard }) => guard,
    ({ clock }) => createMemoryReplayGuard(clock, 0),
  ],
]

test('a guard that keeps the contract passes', () => expectAccepted(suite(({ guard }) => guard)))

describe('a guard fails that', () => {
  test.each(broken)('%s', (_, part, breakIt, another) => expectRefused(suite(breakIt, another), part))
})
