import { type MeasurementLog, pcrCount } from './record.js'
import { extendLogs } from './replay.js'

/** The firmware's PCRs: whatever is extended into 0 to 7 before the operating system, the firmware logs. */
const lastFirmwarePcr = 7

/** How logs and the values of PCRs fit together; each PCR of the values is in exactly one of the lists. */
export interface LogComparison {
  /** PCRs whose value the logs' events give. */
  readonly matching: readonly number[]
  /** PCRs whose value the logs do not give; for PCRs 0 to 7 also without any event in them. */
  readonly differing: readonly {
    readonly pcr: number
    /** Undefined when an event of the PCR has no digest for the bank. */
    readonly replayed: Uint8Array | undefined
    readonly expected: Uint8Array
  }[]
  /** PCRs from 8 on that were extended, but not by anything in the logs: an operating system keeps its own. */
  readonly unlogged: readonly number[]
  /** PCRs that have their first value still, and no event in the logs. */
  readonly untouched: readonly number[]
}

/**
 * Replays a log for one bank and compares it with values that a TPM stated. Only PCRs that are in `values` are judged:
 * of the others the log may say what it likes. Logs of a confidential machine's registers are no PCRs' logs and have
 * another type.
 * @param values by PCR, in bytes of the digest's size
 * @throws EVENT_LOG_INVALID as {@link replayEventLog}
 */
export function compareLog(
  log: MeasurementLog,
  bank: string,
  values: ReadonlyMap<number, Uint8Array>,
): LogComparison {
  return compareLogs([log], bank, values)
}

/**
 * {@link compareLog} for several logs of one boot, in the order in which they were measured: the firmware's, and those
 * that the operating system keeps of PCR 10 (IMA) and of PCRs 11 to 15 (systemd).
 * @throws as {@link replayLogs}
 */
export function compareLogs(
  logs: readonly MeasurementLog[],
  bank: string,
  values: ReadonlyMap<number, Uint8Array>,
): LogComparison {
  const judged = new Array<boolean>(pcrCount).fill(false)
  for (const pcr of values.keys()) judged[pcr] = true
  const states = extendLogs(logs, bank, judged)
  const result = {
    matching: [] as number[],
    differing: [] as { pcr: number; replayed: Uint8Array | undefined; expected: Uint8Array }[],
    unlogged: [] as number[],
    untouched: [] as number[],
  }
  for (const [pcr, expected] of values) {
    const extended = states.isExtended(pcr)
    if (states.hasValue(pcr, expected)) result[extended ? 'matching' : 'untouched'].push(pcr)
    else if (extended || pcr <= lastFirmwarePcr || expected.length !== states.size) {
      result.differing.push({ pcr, replayed: states.value(pcr), expected })
    } else result.unlogged.push(pcr)
  }
  return result
}
