import { PcrStates } from '../pcr-states.js'
import { declaredBank } from '../replay.js'
import type { CcEventLog } from './event-log.js'

/** RTMR[0] to RTMR[3]; MRTD is measured before there is a log. */
const extendedRegisters: readonly number[] = [1, 2, 3, 4]

/**
 * Values that a confidential machine's measurement registers have when they are extended as its log says, for one
 * algorithm. A register with an event that has no digest of it is missing, and so is MRTD, which no event extends.
 * @returns by index: n is RTMR[n-1]
 * @throws EVENT_LOG_INVALID when the log has no digests of the algorithm
 */
export function replayCcEventLog(log: CcEventLog, algorithm: string): ReadonlyMap<number, Uint8Array> {
  const bank = declaredBank(log, algorithm)
  const states = new PcrStates(bank, 0)
  states.extend(log.extensions(bank))
  return new Map(
    extendedRegisters.flatMap((register) => {
      const value = states.value(register)
      return value === undefined ? [] : [[register, value]]
    }),
  )
}
