import { hash as hashOnce } from 'node:crypto'
import { fromHex } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import type { Extensions } from '../record.js'
import type { DigestRule, ImaLog } from './ima-log.js'
import {
  checkImaBank,
  defaultImaPcr,
  type ImaBankState,
  type ImaReplayState,
  initialImaState,
  stateAfter,
} from './replay-state.js'

/** What {@link matchImaLog} takes besides log, bank and value. */
export interface ImaMatchOptions {
  /** The PCR that is matched; 10 by default, or the state's. */
  readonly pcr?: number
  /** How far the list was verified before; the log must start there, see {@link continueImaLog}. */
  readonly state?: ImaReplayState
  /**
   * Accepts kernels that extend the SHA-1 template hash with zeros after it into this bank: the log is then no better
   * protected than by SHA-1, whatever the bank's name. Refused by default.
   */
  readonly acceptZeroPadded?: boolean
}

/** How a list fits the value of a PCR. */
export type ImaMatch =
  | {
      readonly matched: true
      /** Entries of the list that the value proves: its first so many, those of the PCR. The others are not judged. */
      readonly count: number
      /** How the kernel makes digests for this bank. */
      readonly rule: DigestRule
      /** To go on from next time, once everything else is verified too. */
      readonly state: ImaReplayState
    }
  | {
      readonly matched: false
      /**
       * - `unextended`: the PCR has its first value: the kernel measured nothing into it.
       * - `template-hash`: the listed template hashes give the value, but some are not those of the entries' data.
       * - `zero-padded`: SHA-1 with zeros after it gives the value, which was not accepted.
       * - `no-prefix`: nothing gives it: the list was changed, is of another boot, or ends before the quote.
       */
      readonly cause: 'unextended' | 'template-hash' | 'zero-padded' | 'no-prefix'
      /** One sentence for a person. */
      readonly reason: string
    }

const paddedRules: readonly DigestRule[] = ['zero-padded', 'zero-padded-violations']

/**
 * Finds the entries of a list that the quoted value of a PCR proves: lists grow while they are read, so a list is often
 * longer than the quote, and matches exactly up to the entry whose extension gives the value. Digests are made of the
 * entries' data, never taken from the list, so what matches is also true of the data, violations excepted.
 * @param bank that `value` is of
 * @param value of the PCR as a verified quote has it
 * @throws ARGUMENT_INVALID when log and state do not belong together, or for a bank that kernels do not extend
 */
export function matchImaLog(
  log: ImaLog,
  bank: HashAlgorithm,
  value: Uint8Array,
  options: ImaMatchOptions = {},
): ImaMatch {
  const before = startOf(log, bank, options)
  const state = before.banks[bank] as ImaBankState
  const search = { log, bank, pcr: before.pcr, start: fromHex(state.value), wanted: toBinary(value) }
  if (before.count === 0 && toBinary(search.start) === search.wanted) {
    const reason = `PCR ${before.pcr} of ${bank} has its first value: nothing was measured into it`
    return { matched: false, cause: 'unextended', reason }
  }
  const padded = options.acceptZeroPadded === true ? paddedRules : []
  for (const rule of ['recomputed', ...padded] as const) {
    const count = findPrefix(search, rule)
    if (count !== -1) return { matched: true, count, rule, state: advance(search, before, count, rule) }
  }
  return explain(search)
}

/** The state to go on from. */
function startOf(log: ImaLog, bank: HashAlgorithm, { pcr, state: given }: ImaMatchOptions): ImaReplayState {
  checkImaBank(bank)
  const state = given ?? initialImaState([bank], pcr ?? defaultImaPcr)
  if (pcr !== undefined && pcr !== state.pcr) throw argument('pcr', `the state is of PCR ${state.pcr}`)
  if (state.banks[bank] === undefined) throw argument('state', `it does not follow the bank ${bank}`)
  if (log.first !== state.count) {
    throw argument('log', `it starts with entry ${log.first}, expected entry ${state.count}`)
  }
  return state
}

/** What one search goes through. */
interface Search {
  readonly log: ImaLog
  readonly bank: HashAlgorithm
  readonly pcr: number
  readonly start: Uint8Array
  /** As a binary string, which is compared in no time. */
  readonly wanted: string
}

/** Index after the entry whose extension gives the wanted value; -1 when none does. */
function findPrefix({ log, bank, pcr, start, wanted }: Search, rule: DigestRule | undefined): number {
  if (log.first > 0 && toBinary(start) === wanted) return log.first
  const { last, value } = follow(log.extensions(bank, rule), bank, pcr, start, wanted)
  return value === wanted ? log.first + last + 1 : -1
}

/**
 * Extends a PCR with one digest after the other: each time H(value || digest). TPM 2.0 Part 1, section 17.4.
 * @param wanted value at which to stop
 * @param end how many of the extensions to follow
 * @returns the value that was reached, as a binary string, and the extension that gave it
 */
function follow(
  { bytes, pcrs, digests }: Extensions,
  bank: HashAlgorithm,
  pcr: number,
  start: Uint8Array,
  wanted: string | undefined,
  end = pcrs.length,
): { value: string; last: number } {
  const { size, node } = hashFacts(bank)
  const block = new Uint8Array(2 * size)
  block.set(start)
  let value = toBinary(start)
  for (let i = 0; i < end; i++) {
    if (pcrs[i] !== pcr) continue
    const digest = digests[i] as number
    for (let k = 0; k < size; k++) block[size + k] = bytes[digest + k] as number
    value = hashOnce(node, block, 'binary')
    if (value === wanted) return { value, last: i }
    for (let k = 0; k < size; k++) block[k] = value.charCodeAt(k)
  }
  return { value, last: end - 1 }
}

/** The state after the match: every bank that the state follows, up to the same entry. */
function advance(search: Search, before: ImaReplayState, count: number, rule: DigestRule): ImaReplayState {
  const { log, bank: matched, pcr, wanted } = search
  const banks: Partial<Record<HashAlgorithm, ImaBankState>> = {}
  for (const [name, state] of Object.entries(before.banks)) {
    const bank = name as HashAlgorithm
    const value =
      bank === matched
        ? wanted
        : follow(
            log.extensions(bank, state.rule),
            bank,
            pcr,
            fromHex(state.value),
            undefined,
            count - log.first,
          ).value
    const own = bank === matched ? rule : state.rule
    banks[bank] = { value: Buffer.from(value, 'latin1').toString('hex'), rule: own }
  }
  return stateAfter(before, log, count, banks)
}

/** Why nothing matches: a host's owner can act on the first two. */
function explain(search: Search): ImaMatch {
  const { log, bank, pcr } = search
  const where = `PCR ${pcr} of ${bank}`
  if (bank === log.listedAlgorithm && findPrefix(search, undefined) !== -1) {
    const entries = log.events.filter((entry) => !entry.hasListedHash()).map(({ index }) => index)
    const shown = entries.slice(0, 10).join(', ')
    const reason = `${where} is that of the listed template hashes, which are not those of the data of entry ${shown}`
    return { matched: false, cause: 'template-hash', reason }
  }
  if (bank !== 'sha1' && paddedRules.some((rule) => findPrefix(search, rule) !== -1)) {
    const reason = `${where} was extended with SHA-1 template hashes and zeros after them, which is not accepted`
    return { matched: false, cause: 'zero-padded', reason }
  }
  const after = log.first === 0 ? '' : ` after entry ${log.first - 1}`
  const reason = `no part of the list's ${log.events.length} entries${after} gives ${where}: it was changed, is of another boot, or ends before the quote`
  return { matched: false, cause: 'no-prefix', reason }
}

function toBinary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function argument(name: string, reason: string): TrustholdError {
  return new TrustholdError('ARGUMENT_INVALID', { name, reason })
}
