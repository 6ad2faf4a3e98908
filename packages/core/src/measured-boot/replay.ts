import { hash as hashOnce } from 'node:crypto'
import { TrustholdError } from '../errors/index.js'
import { type HashAlgorithm, hashFacts, isHashAlgorithm } from '../tpm2/index.js'
import { type MeasuredEvent, type MeasurementLog, pcrCount } from './record.js'

/** PCRs of the dynamic root of trust start with all bits set, until a dynamic launch; the others with none. */
const firstDynamicPcr = 17
const lastDynamicPcr = 22

/** What a replay gives. */
export interface Replay {
  /** Values of PCRs 0 to 23. */
  readonly values: ReadonlyMap<number, Uint8Array>
  /** PCRs into which the log extends something. */
  readonly extended: ReadonlySet<number>
}

/**
 * Values that PCRs 0 to 23 have when they are extended as the log says, for one bank. Events without action are left
 * out; a stated locality of startup is the last byte of PCR 0's first value.
 * PC Client Platform Firmware Profile, sections 10.4.5.3 and 10.5.
 * @param bank name of the bank's hash algorithm, such as `sha256`
 * @returns a new map, ascending, of values of the digest's size
 * @throws EVENT_LOG_INVALID when the log has no digests for the bank, leaves one out, or names another PCR
 */
export function replayEventLog(log: MeasurementLog, bank: string): ReadonlyMap<number, Uint8Array> {
  return replay(log, bank).values
}

/** {@link replayEventLog}, with what else is known afterwards. */
export function replay(log: MeasurementLog, bank: string): Replay {
  const algorithm = declaredBank(log, bank)
  const { size, node } = hashFacts(algorithm)
  const block = new Uint8Array(2 * size)
  // A value once extended is kept as a binary string, which node:crypto returns in a third of the time of an array.
  const states = new Array<string | undefined>(pcrCount)
  for (const event of log.events) {
    if (!event.extends) continue
    const { pcr } = event
    if (pcr >= pcrCount) throw invalid(event, 'pcrIndex', `a PCR below ${pcrCount}`, String(pcr))
    const state = states[pcr]
    if (state === undefined) block.set(initialValue(pcr, size, log.startupLocality))
    else copyBinary(state, block)
    if (!event.copyDigest(algorithm, block, size)) {
      throw invalid(event, 'digests', `a digest for ${algorithm}`, 'none')
    }
    states[pcr] = hashOnce(node, block, 'binary')
  }
  return readStates(states, size, log.startupLocality)
}

function readStates(states: readonly (string | undefined)[], size: number, locality: number) {
  const values = new Map<number, Uint8Array>()
  const extended = new Set<number>()
  for (let pcr = 0; pcr < pcrCount; pcr++) {
    const state = states[pcr]
    if (state !== undefined) extended.add(pcr)
    values.set(
      pcr,
      state === undefined ? initialValue(pcr, size, locality) : copyBinary(state, new Uint8Array(size)),
    )
  }
  return { values, extended }
}

/** Writes a binary string's bytes to the start of `target`. For these few bytes a loop beats every built-in way. */
function copyBinary(text: string, target: Uint8Array): Uint8Array {
  for (let i = 0; i < text.length; i++) target[i] = text.charCodeAt(i)
  return target
}

/**
 * Extends a PCR with one digest after the other: each time H(value || digest). TPM 2.0 Part 1, section 17.4.
 * @param first value before, in bytes of the digest's size, as are the digests
 */
export function extendPcr(bank: HashAlgorithm, first: Uint8Array, digests: Iterable<Uint8Array>): Uint8Array {
  const { size, node } = hashFacts(bank)
  const block = new Uint8Array(2 * size)
  block.set(first)
  for (const digest of digests) {
    block.set(digest, size)
    copyBinary(hashOnce(node, block, 'binary'), block)
  }
  return block.slice(0, size)
}

/**
 * The bank's algorithm, if the log has digests for it.
 * @throws EVENT_LOG_INVALID
 */
export function declaredBank(log: MeasurementLog, bank: string): HashAlgorithm {
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

function invalid(event: MeasuredEvent, field: string, expected: string, actual: string): TrustholdError {
  const { index, offset } = event
  return new TrustholdError('EVENT_LOG_INVALID', { event: index, offset, field, expected, actual })
}
