import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Check,
  conclude,
  fail,
  failuresOf,
  type Outcome,
  pass,
  skipped,
  unknown,
} from '../../src/verdict/index.js'

const make = { pass, fail, unknown, skipped }
const list = (outcomes: readonly Outcome[]): Check[] =>
  outcomes.map((outcome, i) => make[outcome](`c${i}`, 'why'))

describe('conclude', () => {
  it.each<[readonly Outcome[], ReturnType<typeof conclude>]>([
    [[], 'fail'],
    [['skipped'], 'fail'],
    [['skipped', 'skipped'], 'fail'],
    [['pass'], 'pass'],
    [['pass', 'skipped'], 'pass'],
    [['skipped', 'pass', 'pass'], 'pass'],
    [['unknown'], 'unknown'],
    [['pass', 'unknown'], 'unknown'],
    [['unknown', 'pass'], 'unknown'],
    [['skipped', 'unknown'], 'unknown'],
    [['fail'], 'fail'],
    [['fail', 'pass'], 'fail'],
    [['pass', 'fail'], 'fail'],
    [['unknown', 'fail'], 'fail'],
    [['fail', 'unknown', 'pass', 'skipped'], 'fail'],
  ])('%j: %s', (outcomes, expected) => {
    expect(conclude(list(outcomes))).toBe(expected)
  })

  it('never passes with a failure or something undecided, wherever it stands, and never without a pass', () => {
    const outcome = fc.constantFrom<Outcome>('pass', 'fail', 'unknown', 'skipped')
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 12 }), (outcomes) => {
        const bad = outcomes.includes('fail') || outcomes.includes('unknown') || !outcomes.includes('pass')
        expect(conclude(list(outcomes)) === 'pass').toBe(!bad)
        expect(conclude(list([...outcomes].reverse()))).toBe(conclude(list(outcomes)))
      }),
    )
  })
})

describe('checks', () => {
  it('say id, outcome and reason', () => {
    for (const [outcome, build] of Object.entries(make)) {
      expect(build('a.b', 'why')).toEqual({ id: 'a.b', outcome, reason: 'why' })
    }
  })

  it('that stand in the way are those that failed or are undecided, in order', () => {
    expect(failuresOf(list(['pass', 'fail', 'skipped', 'unknown', 'pass']))).toEqual([
      { check: 'c1', reason: 'why' },
      { check: 'c3', reason: 'why' },
    ])
    expect(failuresOf([])).toEqual([])
  })
})
