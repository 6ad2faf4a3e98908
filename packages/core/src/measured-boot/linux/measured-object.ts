import { doubtedFact, type Fact, provedFact } from '../fact.js'
import type { ProvedLog } from '../proved-log.js'
import type { TcgEvent } from '../tcg/event-log.js'

/** Something that was measured whole and of which a log keeps only the digest, such as a file. */
export interface MeasuredObject {
  readonly event: number
  readonly pcr: number
  /** Of its bytes, in the bank in which the log was compared. */
  readonly digest: Uint8Array
  /** What the event calls it, such as a path. Not measured: good for showing, and for finding what to look at. */
  readonly label: string | undefined
}

/** An event as the object that its digest is of. */
export function objectOf(log: ProvedLog, event: TcgEvent, label: string | undefined): MeasuredObject {
  return { event: event.index, pcr: event.pcr, digest: log.digestOf(event), label }
}

/**
 * A list of what the firmware's log has of a PCR: complete, and so verified, when the PCR is proved and no later log has
 * anything of it. Else whoever writes the logs could move the end of the list there.
 */
export function listFact<T>(log: ProvedLog, pcr: number, items: readonly T[]): Fact<readonly T[]> {
  if (!log.isProved(pcr)) return doubtedFact(unproved(pcr), items)
  return log.laterEventsOf(pcr).length === 0 ? provedFact(items) : doubtedFact(extendedLater(pcr), items)
}

/** The reason for which nothing in a PCR is verified. */
export function unproved(pcr: number): string {
  return `PCR ${pcr} is not proved by the log`
}

/** The reason for which the firmware's log is not all of a PCR. */
export function extendedLater(pcr: number): string {
  return `the operating system extended PCR ${pcr}`
}

/** The items of a list, verified or not: for showing, and for finding what is strange. */
export function itemsOf<T>(fact: Fact<readonly T[]>): readonly T[] {
  return fact.verified ? fact.value : (fact.hint ?? [])
}
