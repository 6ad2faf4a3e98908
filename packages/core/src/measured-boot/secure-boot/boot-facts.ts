import type { Fact } from '../fact.js'
import { declaredBank } from '../replay.js'
import type { TcgEventLog } from '../tcg/event-log.js'
import { secureBootFact } from './secure-boot.js'
import { findSeparators, type SeparatorFact, separatedPcrs, separatorDigests } from './separators.js'

/** An event whose type the TCG does not name, in a PCR of the firmware. */
export interface UnknownEvent {
  /** Index in the log. */
  readonly event: number
  readonly pcr: number
  readonly type: number
}

/** What a log says about a boot. */
export interface BootFacts {
  /** Whether Secure Boot was on. */
  readonly secureBoot: Fact<boolean>
  /** The separators of PCRs 0 to 7, in this order. */
  readonly separators: readonly SeparatorFact[]
  /** Events in PCRs 0 to 7 of a type that is not known here. */
  readonly unknownEvents: readonly UnknownEvent[]
}

/**
 * Reads the facts of a boot from its log.
 * @param bank the bank in which the log was compared with a quote
 * @param matching PCRs whose quoted value the log gives, from {@link compareLog}; nothing that rests on another PCR is
 *   verified
 * @throws EVENT_LOG_INVALID when the log has no digests for the bank
 */
export function bootFacts(log: TcgEventLog, bank: string, matching: Iterable<number>): BootFacts {
  const algorithm = declaredBank(log, bank)
  const proved = new Set(matching)
  const digests = separatorDigests(algorithm)
  return {
    secureBoot: secureBootFact(log, algorithm, digests, proved),
    separators: findSeparators(log, digests, proved),
    unknownEvents: log.events
      .filter((event) => event.typeName === undefined && separatedPcrs.includes(event.pcr))
      .map(({ index, pcr, type }) => ({ event: index, pcr, type })),
  }
}
