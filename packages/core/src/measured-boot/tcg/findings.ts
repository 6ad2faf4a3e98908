import { type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import { separatedPcrs, separatorDigests } from '../secure-boot/separators.js'
import { describeType } from './describe-event.js'
import type { CcEventLog, TcgEvent, TcgEventLog } from './event-log.js'
import { eventTypes } from './event-types.js'
import { findOverlap, findRepeated } from './repetitions.js'

/**
 * What is strange about a log, or worth knowing, and does not refuse it.
 * - `padding`: unused bytes follow the last event.
 * - `truncated`: the last record is cut off.
 * - `no-events`: nothing was measured.
 * - `sha1-format`: the old format, with digests of SHA-1 only, which no longer is a reason for trust.
 * - `unknown-algorithm`: the header declares an algorithm that is not known here.
 * - `unextended-bank`: the header declares a bank, and no event has a digest for it.
 * - `missing-digest`: events leave out a bank that others have a digest for; their PCRs have no known value in it.
 * - `blank-digest`: something was extended that is no digest of anything: all zeros, or all ones.
 * - `unknown-type`: events of a type that is not known, in PCRs that a policy may rest on.
 * - `informational-index`: an event of no PCR; it only informs.
 * - `no-action-digest`: an event without action has a digest, as if something had been measured.
 * - `repeated-header`: the header is there again, as when logs were joined.
 * - `repeated-event`: PCRs 0 to 7 have the same event twice, which is no action: what happened may happen again.
 * - `overlap`: several events are there twice in a row, as when a log was joined with the firmware's table of final
 *   events without leaving out what both have; such a log does not replay.
 * - `missing-separator`, `repeated-separator`, `error-separator`: PCRs 0 to 7 have one separator each, of no error.
 * - `mislabelled-separator`: a separator's digest under another type, or its type with another digest.
 * - `hcrtm-locality`: H-CRTM was measured, and the stated locality of startup is not 4, or the other way round.
 */
export type LogFindingCode =
  | 'padding'
  | 'truncated'
  | 'no-events'
  | 'sha1-format'
  | 'unknown-algorithm'
  | 'unextended-bank'
  | 'missing-digest'
  | 'blank-digest'
  | 'unknown-type'
  | 'informational-index'
  | 'no-action-digest'
  | 'repeated-header'
  | 'repeated-event'
  | 'overlap'
  | 'missing-separator'
  | 'repeated-separator'
  | 'error-separator'
  | 'mislabelled-separator'
  | 'hcrtm-locality'

/** Something that a person who looks at a log should know. No finding proves anything, and nor does there being none. */
export interface LogFinding {
  readonly code: LogFindingCode
  readonly message: string
  /** The event that shows it, or the first of several, by index. */
  readonly event?: number
}

type AnyLog = TcgEventLog | CcEventLog

const { EV_NO_ACTION, EV_SEPARATOR, EV_ACTION, EV_EFI_ACTION, EV_EFI_HCRTM_EVENT } = eventTypes
/** Actions may happen again; separators have findings of their own. */
const repeatable: readonly number[] = [EV_ACTION, EV_EFI_ACTION, EV_SEPARATOR]
/** Software can reset these at any time: nothing may rest on them. */
const resettablePcrs: readonly number[] = [16, 23]
/** The locality that stands for a measurement before the TPM was started. */
const hcrtmLocality = 4
const headerSignature = 'Spec ID Event0'

/**
 * What is strange about a log, or worth knowing: first of the log as a whole, then of its events. It goes by what the log
 * says of itself. At most about a hundred findings: what is alike is counted.
 */
export function findLogFindings(log: AnyLog): readonly LogFinding[] {
  const finders = [findInFormat, findInBanks, findInTypes, findInformational, findRepetitions]
  const firmware = log.source === 'tcg' ? [...findSeparators(log), ...findHcrtm(log)] : []
  return [...finders.flatMap((find) => find(log)), ...firmware]
}

function findInFormat(log: AnyLog): readonly LogFinding[] {
  const findings: LogFinding[] = []
  const add = (code: LogFindingCode, message: string) => findings.push({ code, message })
  if (log.padding > 0) add('padding', `${log.padding} unused bytes follow the last event`)
  if (log.truncated > 0) add('truncated', `the last record is cut off after ${log.truncated} bytes`)
  if (!log.events.some((event) => event.extends)) add('no-events', 'nothing was measured')
  if (log.format === 'sha1') add('sha1-format', 'the log is in the old format, with digests of SHA-1 only')
  if (log.unknownAlgorithms > 0) {
    add('unknown-algorithm', `the header declares ${log.unknownAlgorithms} algorithms that are not known`)
  }
  return findings
}

function findInBanks(log: AnyLog): readonly LogFinding[] {
  const extending = log.events.filter((event) => event.extends)
  if (extending.length === 0) return []
  return log.algorithms.flatMap((bank): readonly LogFinding[] => {
    const missing = extending.filter((event) => event.digest(bank) === undefined)
    if (missing.length === extending.length) {
      return [
        { code: 'unextended-bank', message: `the log declares ${bank}, and no event has a digest for it` },
      ]
    }
    return [
      ...counted('missing-digest', missing, (which) => `${which} no digest for ${bank}`),
      ...counted(
        'blank-digest',
        extending.filter((event) => isBlank(event, bank)),
        (which) => `${which} for ${bank} what is no digest: all zeros or all ones`,
      ),
    ]
  })
}

function findInTypes(log: AnyLog): readonly LogFinding[] {
  const unknown = log.events.filter(
    ({ typeName, pcr }) => typeName === undefined && (log.source === 'cc' || !resettablePcrs.includes(pcr)),
  )
  return byPcr(unknown).flatMap((events) => {
    const type = describeType(events[0] as TcgEvent)
    return counted('unknown-type', events, (which) => `${which} a type that is not known, ${type}`)
  })
}

function findInformational(log: AnyLog): readonly LogFinding[] {
  const silent = log.events.filter(({ type }) => type === EV_NO_ACTION)
  const { length } = headerSignature
  return [
    ...counted(
      'informational-index',
      silent.filter(({ pcr }) => pcr > 23),
      (which) => `${which} no PCR, and only informs`,
    ),
    ...counted(
      'no-action-digest',
      silent.filter((event) =>
        [...event.digests.values()].some((digest) => digest.some((byte) => byte !== 0)),
      ),
      (which) => `${which} a digest, and is said not to have been measured`,
    ),
    ...counted(
      'repeated-header',
      silent.filter(
        ({ index, data }) =>
          index > 0 && String.fromCharCode(...data.subarray(0, length)) === headerSignature,
      ),
      (which) => `${which} another header`,
    ),
  ]
}

function findRepetitions(log: AnyLog): readonly LogFinding[] {
  const overlap = findOverlap(log.events, separatedPcrs)
  if (overlap !== undefined) {
    const { event, count } = overlap
    const message = `events ${event} to ${event + count - 1} are the ${count} before them again`
    return [{ code: 'overlap', message, event }]
  }
  if (log.source === 'cc') return []
  const repeated = findRepeated(log.events, separatedPcrs).filter(({ type }) => !repeatable.includes(type))
  return byPcr(repeated).flatMap((events) =>
    counted('repeated-event', events, (which) => `${which} what an event before it has`),
  )
}

function findSeparators(log: TcgEventLog): readonly LogFinding[] {
  if (!log.events.some((event) => event.extends)) return []
  const kindOf = separatorKinds(log)
  const candidates = log.events.filter(
    (event) =>
      event.extends &&
      separatedPcrs.includes(event.pcr) &&
      (event.type === EV_SEPARATOR || kindOf(event) !== undefined),
  )
  const isRight = (event: TcgEvent) => event.type === EV_SEPARATOR && kindOf(event) !== undefined
  const right = candidates.filter(isRight)
  const firsts = new Map(right.toReversed().map(({ pcr, index }) => [pcr, index]))
  const missing = separatedPcrs.filter((pcr) => !firsts.has(pcr))
  const message = `PCR ${missing.join(', ')} ${missing.length === 1 ? 'has' : 'have'} no separator`
  return [
    ...(missing.length === 0 ? [] : [{ code: 'missing-separator', message } as const]),
    ...counted(
      'repeated-separator',
      right.filter(({ pcr, index }) => firsts.get(pcr) !== index),
      (which) => `${which} another separator`,
    ),
    ...counted(
      'error-separator',
      right.filter((event) => kindOf(event) === 'error'),
      (which) => `${which} the separator of a firmware that failed`,
    ),
    ...counted(
      'mislabelled-separator',
      candidates.filter((event) => !isRight(event)),
      (which) => `${which} the type of a separator or its digest, but not both`,
    ),
  ]
}

/** What the digests of an event say that it separates; undefined when they do not agree. */
function separatorKinds(log: TcgEventLog): (event: TcgEvent) => 'normal' | 'error' | undefined {
  const banks = log.algorithms.map((bank) => ({ bank, digests: separatorDigests(bank) }))
  return (event) => {
    const kinds = new Set(
      banks.flatMap(({ bank, digests }) => (event.digest(bank) === undefined ? [] : [digests.kindOf(event)])),
    )
    return kinds.size === 1 ? [...kinds][0] : undefined
  }
}

function findHcrtm(log: TcgEventLog): readonly LogFinding[] {
  const event = log.events.find(({ type, pcr }) => type === EV_EFI_HCRTM_EVENT && pcr === 0)
  if ((event !== undefined) === (log.startupLocality === hcrtmLocality)) return []
  const message =
    event === undefined
      ? 'the stated locality of startup is that of H-CRTM, and none was measured'
      : `H-CRTM was measured, and the stated locality of startup is ${log.startupLocality}`
  return [{ code: 'hcrtm-locality', message, ...(event === undefined ? {} : { event: event.index }) }]
}

/** One finding for events that are alike; none when there are none. */
function counted(
  code: LogFindingCode,
  events: readonly TcgEvent[],
  say: (which: string) => string,
): readonly LogFinding[] {
  const [first] = events
  if (first === undefined) return []
  const pcrs = [...new Set(events.map(({ pcr }) => pcr))].filter((pcr) => pcr <= 23).sort((a, b) => a - b)
  const place = pcrs.length === 0 ? '' : ` in PCR ${pcrs.join(', ')}`
  const which =
    events.length === 1
      ? `event ${first.index}${place} has`
      : `${events.length} events${place}, the first of them event ${first.index}, have`
  return [{ code, message: say(which), event: first.index }]
}

function byPcr(events: readonly TcgEvent[]): readonly (readonly TcgEvent[])[] {
  const found = new Map<number, TcgEvent[]>()
  for (const event of events) {
    const others = found.get(event.pcr)
    if (others === undefined) found.set(event.pcr, [event])
    else others.push(event)
  }
  return [...found].sort(([a], [b]) => a - b).map(([, of]) => of)
}

/** All zeros or all ones: what no hash function gives. */
function isBlank(event: TcgEvent, bank: HashAlgorithm): boolean {
  const digest = event.digest(bank)
  const [first] = digest ?? []
  return (
    digest?.length === hashFacts(bank).size &&
    (first === 0 || first === 0xff) &&
    digest.every((byte) => byte === first)
  )
}
