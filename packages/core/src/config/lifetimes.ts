import { TrustholdError } from '../errors/index.js'

/**
 * Checks how long something may live. A fraction of a second, or a number that is none, would make times that cannot be
 * written down, or that never come.
 * @param most seconds
 * @throws CONFIGURATION_INVALID unless it is a whole number of seconds from 1 on
 */
export function assertLifetime(name: string, seconds: number, most: number): void {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= most) return
  throw new TrustholdError('CONFIGURATION_INVALID', { name, reason: `expected an integer of 1 to ${most}` })
}
