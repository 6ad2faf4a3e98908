import { equalBytes } from '../bytes/index.js'
import { digestOf, type HashAlgorithm } from '../tpm2/index.js'
import type { MeasuredEvent, MeasurementLog } from './record.js'
import { declaredBank } from './replay.js'
import type { TcgEvent, TcgEventLog } from './tcg/event-log.js'

/** PCRs of a bank whose quoted value the logs give. */
export interface ProvedBank {
  readonly bank: string
  readonly matching: Iterable<number>
}

/** A log with what a quote proves of it, in one bank. */
export interface ProvedLog {
  readonly bank: HashAlgorithm
  /** Whether the quoted value of a PCR is what the log replays to; nothing may rest on another PCR. */
  isProved(pcr: number): boolean
  /** The firmware's and loaders' events that extend a PCR, in order. */
  eventsOf(pcr: number): readonly TcgEvent[]
  /** What the operating system logged into a PCR afterwards, in order. */
  laterEventsOf(pcr: number): readonly MeasuredEvent[]
  /**
   * Whether the digest of an event is that of these bytes: then they were measured, whatever the event calls them. It has
   * to be so in every bank in which the event's PCR is proved.
   */
  isDigestOf(event: MeasuredEvent, bytes: Uint8Array): boolean
  /** What was extended, in bytes of the bank's size. */
  digestOf(event: MeasuredEvent): Uint8Array
}

/**
 * Puts a log beside what a quote proves of it.
 * @param matching PCRs whose quoted value the logs give together
 * @param later the logs that the operating system keeps, in the order in which they were measured
 * @param others further banks that are proved. Each digest of an event is extended by itself, so a bank that the firmware
 *   left alone may say something else than the one that it used
 * @throws EVENT_LOG_INVALID when the log has no digests for the bank
 */
export function proveLog(
  log: TcgEventLog,
  bank: string,
  matching: Iterable<number>,
  later: readonly MeasurementLog[] = [],
  others: readonly ProvedBank[] = [],
): ProvedLog {
  const algorithm = declaredBank(log, bank)
  const proved = new Set(matching)
  const further = others.map((other) => ({
    algorithm: declaredBank(log, other.bank),
    proved: new Set(other.matching),
  }))
  let events: ReadonlyMap<number, readonly TcgEvent[]> | undefined
  let laterEvents: ReadonlyMap<number, readonly MeasuredEvent[]> | undefined
  const digestIn = (event: MeasuredEvent): Uint8Array => event.digest(algorithm) ?? new Uint8Array(0)
  return {
    bank: algorithm,
    isProved: (pcr) => proved.has(pcr),
    eventsOf(pcr) {
      events ??= byPcr(log.events)
      return events.get(pcr) ?? []
    },
    laterEventsOf(pcr) {
      laterEvents ??= byPcr(later.flatMap(({ events: logged }) => logged))
      return laterEvents.get(pcr) ?? []
    },
    isDigestOf: (event, bytes) =>
      equalBytes(digestOf(algorithm, bytes), digestIn(event)) &&
      further.every(
        (other) =>
          !other.proved.has(event.pcr) ||
          equalBytes(digestOf(other.algorithm, bytes), event.digest(other.algorithm) ?? new Uint8Array(0)),
      ),
    digestOf: digestIn,
  }
}

function byPcr<E extends MeasuredEvent>(events: readonly E[]): ReadonlyMap<number, readonly E[]> {
  const found = new Map<number, E[]>()
  for (const event of events) {
    if (!event.extends) continue
    const others = found.get(event.pcr)
    if (others === undefined) found.set(event.pcr, [event])
    else others.push(event)
  }
  return found
}
