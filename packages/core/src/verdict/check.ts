/** How a check ended. `unknown`: it could not be decided. `skipped`: the configuration does not ask for it. */
export type Outcome = 'pass' | 'fail' | 'unknown' | 'skipped'

/** One named step of a judgement. */
export interface Check {
  /** Stable name, such as `quote.signature`. */
  readonly id: string
  readonly outcome: Outcome
  /** One sentence for a person: what was found, and what was expected when that differs. */
  readonly reason: string
}

/** A check that was met. */
export const pass = (id: string, reason: string): Check => ({ id, outcome: 'pass', reason })
/** A check that was not met. */
export const fail = (id: string, reason: string): Check => ({ id, outcome: 'fail', reason })
/** A check that could not be decided. */
export const unknown = (id: string, reason: string): Check => ({ id, outcome: 'unknown', reason })
/** A check that was not asked for. */
export const skipped = (id: string, reason: string): Check => ({ id, outcome: 'skipped', reason })

/**
 * What the checks add up to. One failure is a failure; otherwise one undecided check leaves all undecided. Passing
 * takes at least one check that passed: nothing checked is nothing proved.
 */
export function conclude(checks: readonly Check[]): 'pass' | 'fail' | 'unknown' {
  let passed = false
  let undecided = false
  for (const { outcome } of checks) {
    if (outcome === 'fail') return 'fail'
    if (outcome === 'unknown') undecided = true
    else if (outcome === 'pass') passed = true
  }
  if (undecided) return 'unknown'
  return passed ? 'pass' : 'fail'
}

/** The checks that stand in the way, as errors carry them. */
export function failuresOf(checks: readonly Check[]): { check: string; reason: string }[] {
  return checks
    .filter((check) => check.outcome === 'fail' || check.outcome === 'unknown')
    .map((check) => ({ check: check.id, reason: check.reason }))
}
