import { hash as hashOnce } from 'node:crypto'
import { TrustholdError } from '../errors/index.js'
import { type HashAlgorithm, hashFacts, isHashAlgorithm } from '../tpm2/index.js'
import { type EventLog, type LogEvent, pcrCount } from './event-log.js'
import { eventTypes } from './event-types.js'

/** PCRs of the dynamic root of trust start with all bits set, until a dynamic launch; the others with none. */
const firstDynamicPcr = 17
const lastDynamicPcr = 22

/** Signature of the event that names the locality of TPM2_Startup; one byte, the locality, follows. */
const startupLocality = 'StartupLocality\0'
/** 0: no locality, 3: another one, 4: the firmware was measured before the TPM was started (H-CRTM). */
const localities: readonly number[] = [0, 3, 4]

/** What a replay gives. */
export interface Replay {
  /** Values of PCRs 0 to 23. */
  readonly values: ReadonlyMap<number, Uint8Array>
  /** PCRs into which the log extends something. */
  readonly extended: ReadonlySet<number>
  /** Locality of TPM2_Startup as the log states it, 0 when it does not. */
  readonly locality: number
}

/**
 * Values that PCRs 0 to 23 have when they are extended as the log says, for one bank. Events without action are left
 * out; a stated locality of startup is the last byte of PCR 0's first value.
 * PC Client Platform Firmware Profile, sections 10.4.5.3 and 10.5.
 * @param bank name of the bank's hash algorithm, such as `sha256`
 * @returns a new map, ascending, of values of the digest's size
 * @throws EVENT_LOG_INVALID when the log has no digests for the bank, leaves one out, names another PCR, or states the
 *   locality wrongly
 */
export function replayEventLog(log: EventLog, bank: string): ReadonlyMap<number, Uint8Array> {
  return replay(log, bank).values
}

/** {@link replayEventLog}, with what else is known afterwards. */
export function replay(log: EventLog, bank: string): Replay {
  const algorithm = declaredBank(log, bank)
  const { size, node } = hashFacts(algorithm)
  const block = Buffer.alloc(2 * size)
  // PCRs are kept as binary strings: node:crypto returns those in half of the time that a new Uint8Array takes.
  const values = initialValues(size)
  const extended = new Set<number>()
  let locality = 0
  let stated = false
  for (const event of log.events) {
    const { pcr } = event
    if (event.type === eventTypes.EV_NO_ACTION) {
      const found = event.index === 0 ? undefined : statedLocality(event)
      if (found === undefined) continue
      if (stated || extended.has(0))
        throw invalid(event, 'event', 'one StartupLocality before PCR 0 is extended', 'another')
      values[0] = `${'\0'.repeat(size - 1)}${String.fromCharCode(found)}`
      locality = found
      stated = true
      continue
    }
    const value = values[pcr]
    if (value === undefined) throw invalid(event, 'pcrIndex', `a PCR below ${pcrCount}`, String(pcr))
    block.write(value, 0, 'latin1')
    if (!event.copyDigest(algorithm, block, size))
      throw invalid(event, 'digests', `a digest for ${algorithm}`, 'none')
    values[pcr] = hashOnce(node, block, 'binary')
    extended.add(pcr)
  }
  return {
    values: new Map(values.map((value, pcr) => [pcr, Uint8Array.from(Buffer.from(value, 'latin1'))])),
    extended,
    locality,
  }
}

/**
 * Extends a PCR with one digest after the other: each time H(value || digest). TPM 2.0 Part 1, section 17.4.
 * @param first value before, in bytes of the digest's size, as are the digests
 */
export function extendPcr(bank: HashAlgorithm, first: Uint8Array, digests: Iterable<Uint8Array>): Uint8Array {
  const { size, node } = hashFacts(bank)
  const block = Buffer.alloc(2 * size)
  block.set(first)
  for (const digest of digests) {
    block.set(digest, size)
    block.write(hashOnce(node, block, 'binary'), 0, 'latin1')
  }
  return Uint8Array.from(block.subarray(0, size))
}

/**
 * The bank's algorithm, if the log has digests for it.
 * @throws EVENT_LOG_INVALID
 */
export function declaredBank(log: EventLog, bank: string): HashAlgorithm {
  if (isHashAlgorithm(bank) && log.algorithms.includes(bank)) return bank
  throw new TrustholdError('EVENT_LOG_INVALID', {
    event: 0,
    offset: 0,
    field: 'algorithms',
    expected: `digests for ${bank}`,
    actual: log.algorithms.join(', ') || 'none that is known',
  })
}

/** Value that a PCR has before anything is extended into it: `size` bytes. */
export function initialValue(pcr: number, size: number, locality = 0): Uint8Array {
  const dynamic = pcr >= firstDynamicPcr && pcr <= lastDynamicPcr
  const value = new Uint8Array(size).fill(dynamic ? 0xff : 0)
  if (pcr === 0) value[size - 1] = locality
  return value
}

function initialValues(size: number): string[] {
  return Array.from({ length: pcrCount }, (_, pcr) => Buffer.from(initialValue(pcr, size)).toString('latin1'))
}

function statedLocality(event: LogEvent): number | undefined {
  const { data } = event
  if (event.pcr !== 0 || data.length < startupLocality.length) return undefined
  for (let i = 0; i < startupLocality.length; i++) {
    if (data[i] !== startupLocality.charCodeAt(i)) return undefined
  }
  const locality = data[startupLocality.length]
  if (
    data.length !== startupLocality.length + 1 ||
    locality === undefined ||
    !localities.includes(locality)
  ) {
    const actual = `${data.length - startupLocality.length} bytes: ${locality ?? 'none'}`
    throw invalid(event, 'event', `one byte, a locality of ${localities.join(', ')}`, actual)
  }
  return locality
}

function invalid(event: LogEvent, field: string, expected: string, actual: string): TrustholdError {
  const { index, offset } = event
  return new TrustholdError('EVENT_LOG_INVALID', { event: index, offset, field, expected, actual })
}
