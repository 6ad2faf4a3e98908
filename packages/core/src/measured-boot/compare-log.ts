import { equalBytes } from '../bytes/index.js'
import { hashFacts } from '../tpm2/index.js'
import type { MeasurementLog } from './record.js'
import { declaredBank, initialValue, replay } from './replay.js'

/** The firmware's PCRs: whatever is extended into 0 to 7 before the operating system, the firmware logs. */
const lastFirmwarePcr = 7

/** How a log and the values of PCRs fit together; each PCR of the values is in exactly one of the lists. */
export interface LogComparison {
  /** PCRs whose value the log's events give. */
  readonly matching: readonly number[]
  /** PCRs whose value the log does not give; for PCRs 0 to 7 also without any event in the log. */
  readonly differing: readonly {
    readonly pcr: number
    readonly replayed: Uint8Array
    readonly expected: Uint8Array
  }[]
  /** PCRs from 8 on that were extended, but not by anything in the log: an operating system keeps its own logs. */
  readonly unlogged: readonly number[]
  /** PCRs that have their first value still, and no event in the log. */
  readonly untouched: readonly number[]
}

/**
 * Replays a log for one bank and compares it with values that a TPM stated. Only PCRs that are in `values` are judged:
 * of the others the log may say what it likes.
 * @param values by PCR, in bytes of the digest's size
 * @throws EVENT_LOG_INVALID as {@link replayEventLog}
 */
export function compareLog(
  log: MeasurementLog,
  bank: string,
  values: ReadonlyMap<number, Uint8Array>,
): LogComparison {
  const { values: replayed, extended } = replay(log, bank)
  const { size } = hashFacts(declaredBank(log, bank))
  const result = {
    matching: [] as number[],
    differing: [] as { pcr: number; replayed: Uint8Array; expected: Uint8Array }[],
    unlogged: [] as number[],
    untouched: [] as number[],
  }
  for (const [pcr, expected] of values) {
    const found = replayed.get(pcr) ?? initialValue(pcr, size, log.startupLocality)
    const equal = equalBytes(found, expected)
    if (equal) result[extended.has(pcr) ? 'matching' : 'untouched'].push(pcr)
    else if (extended.has(pcr) || pcr <= lastFirmwarePcr || expected.length !== size) {
      result.differing.push({ pcr, replayed: found, expected })
    } else result.unlogged.push(pcr)
  }
  return result
}
