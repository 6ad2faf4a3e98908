import { utf8 } from '../../bytes/index.js'
import { doubtedFact, type Fact, provedFact } from '../fact.js'
import type { ProvedLog } from '../proved-log.js'
import type { MeasuredEvent } from '../record.js'
import type { SystemdEvent, SystemdLog } from './systemd-log.js'

/** PCR of the unified kernel image and of what followed it. */
const bootPcr = 11
/** PCR of the system's identity. */
const identityPcr = 15
const machineIdPrefix = 'machine-id:'

/** What one record says was measured. */
export interface SystemdStatement {
  /** Index in the log. */
  readonly event: number
  /** The PCR; 0xffffffff when the record is of an NV index. */
  readonly pcr: number
  /** What kind of measurement it says it is; not measured. */
  readonly eventType: string | undefined
  /** The string that was measured. */
  readonly string: Fact<string>
}

/** What systemd's log says of a boot. */
export interface SystemdFacts {
  /** Every record of the log, in its order. */
  readonly statements: readonly SystemdStatement[]
  /**
   * The words that systemd measured into PCR 11 after the unified kernel image, in order: how far the boot has come, such
   * as `enter-initrd`, `leave-initrd`, `sysinit`, `ready`.
   */
  readonly phases: Fact<readonly string[]>
  /** The machine's identity, as the first one that was measured into PCR 15 says: 32 hexadecimal digits. */
  readonly machineId: Fact<string>
}

/**
 * Reads the facts of systemd's log.
 *
 * Whoever is root can extend these PCRs with what he likes, and can put any measurement into any of the logs and under
 * any name. So a list of phases is verified only when nothing else can be in PCR 11, and an identity only when nothing
 * unknown comes before it.
 * @param proved the firmware's log with what a quote proves of it, where systemd's log is one of the later ones
 */
export function systemdFacts(log: SystemdLog, proved: ProvedLog): SystemdFacts {
  const replayed = new Set(replayedPcrs(log).flatMap((pcr) => proved.laterEventsOf(pcr)))
  return {
    statements: log.events.map((event) => {
      const { index, pcr, eventType } = event
      return { event: index, pcr, eventType, string: judgeString(event, proved, replayed) }
    }),
    phases: readPhases(log, proved),
    machineId: readMachineId(log, proved),
  }
}

function replayedPcrs(log: SystemdLog): readonly number[] {
  return [...new Set(log.events.filter((event) => event.extends).map(({ pcr }) => pcr))]
}

/** Whether the event's digest covers its string, so that the string was measured. */
function isStringMeasured(event: SystemdEvent, proved: ProvedLog): boolean {
  return event.string !== undefined && proved.isDigestOf(event, utf8(event.string))
}

function judgeString(
  event: SystemdEvent,
  proved: ProvedLog,
  replayed: ReadonlySet<MeasuredEvent>,
): Fact<string> {
  const { index, pcr, string } = event
  if (string === undefined) return doubtedFact(`event ${index} does not say what was measured`)
  const doubt = (reason: string): Fact<string> => doubtedFact(reason, string)
  if (!event.extends) return doubt('it was measured into an NV index, which no quote of PCRs covers')
  if (!proved.isProved(pcr) || !replayed.has(event)) return doubt(`PCR ${pcr} is not proved by the logs`)
  return isStringMeasured(event, proved)
    ? provedFact(string, index)
    : doubt('the digest is not of the string; that of a volume key is made with the key')
}

function readPhases(log: SystemdLog, proved: ProvedLog): Fact<readonly string[]> {
  const { events, complete } = eventsIn(log, proved, bootPcr)
  const words = events.map(({ string }) => string ?? '')
  const doubt = (reason: string): Fact<readonly string[]> => doubtedFact(reason, words)
  if (!proved.isProved(bootPcr)) return doubt('PCR 11 is not proved by the logs')
  if (!complete) return doubt('PCR 11 was not proved with the events of this log, and of no other')
  if (!isUnifiedImage(proved)) {
    return doubt('what the firmware logged into PCR 11 is no unified kernel image, so words may hide in it')
  }
  const uncovered = events.find((event) => !isStringMeasured(event, proved))
  return uncovered === undefined
    ? provedFact(words)
    : doubt(`event ${uncovered.index} has a string that its digest does not cover`)
}

/**
 * Whether the firmware's part of PCR 11 is what systemd-stub measures: names of sections, each with a closing NUL and
 * followed by the section's content. No word that systemd measures has a NUL, so none can stand where a name does.
 */
function isUnifiedImage(proved: ProvedLog): boolean {
  const events = proved.eventsOf(bootPcr)
  if (events.length % 2 !== 0) return false
  return events.every((event, i) => {
    if (i % 2 === 1) return true
    const name = new TextDecoder('utf-16le').decode(event.data).split('\0')[0] ?? ''
    return name.startsWith('.') && proved.isDigestOf(event, utf8(`${name}\0`))
  })
}

function readMachineId(log: SystemdLog, proved: ProvedLog): Fact<string> {
  const { events, complete } = eventsIn(log, proved, identityPcr)
  const at = events.findIndex(({ string }) => string?.startsWith(machineIdPrefix))
  const stated = events[at]
  if (stated?.string === undefined) return doubtedFact('no machine ID was measured into PCR 15')
  const id = stated.string.slice(machineIdPrefix.length)
  const doubt = (reason: string): Fact<string> => doubtedFact(reason, id)
  if (!/^[0-9a-f]{32}$/.test(id)) return doubt(`event ${stated.index} has a machine ID that is none`)
  if (!proved.isProved(identityPcr)) return doubt('PCR 15 is not proved by the logs')
  if (!complete || proved.eventsOf(identityPcr).length > 0) {
    return doubt('PCR 15 was not proved with the events of this log, and of no other')
  }
  const uncovered = events.slice(0, at + 1).find((event) => !isStringMeasured(event, proved))
  return uncovered === undefined
    ? provedFact(id, stated.index)
    : doubt(`event ${uncovered.index} may be another machine ID: its digest does not cover its string`)
}

/** The log's events in a PCR, and whether they are exactly those that were replayed after the firmware's. */
function eventsIn(
  log: SystemdLog,
  proved: ProvedLog,
  pcr: number,
): { events: readonly SystemdEvent[]; complete: boolean } {
  const events = log.events.filter((event) => event.extends && event.pcr === pcr)
  const replayed = proved.laterEventsOf(pcr)
  const complete = events.length === replayed.length && events.every((event, i) => event === replayed[i])
  return { events, complete }
}
