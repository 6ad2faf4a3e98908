import type { Check } from '@trusthold/core/verdict'
import { table } from './table.js'

/** Reasons of the checks that failed because something is malformed. */
export function malformedReasons(checks: readonly Check[]): string[] {
  return checks
    .filter(({ id, outcome }) => outcome === 'fail' && id.endsWith('.structure'))
    .map(({ reason }) => reason)
}

/** Lines of checks: outcome, name, reason. */
export function checkLines(checks: readonly Check[]): string[] {
  return table(checks.map(({ id, outcome, reason }) => [outcome, id, reason]))
}
