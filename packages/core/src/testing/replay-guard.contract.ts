import assert from 'node:assert/strict'
import type { ReplayGuard } from '../ports/index.js'
import type { TestRunner } from './contract.js'
import { expectCode } from './expectations.js'

/** What a suite works with: a fresh guard that shares nothing with others. */
export interface ReplayGuardSubject {
  readonly guard: ReplayGuard
  /** Sets the guard's clock; milliseconds since 1970-01-01T00:00:00Z. */
  setTime(milliseconds: number): void
  /** Called once at the end of each test, also after the guard was closed. */
  close(): Promise<void>
}

/** What {@link replayGuardContract} needs of an adapter. */
export interface ReplayGuardContractOptions<S extends ReplayGuardSubject> {
  create(): Promise<S>
  /** How long after `expiresAt` the guard's clock must pass until an id is forgotten; absent when that is not fixed. */
  forgetsAfterMs?: number
  /** Counts what is stored, behind the guard's back; absent where nobody can. */
  count?(subject: S): Promise<number>
  /** Another guard over the same claims, as another process has it; absent when they cannot be shared. */
  another?(subject: S): Promise<ReplayGuard>
  /** Closes the guard and opens it again; absent when claims do not survive that. */
  reopen?(subject: S): Promise<ReplayGuard>
}

const start = 1_700_000_000_000
const minute = 60_000

const countTrue = (answers: readonly boolean[]): number => answers.filter((answer) => answer === true).length

const claimTimes = (guard: ReplayGuard, id: string, times: number, expiresAt = start + minute) =>
  Promise.all(Array.from({ length: times }, () => guard.claim(id, expiresAt)))

type Case<S> = readonly [name: string, run: (subject: S) => Promise<void>]

const claimCases: readonly Case<ReplayGuardSubject>[] = [
  [
    'the first claim wins, later ones do not, also with another expiry',
    async ({ guard }) => {
      assert.equal(await guard.claim('a', start + minute), true)
      assert.equal(await guard.claim('a', start + minute), false)
      assert.equal(await guard.claim('a', start + 10 * minute), false)
      assert.equal(await guard.claim('a', start), false)
    },
  ],
  [
    'of 100 concurrent claims exactly one wins',
    async ({ guard }) => {
      assert.equal(countTrue(await claimTimes(guard, 'a', 100)), 1)
      assert.equal(countTrue(await claimTimes(guard, 'a', 100)), 0)
    },
  ],
  [
    'of concurrent claims of an id that has expired already exactly one wins',
    async ({ guard }) => {
      assert.equal(countTrue(await claimTimes(guard, 'a', 20, start - minute)), 1)
      assert.equal(countTrue(await claimTimes(guard, 'b', 20, 0)), 1)
    },
  ],
  [
    'ids do not disturb each other',
    async ({ guard }) => {
      const ids = Array.from({ length: 300 }, (_, i) => `id-${i}`)
      const claims = ids.flatMap((id) => [guard.claim(id, start + minute), guard.claim(id, start + minute)])
      assert.equal(countTrue(await Promise.all(claims)), ids.length)
    },
  ],
  [
    'ids that are alike differ',
    async ({ guard }) => {
      const alike = [
        'a',
        'A',
        'a ',
        ' a',
        'a\0',
        'a\0b',
        'á',
        'a\u0301',
        '\ud800',
        '\udfff',
        '\ufffd',
        '%61',
        '0',
        '00',
      ]
      const odd = ['__proto__', 'constructor', 'toString', 'null', 'undefined', '../a', "a'; --", '🔑']
      for (const id of [...alike, ...odd]) assert.equal(await guard.claim(id, start + minute), true, id)
      for (const id of [...alike, ...odd]) assert.equal(await guard.claim(id, start + minute), false, id)
    },
  ],
  [
    'ids have 1 to 512 characters',
    async ({ guard }) => {
      const longest = 'x'.repeat(512)
      assert.equal(await guard.claim(longest, start + minute), true)
      assert.equal(await guard.claim(`${longest.slice(1)}y`, start + minute), true)
      await expectCode('STORE_ARGUMENT', () => guard.claim('', start + minute))
      await expectCode('STORE_ARGUMENT', () => guard.claim('x'.repeat(513), start + minute))
      await expectCode('STORE_ARGUMENT', () => guard.claim(7 as unknown as string, start + minute))
    },
  ],
  [
    'what is not a time is refused and claims nothing',
    async ({ guard }) => {
      for (const time of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, 2 ** 53]) {
        await expectCode('STORE_ARGUMENT', () => guard.claim('a', time))
      }
      assert.equal(await guard.claim('a', start + minute), true)
    },
  ],
  [
    'a claim holds until it expires, that millisecond included',
    async ({ guard, setTime }) => {
      assert.equal(await guard.claim('a', start + minute), true)
      for (const time of [start + 1, start + minute - 1, start + minute]) {
        setTime(time)
        assert.equal(await guard.claim('a', start + minute), false, `at ${time - start}`)
      }
    },
  ],
  [
    'a later claim does not shorten or prolong the first one',
    async ({ guard, setTime }) => {
      await guard.claim('a', start + minute)
      await guard.claim('a', start)
      setTime(start + minute)
      assert.equal(await guard.claim('a', start + minute), false)
    },
  ],
  [
    'after close calls are refused, and those before are carried out',
    async ({ guard }) => {
      const before = guard.claim('a', start + minute)
      await guard.close()
      assert.equal(await before, true)
      await expectCode('STORE_CLOSED', () => guard.claim('b', start + minute))
      await guard.close()
    },
  ],
]

/** At the exact tick, and only there. */
const forgetCases = <S extends ReplayGuardSubject>(afterMs: number): readonly Case<S>[] => [
  [
    'an id is free again as soon as it is forgotten, for exactly one',
    async ({ guard, setTime }) => {
      await guard.claim('a', start + minute)
      setTime(start + minute + afterMs)
      assert.equal(await guard.claim('a', start + 2 * minute), false)
      setTime(start + minute + afterMs + 1)
      const later = start + 10 * minute + afterMs
      assert.equal(countTrue(await claimTimes(guard, 'a', 20, later)), 1)
      setTime(later + afterMs)
      assert.equal(await guard.claim('a', later), false)
    },
  ],
]

const countCases = <S extends ReplayGuardSubject>(
  count: (subject: S) => Promise<number>,
): readonly Case<S>[] => [
  [
    'what is over is forgotten as a matter of course',
    async (subject) => {
      // Each wave expires before the next one comes; without forgetting 20 waves would stay.
      const waves = 20
      const size = 200
      for (let wave = 0; wave < waves; wave++) {
        const time = start + wave * 60 * minute
        subject.setTime(time)
        const ids = Array.from({ length: size }, (_, i) => `${wave}-${i}`)
        await Promise.all(ids.map((id) => subject.guard.claim(id, time + minute)))
      }
      const stored = await count(subject)
      assert.ok(stored >= size, `${stored} claims are stored, ${size} still hold`)
      assert.ok(stored < (waves * size) / 2, `${stored} claims are stored, ${size} would do`)
    },
  ],
]

const anotherCases = <S extends ReplayGuardSubject>(
  another: (subject: S) => Promise<ReplayGuard>,
): readonly Case<S>[] => [
  [
    'of claims through two guards exactly one wins',
    async (subject) => {
      const guards = [subject.guard, await another(subject)]
      const ids = Array.from({ length: 50 }, (_, i) => `id-${i}`)
      const claims = ids.map((id) =>
        Promise.all([0, 1, 2, 3].map((i) => (guards[i % 2] as ReplayGuard).claim(id, start + minute))),
      )
      for (const answers of await Promise.all(claims)) assert.equal(countTrue(answers), 1)
    },
  ],
]

const reopenCases = <S extends ReplayGuardSubject>(
  reopen: (subject: S) => Promise<ReplayGuard>,
): readonly Case<S>[] => [
  [
    'claims survive closing and opening',
    async (subject) => {
      assert.equal(await subject.guard.claim('a', start + minute), true)
      const again = await reopen(subject)
      assert.equal(await again.claim('a', start + minute), false)
      assert.equal(await again.claim('b', start + minute), true)
    },
  ],
]

/**
 * Proves that an adapter keeps the contract of {@link ReplayGuard}.
 * @param test registers one test
 */
export function replayGuardContract<S extends ReplayGuardSubject>(
  test: TestRunner,
  options: ReplayGuardContractOptions<S>,
): void {
  const cases: readonly Case<S>[] = [
    ...claimCases,
    ...(options.forgetsAfterMs === undefined ? [] : forgetCases<S>(options.forgetsAfterMs)),
    ...(options.count ? countCases(options.count) : []),
    ...(options.another ? anotherCases(options.another) : []),
    ...(options.reopen ? reopenCases(options.reopen) : []),
  ]
  for (const [name, run] of cases) {
    test(`ReplayGuard: ${name}`, async () => {
      const subject = await options.create()
      try {
        subject.setTime(start)
        await run(subject)
      } finally {
        await subject.close()
      }
    })
  }
}
