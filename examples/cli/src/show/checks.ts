import type { Check } from '@trusthold/core/verdict'
import { table } from './table.js'

/** Lines of checks: outcome, name, reason. */
export function checkLines(checks: readonly Check[]): string[] {
  return table(checks.map(({ id, outcome, reason }) => [outcome, id, reason]))
}
