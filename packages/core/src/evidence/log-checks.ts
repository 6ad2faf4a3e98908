import { describeError, isTrustholdError, TrustholdError } from '../errors/index.js'
import {
  type BootFacts,
  bootFacts,
  compareLogs,
  type LogComparison,
  parseEventLog,
  parseSystemdLog,
  proveLog,
  replayLogs,
  type SystemdFacts,
  type SystemdLog,
  systemdFacts,
  type TcgEventLog,
} from '../measured-boot/index.js'
import { toBankSelections } from '../tpm2/index.js'
import { type Check, fail, pass } from '../verdict/index.js'
import type { PcrValues, QuoteAttest } from './quote-checks.js'

/** The firmware's PCRs are 0 to 7. */
const lastFirmwarePcr = 7

/** Logs of one boot, as they were read. */
export interface ReadLogs {
  /** The event log's bytes, which the log's events are views of. */
  readonly bytes: Uint8Array
  readonly log: TcgEventLog
  readonly systemd: SystemdLog | undefined
}

/** An event log that replays to quoted PCR values, and what it proves. */
export interface ProvedBoot {
  readonly log: TcgEventLog
  /** What the logs prove, found out when it is first asked for. */
  facts(): BootFacts
  /** The same of systemd's log; undefined when it was not given. */
  systemd(): SystemdFacts | undefined
}

/** Passed by a log, when it was judged or is known from before. */
export const extendedCheck = pass('event-log.firmware', 'the firmware extended every quoted PCR of its own')
/** As {@link extendedCheck}. */
export const replayCheck = pass('event-log.replay', 'the event log replays to the quoted PCR values')
/** As {@link extendedCheck}. */
export const structureCheck = (log: TcgEventLog): Check =>
  pass('event-log.structure', `the event log is well-formed and has ${log.eventCount} events`)

/** Reads the logs; undefined, with a failed check, when one is malformed. */
export function readLogs(
  eventLog: Uint8Array,
  systemdLog: Uint8Array | undefined,
  checks: Check[],
): ReadLogs | undefined {
  const log = attempt('event-log.structure', checks, () => parseEventLog(eventLog))
  if (log === undefined) return undefined
  checks.push(structureCheck(log))
  if (systemdLog === undefined) return { bytes: eventLog, log, systemd: undefined }
  const id = 'systemd-log.structure'
  const systemd = attempt(id, checks, () => parseSystemdLog(systemdLog))
  if (systemd === undefined) return undefined
  checks.push(pass(id, `systemd's log is well-formed and has ${systemd.events.length} records`))
  return { bytes: eventLog, log, systemd }
}

/** What the logs say the quoted PCRs hold; the digest over them then shows whether it is true. */
export function replayedValues(
  logs: ReadLogs,
  attest: QuoteAttest,
  checks: Check[],
): readonly PcrValues[] | undefined {
  return attempt('event-log.replay', checks, () =>
    toBankSelections(attest.attested.pcrSelect).map(({ bank, pcrs }) => {
      const { values } = replayLogs(inOrder(logs), bank)
      return { bank, values: new Map(pcrs.map((pcr) => [pcr, knownValue(values, pcr, bank)])) }
    }),
  )
}

function knownValue(values: ReadonlyMap<number, Uint8Array>, pcr: number, bank: string): Uint8Array {
  const value = values.get(pcr)
  if (value !== undefined) return value
  const expected = `a digest for ${bank} in every event of PCR ${pcr}, as no PCR values were given`
  throw new TrustholdError('EVENT_LOG_INVALID', {
    event: 0,
    offset: 0,
    field: 'digests',
    expected,
    actual: 'none',
  })
}

/**
 * The logs, replayed one after the other, give the quoted value of every quoted PCR that they speak of; names the PCRs
 * that differ. What is verified about the boot rests on the first bank, and what an event says has to be covered in all
 * banks. Undefined when a check failed.
 */
export function judgeLogs(
  logs: ReadLogs,
  pcrs: readonly PcrValues[],
  checks: Check[],
): ProvedBoot | undefined {
  const { id } = replayCheck
  const comparisons = attempt(id, checks, () => compareBanks(logs, pcrs))
  if (comparisons === undefined) return undefined
  const different = comparisons.find(({ differing }) => differing.length > 0)
  if (different !== undefined) {
    const names = different.differing.map(({ pcr }) => `PCR ${pcr}`).join(', ')
    checks.push(fail(id, `the event log does not replay to the quoted ${different.bank} values of ${names}`))
    return undefined
  }
  const extended = checkFirmwareExtended(comparisons)
  checks.push(replayCheck, extended)
  const [first, ...others] = comparisons
  return first === undefined || extended.outcome !== 'pass' ? undefined : proveBoot(logs, first, others)
}

/**
 * What logs prove that were judged with each of several quotes, by the values of all of them.
 * @param systemdLog the one that was judged too
 */
export function proveTogether(
  log: TcgEventLog,
  systemdLog: Uint8Array | undefined,
  pcrs: readonly PcrValues[],
): ProvedBoot | undefined {
  const logs = { log, systemd: systemdLog === undefined ? undefined : parseSystemdLog(systemdLog) }
  const [first, ...others] = compareBanks(logs, pcrs)
  return first === undefined ? undefined : proveBoot(logs, first, others)
}

function compareBanks(logs: BootLogs, pcrs: readonly PcrValues[]): readonly BankComparison[] {
  return pcrs.map(({ bank, values }) => ({ bank, ...compareLogs(inOrder(logs), bank, values) }))
}

type BootLogs = Pick<ReadLogs, 'log' | 'systemd'>

const inOrder = ({ log, systemd }: BootLogs) => (systemd === undefined ? [log] : [log, systemd])

interface BankComparison extends LogComparison {
  readonly bank: string
}

function proveBoot(
  { log, systemd }: BootLogs,
  { bank, matching, untouched }: BankComparison,
  others: readonly BankComparison[],
): ProvedBoot {
  const later = systemd === undefined ? [] : [systemd]
  const known = [...matching, ...untouched]
  let facts: BootFacts | undefined
  let statements: SystemdFacts | undefined
  return {
    log,
    facts() {
      facts ??= bootFacts(log, bank, known, later, others)
      return facts
    },
    systemd() {
      if (systemd !== undefined)
        statements ??= systemdFacts(systemd, proveLog(log, bank, known, later, others))
      return statements
    },
  }
}

/**
 * Every quoted PCR of the firmware, 0 to 7, was extended: it measures at least a separator into each. In a bank that it
 * leaves alone the operating system can extend what it likes, and so look like any other machine.
 */
function checkFirmwareExtended(
  comparisons: readonly { readonly bank: string; readonly untouched: readonly number[] }[],
): Check {
  const [blank] = comparisons.flatMap(({ bank, untouched }) =>
    untouched.filter((pcr) => pcr <= lastFirmwarePcr).map((pcr) => `PCR ${pcr} of bank ${bank}`),
  )
  return blank === undefined
    ? extendedCheck
    : fail(extendedCheck.id, `${blank} has its first value: the firmware did not extend it`)
}

/** What was read, or a failed check. */
export function attempt<T>(id: string, checks: Check[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    checks.push(fail(id, describeError(error)))
    return undefined
  }
}
