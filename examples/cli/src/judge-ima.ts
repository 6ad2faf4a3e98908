import { describeError, isTrustholdError } from '@trusthold/core/errors'
import type { PcrValues } from '@trusthold/core/evidence'
import { checkBootAggregate, type ImaLog, matchImaLog, parseImaLog } from '@trusthold/core/measured-boot'
import { type HashAlgorithm, isHashAlgorithm } from '@trusthold/core/tpm2'
import { type Check, fail, pass, skipped } from '@trusthold/core/verdict'
import type { Input } from './input.js'
import { inFile, UserError } from './user-error.js'

/** The PCR that kernels extend with their list. */
const imaPcr = 10

type PcrsByBank = ReadonlyMap<HashAlgorithm, ReadonlyMap<number, Uint8Array>>

/**
 * Judges an IMA list by what a quote proves: every quoted PCR 10 has to be the value after some entry of the list, and
 * the list has to be of the same boot. Entries after that one are not judged: lists grow while they are read.
 * @param pcrs values that the quote proves
 */
export function judgeIma(input: Input, pcrs: readonly PcrValues[]): readonly Check[] {
  const read = readList(input)
  if (!('log' in read)) return [read.check]
  const { log, check } = read
  const quoted: PcrsByBank = new Map(
    pcrs.flatMap(({ bank, values }) => (isHashAlgorithm(bank) ? [[bank, values]] : [])),
  )
  return [check, ...checkReplay(log, quoted), checkAggregate(log, quoted)]
}

function readList({ name, bytes }: Input): { check: Check; log: ImaLog } | { check: Check } {
  const id = 'ima-log.structure'
  try {
    const log = inFile(name, () => parseImaLog(bytes))
    return { log, check: pass(id, `the IMA list is well-formed and has ${log.events.length} entries`) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { check: fail(id, error.message) }
  }
}

function checkReplay(log: ImaLog, quoted: PcrsByBank): readonly Check[] {
  const id = 'ima-log.replay'
  const checks = [...quoted].flatMap(([bank, values]) => {
    const value = values.get(imaPcr)
    return value === undefined ? [] : [checkBank(id, log, bank, value)]
  })
  return checks.length > 0 ? checks : [fail(id, `the quote does not cover PCR ${imaPcr}`)]
}

function checkBank(id: string, log: ImaLog, bank: HashAlgorithm, value: Uint8Array): Check {
  try {
    const match = matchImaLog(log, bank, value)
    if (!match.matched) return fail(id, match.reason)
    return pass(
      id,
      `PCR ${imaPcr} of ${bank} proves the first ${match.count} of ${log.events.length} entries`,
    )
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return fail(id, describeError(error))
  }
}

/** The first entry ties the list to the boot: those of another boot may be genuine too. */
function checkAggregate(log: ImaLog, quoted: PcrsByBank): Check {
  const id = 'ima-log.boot-aggregate'
  const [first] = log.events
  if (first === undefined) return fail(id, 'the list has no entry')
  const { outcome, reason } = checkBootAggregate(first, quoted)
  if (outcome === 'matches') return pass(id, reason)
  return outcome === 'differs' ? fail(id, reason) : skipped(id, reason)
}
