import type { TpmsClockInfo, TpmsTimeInfo } from '@trusthold/core/tpm2'
import type { Machine } from './machine.js'

/** TPM_PT_CLOCK_UPDATE: how often the clock is stored, in milliseconds. */
export const clockUpdateInterval = 4096n

/**
 * Lets time pass before a command runs. The clock is stored when it enters another interval; from then on it is known
 * that no earlier value can be told again. Part 1, section 36.3.
 */
export function letTimePass(machine: Machine, elapsed: bigint): void {
  const { stored, volatile } = machine
  if (elapsed <= 0n) return
  const before = stored.clock / clockUpdateInterval
  volatile.time += elapsed
  stored.clock += elapsed
  if (stored.clock / clockUpdateInterval === before) return
  stored.clockSafe = true
  machine.save()
}

/** TPMS_CLOCK_INFO of now. */
export function clockInfo({ stored }: Machine): TpmsClockInfo {
  const { clock, resetCount, restartCount, clockSafe } = stored
  return { clock, resetCount, restartCount, safe: clockSafe }
}

/** TPMS_TIME_INFO of now. */
export function timeInfo(machine: Machine): TpmsTimeInfo {
  return { time: machine.volatile.time, clockInfo: clockInfo(machine) }
}
