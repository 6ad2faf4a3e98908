import {
  checkBootAggregate,
  type ImaEntry,
  type ImaLog,
  matchImaLog,
  parseImaLog,
} from '../measured-boot/index.js'
import { type HashAlgorithm, isHashAlgorithm } from '../tpm2/index.js'
import { type Check, fail, pass, skipped } from '../verdict/index.js'
import { attempt } from './log-checks.js'
import type { PcrValues } from './quote-checks.js'
import type { ProvedImaLog } from './quote-facts.js'

/** The PCR that kernels extend with their list. */
const imaPcr = 10

type PcrsByBank = ReadonlyMap<HashAlgorithm, ReadonlyMap<number, Uint8Array>>

/**
 * Judges a list of IMA by what a quote proves: the quoted PCR 10 of every bank has to be the value after some entry of
 * the list, and the list has to be of the same boot. Entries after that one are not judged: lists grow while they are read.
 * @param pcrs values that the quote proves
 */
export function judgeImaLog(
  bytes: Uint8Array,
  pcrs: readonly PcrValues[],
  checks: Check[],
): ProvedImaLog | undefined {
  const id = 'ima-log.structure'
  const log = attempt(id, checks, () => parseImaLog(bytes))
  if (log === undefined) return undefined
  checks.push(pass(id, `the IMA list is well-formed and has ${log.events.length} entries`))
  const quoted: PcrsByBank = new Map(
    pcrs.flatMap(({ bank, values }) => (isHashAlgorithm(bank) ? [[bank, values]] : [])),
  )
  const counts = countProved(log, quoted, checks)
  checks.push(checkAggregate(log, quoted))
  // Bytes that one bank proves further than another are of the weaker bank; what all prove is proved.
  if (counts.length === 0) return undefined
  const count = Math.min(...counts)
  return { log, count, proved: () => ownEntries(log, count) }
}

/** Those of the first entries that were extended into the PCR; which one an entry names is not measured. */
function ownEntries(log: ImaLog, count: number): readonly ImaEntry[] {
  return log.events.slice(0, count).filter(({ pcr }) => pcr === imaPcr)
}

/** How many entries each bank's PCR proves; none when a check failed. */
function countProved(log: ImaLog, quoted: PcrsByBank, checks: Check[]): readonly number[] {
  const id = 'ima-log.replay'
  const counts: number[] = []
  for (const [bank, values] of quoted) {
    const value = values.get(imaPcr)
    if (value === undefined) continue
    const match = attempt(id, checks, () => matchImaLog(log, bank, value))
    if (match === undefined) return []
    if (!match.matched) {
      checks.push(fail(id, match.reason))
      return []
    }
    const { count } = match
    const others = count - ownEntries(log, count).length
    const but = others === 0 ? '' : ` but ${others}, which name another PCR`
    checks.push(
      pass(id, `PCR ${imaPcr} of ${bank} proves the first ${count} of ${log.events.length} entries${but}`),
    )
    counts.push(count)
  }
  if (counts.length === 0) checks.push(fail(id, `the quote does not cover PCR ${imaPcr}`))
  return counts
}

/** The first entry of the PCR ties the list to the boot: those of another boot may be genuine too. */
function checkAggregate(log: ImaLog, quoted: PcrsByBank): Check {
  const id = 'ima-log.boot-aggregate'
  const first = log.events.find(({ pcr }) => pcr === imaPcr)
  if (first === undefined) return fail(id, `the list has no entry of PCR ${imaPcr}`)
  const { outcome, reason } = checkBootAggregate(first, quoted)
  if (outcome === 'matches') return pass(id, reason)
  return outcome === 'differs' ? fail(id, reason) : skipped(id, reason)
}
