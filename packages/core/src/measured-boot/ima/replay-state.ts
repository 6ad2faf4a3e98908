import { toHex } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { digestOf, type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import { initialValue } from '../pcr-states.js'
import { pcrCount } from '../record.js'
import { imaBanks } from './hash-algorithms.js'
import type { DigestRule, ImaLog } from './ima-log.js'

/** The PCR that kernels extend unless they are configured or told otherwise (CONFIG_IMA_MEASURE_PCR_IDX). */
export const defaultImaPcr = 10

/** How far a bank's PCR was followed. */
export interface ImaBankState {
  /** Lower-case hexadecimal. */
  readonly value: string
  /** How the kernel makes digests for this bank; `recomputed` until a match has shown another. */
  readonly rule: DigestRule
}

/**
 * How far a host's list was verified, so that the next time only new entries cost anything. Plain data, to be kept by
 * the verifier where hosts cannot write: whoever writes it decides what is trusted.
 */
export interface ImaReplayState {
  readonly version: 1
  readonly pcr: number
  /** Entries of the list, of whatever PCR, that are behind this state. */
  readonly count: number
  /** Where the next entry starts in the kernel's list, in bytes. */
  readonly offset: number
  /** The last entry behind this state, by which the list is recognised; absent while there is none. */
  readonly last?: {
    /** Where it starts in the kernel's list, and how long it is, in bytes. */
    readonly offset: number
    readonly length: number
    /** SHA-256 of it as listed; lower-case hexadecimal. */
    readonly sha256: string
  }
  readonly banks: Readonly<Partial<Record<HashAlgorithm, ImaBankState>>>
}

/**
 * The state before the first entry.
 * @param banks that will be followed; each costs its own hashing
 * @throws ARGUMENT_INVALID for a bank that kernels do not extend, or a PCR that does not exist
 */
export function initialImaState(banks: readonly HashAlgorithm[], pcr = defaultImaPcr): ImaReplayState {
  if (!Number.isInteger(pcr) || pcr < 0 || pcr >= pcrCount) throw argument('pcr', `${pcr} is no PCR`)
  const states: Partial<Record<HashAlgorithm, ImaBankState>> = {}
  for (const bank of banks) {
    checkImaBank(bank)
    states[bank] = { value: toHex(initialValue(pcr, hashFacts(bank).size)), rule: 'recomputed' }
  }
  return { version: 1, pcr, count: 0, offset: 0, banks: states }
}

/**
 * Checks that kernels extend digests of their own into a bank.
 * @throws ARGUMENT_INVALID
 */
export function checkImaBank(bank: HashAlgorithm): void {
  if (!imaBanks.includes(bank)) throw argument('bank', `kernels have no digests of their own for ${bank}`)
}

/** The state after `count` entries of the list. @param banks of that point */
export function stateAfter(
  before: ImaReplayState,
  log: ImaLog,
  count: number,
  banks: ImaReplayState['banks'],
): ImaReplayState {
  const last = log.entry(count - 1)
  if (last === undefined) return { ...before, banks }
  const { record } = last
  const offset = log.base + last.offset
  return {
    version: 1,
    pcr: before.pcr,
    count,
    offset: offset + record.length + (log.encoding === 'ascii' ? 1 : 0),
    last: { offset, length: record.length, sha256: toHex(digestOf('sha256', record)) },
    banks,
  }
}

/**
 * Reads a state that was kept as JSON.
 * @param value as JSON.parse returns it
 * @throws REQUEST_INVALID with the path of the first thing that is wrong
 */
export function readImaReplayState(value: unknown): ImaReplayState {
  const state = object(value, '$')
  if (state['version'] !== 1) throw invalid('version', '1', state['version'])
  const pcr = integer(state['pcr'], 'pcr')
  if (pcr >= pcrCount) throw invalid('pcr', `a PCR below ${pcrCount}`, pcr)
  const count = integer(state['count'], 'count')
  const offset = integer(state['offset'], 'offset')
  const banks: Partial<Record<HashAlgorithm, ImaBankState>> = {}
  for (const [name, bank] of Object.entries(object(state['banks'], 'banks'))) {
    const algorithm = imaBanks.find((known) => known === name)
    if (algorithm === undefined) throw invalid('banks', `some of ${imaBanks.join(', ')}`, name)
    banks[algorithm] = readBank(bank, `banks.${name}`, hashFacts(algorithm).size)
  }
  const last = count === 0 ? undefined : readLast(state['last'], offset)
  if (count === 0 && state['last'] !== undefined) throw invalid('last', 'none without entries', state['last'])
  return { version: 1, pcr, count, offset, ...(last === undefined ? {} : { last }), banks }
}

function readLast(value: unknown, next: number): NonNullable<ImaReplayState['last']> {
  const last = object(value, 'last')
  const offset = integer(last['offset'], 'last.offset')
  const length = integer(last['length'], 'last.length')
  if (offset + length > next) throw invalid('last.length', `an entry before ${next}`, offset + length)
  return { offset, length, sha256: hex(last['sha256'], 'last.sha256', 32) }
}

function readBank(value: unknown, path: string, size: number): ImaBankState {
  const bank = object(value, path)
  const rule = rules.find((known) => known === bank['rule'])
  if (rule === undefined) throw invalid(`${path}.rule`, rules.join(' or '), bank['rule'])
  return { value: hex(bank['value'], `${path}.value`, size), rule }
}

const rules: readonly DigestRule[] = ['recomputed', 'zero-padded', 'zero-padded-violations']

function object(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>
  }
  throw invalid(path, 'an object', value)
}

function integer(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(path, 'a whole number from 0', value)
}

function hex(value: unknown, path: string, size: number): string {
  if (typeof value === 'string' && value.length === 2 * size && /^[0-9a-f]+$/.test(value)) return value
  throw invalid(path, `${2 * size} lower-case hexadecimal digits`, value)
}

function invalid(path: string, expected: string, actual: unknown): TrustholdError {
  const shown = typeof actual === 'object' && actual !== null ? 'an object' : String(actual).slice(0, 100)
  return new TrustholdError('REQUEST_INVALID', { path, expected, actual: shown })
}

function argument(name: string, reason: string): TrustholdError {
  return new TrustholdError('ARGUMENT_INVALID', { name, reason })
}
