import { lazyMembers } from '../lazy-members.js'
import { type LinuxBoot, readLinuxBoot } from '../linux/linux-boot.js'
import { type ProvedBank, proveLog } from '../proved-log.js'
import type { MeasurementLog } from '../record.js'
import type { TcgEventLog } from '../tcg/event-log.js'
import { readSecureBootState, type SecureBootState } from './secure-boot.js'
import { findSeparators, type SeparatorFact, separatedPcrs, separatorDigests } from './separators.js'

/** An event whose type the TCG does not name, in a PCR of the firmware. */
export interface UnknownEvent {
  /** Index in the log. */
  readonly event: number
  readonly pcr: number
  readonly type: number
}

/** What a log says about a boot. Each member is found out when it is first asked for. */
export interface BootFacts {
  /** What PCR 7 says of Secure Boot. */
  readonly secureBoot: SecureBootState
  /** What was measured on the way to a Linux kernel. */
  readonly linux: LinuxBoot
  /** The separators of PCRs 0 to 7, in this order. */
  readonly separators: readonly SeparatorFact[]
  /** Events in PCRs 0 to 7 of a type that is not known here. */
  readonly unknownEvents: readonly UnknownEvent[]
}

/**
 * Reads the facts of a boot from its logs.
 * @param bank the bank in which the logs were compared with a quote
 * @param matching PCRs whose quoted value the logs give, from {@link compareLogs}, and, to know what was not measured,
 *   those that are untouched; nothing that rests on another PCR is verified
 * @param later the logs that the operating system keeps, if they were compared too
 * @param others further banks that were compared: what an event says has to be covered in these too
 * @throws EVENT_LOG_INVALID when the log has no digests for the bank
 */
export function bootFacts(
  log: TcgEventLog,
  bank: string,
  matching: Iterable<number>,
  later: readonly MeasurementLog[] = [],
  others: readonly ProvedBank[] = [],
): BootFacts {
  const proved = proveLog(log, bank, matching, later, others)
  const digests = separatorDigests(proved.bank)
  const facts: BootFacts = lazyMembers<BootFacts>({
    secureBoot: () => readSecureBootState(proved, digests),
    linux: () => readLinuxBoot(proved, facts.secureBoot),
    separators: () => findSeparators(proved, digests),
    unknownEvents: () =>
      log.events
        .filter((event) => event.typeName === undefined && separatedPcrs.includes(event.pcr))
        .map(({ index, pcr, type }) => ({ event: index, pcr, type })),
  })
  return facts
}
