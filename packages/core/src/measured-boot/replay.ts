import { TrustholdError } from '../errors/index.js'
import { type HashAlgorithm, hashFacts, isHashAlgorithm } from '../tpm2/index.js'
import { PcrStates } from './pcr-states.js'
import { type Extensions, type MeasuredEvent, type MeasurementLog, pcrCount } from './record.js'

/** What a replay gives. */
export interface Replay {
  /**
   * Values of PCRs 0 to 23, ascending. A PCR is missing when one of its events has no digest for the bank: what such an
   * event says, nothing would cover.
   */
  readonly values: ReadonlyMap<number, Uint8Array>
  /** PCRs into which the logs extend something. */
  readonly extended: ReadonlySet<number>
}

/**
 * Values that PCRs 0 to 23 have when they are extended as the log says, for one bank. Events without action are left
 * out; a stated locality of startup is the last byte of PCR 0's first value. A PCR with an event that has no digest for
 * the bank is missing. PC Client Platform Firmware Profile, sections 10.4.5.3 and 10.5.
 * @param bank name of the bank's hash algorithm, such as `sha256`
 * @returns a new map, ascending, of values of the digest's size
 * @throws EVENT_LOG_INVALID when the log has no digests for the bank, or names another PCR
 */
export function replayEventLog(log: MeasurementLog, bank: string): ReadonlyMap<number, Uint8Array> {
  return replay(log, bank).values
}

/** {@link replayEventLog}, with what else is known afterwards. */
export function replay(log: MeasurementLog, bank: string): Replay {
  return replayLogs([log], bank)
}

/**
 * Replays several logs of one boot into the same PCRs, in the order in which they are given: the firmware's first, then
 * those that the operating system keeps.
 * @throws EVENT_LOG_INVALID as {@link replayEventLog}, or when two logs state another locality of startup;
 *   ARGUMENT_INVALID without any log
 */
export function replayLogs(logs: readonly MeasurementLog[], bank: string): Replay {
  const states = extendLogs(logs, bank)
  const values = new Map<number, Uint8Array>()
  const extended = new Set<number>()
  for (let pcr = 0; pcr < pcrCount; pcr++) {
    if (states.isExtended(pcr)) extended.add(pcr)
    const value = states.value(pcr)
    if (value !== undefined) values.set(pcr, value)
  }
  return { values, extended }
}

/**
 * The PCRs of a bank after the logs were extended into them.
 * @param only whether a PCR is extended, by index; all are by default
 * @throws as {@link replayLogs}
 */
export function extendLogs(
  logs: readonly MeasurementLog[],
  bank: string,
  only?: readonly boolean[],
): PcrStates {
  const [first] = logs
  if (first === undefined) {
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'logs', reason: 'there is no log to replay' })
  }
  for (const log of logs) refuseRegisters(log)
  const algorithm = declaredBank(first, bank)
  const states = new PcrStates(algorithm, localityOf(logs))
  for (const log of logs) states.extend(extensionsOf(log, declaredBank(log, bank)), only)
  return states
}

/**
 * The bank's algorithm, if the log has digests for it.
 * @throws EVENT_LOG_INVALID
 */
export function declaredBank(log: Pick<MeasurementLog, 'algorithms'>, bank: string): HashAlgorithm {
  if (isHashAlgorithm(bank) && log.algorithms.includes(bank)) return bank
  throw new TrustholdError('EVENT_LOG_INVALID', {
    event: 0,
    offset: 0,
    field: 'algorithms',
    expected: `digests for ${bank}`,
    actual: log.algorithms.join(', ') || 'none that is known',
  })
}

/** The log of a confidential machine's registers has another type; this is for those who get around it. */
function refuseRegisters({ source }: { readonly source: string }): void {
  if (source !== 'cc') return
  throw new TrustholdError('EVENT_LOG_INVALID', {
    event: 0,
    offset: 0,
    field: 'source',
    expected: 'a log of PCRs',
    actual: 'one of the registers of a confidential machine',
  })
}

/** Only the firmware's log knows how the TPM was started; the others state 0. */
function localityOf(logs: readonly MeasurementLog[]): number {
  let locality = 0
  for (const { startupLocality: stated } of logs) {
    if (stated !== 0 && locality !== 0 && stated !== locality) {
      throw new TrustholdError('EVENT_LOG_INVALID', {
        event: 0,
        offset: 0,
        field: 'startupLocality',
        expected: `${locality}, as another log states`,
        actual: String(stated),
      })
    }
    if (stated !== 0) locality = stated
  }
  return locality
}

function extensionsOf(log: MeasurementLog, bank: HashAlgorithm): Extensions {
  return log.extensions?.(bank) ?? collectExtensions(log.events, bank)
}

function collectExtensions(events: readonly MeasuredEvent[], bank: HashAlgorithm): Extensions {
  const { size } = hashFacts(bank)
  const extending = events.filter((event) => event.extends)
  const bytes = new Uint8Array(extending.length * size)
  const pcrs: number[] = []
  const digests: number[] = []
  for (const event of extending) {
    if (!(event.pcr >= 0 && event.pcr < pcrCount)) throw badPcr(event)
    const at = pcrs.length * size
    pcrs.push(event.pcr)
    digests.push(event.copyDigest(bank, bytes, at) ? at : -1)
  }
  return { bytes, pcrs, digests }
}

function badPcr({ index, offset, pcr }: MeasuredEvent): TrustholdError {
  const expected = `a PCR below ${pcrCount}`
  return new TrustholdError('EVENT_LOG_INVALID', {
    event: index,
    offset,
    field: 'pcrIndex',
    expected,
    actual: String(pcr),
  })
}
