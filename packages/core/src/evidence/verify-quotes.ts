import type { BootFacts, TcgEventLog } from '../measured-boot/index.js'
import { type Check, conclude, fail, failuresOf, pass } from '../verdict/index.js'
import { compareBoots } from './clock.js'
import { type ProvedBoot, proveTogether } from './log-checks.js'
import type { PcrValues } from './quote-checks.js'
import type { QuoteFacts } from './quote-facts.js'
import { type QuoteEvidence, verifyQuote } from './verify-quote.js'

/** One of several quotes. */
export interface QuotePart extends Pick<QuoteEvidence, 'message' | 'signature' | 'selection' | 'pcrs'> {}

/** Everything that {@link verifyQuotes} looks at. */
export interface QuotesEvidence extends Omit<QuoteEvidence, keyof QuotePart> {
  /** In the order in which they were made; one for each bank, as a rule. */
  quotes: readonly QuotePart[]
}

/** What several good quotes of one boot state. */
export interface QuotesFacts {
  /** What each states, in their order. */
  readonly quotes: readonly QuoteFacts[]
  /** Values of all quoted PCRs, no bank twice. */
  readonly pcrs: readonly PcrValues[]
  /** The event log, replayed to the quoted PCRs of every bank; undefined when none was given. */
  readonly eventLog: TcgEventLog | undefined
  /**
   * What the log proves about the boot, by the first quote's first bank, where the others do not contradict it; undefined
   * when no log was given.
   */
  readonly boot: BootFacts | undefined
}

/** The verdict over several quotes; as that over one. */
export type QuotesVerdict =
  | { readonly trusted: true; readonly facts: QuotesFacts; readonly checks: readonly Check[] }
  | {
      readonly trusted: false
      readonly failures: readonly { readonly check: string; readonly reason: string }[]
      readonly checks: readonly Check[]
    }

/**
 * Verifies several quotes over several banks, all by the same key and over the same nonce, and one event log behind
 * them. Each has to hold by itself ({@link verifyQuote}), and together they must be of one boot and name no bank twice.
 * What a liar extends into a bank that the firmware left alone replays there, so what an event says has to be covered in
 * every bank. Where a log has only a digest, facts have that of the first bank: let it be one that the firmware uses.
 */
export function verifyQuotes({ quotes, ...shared }: QuotesEvidence): QuotesVerdict {
  const checks: Check[] = []
  const facts: QuoteFacts[] = []
  for (const [i, quote] of quotes.entries()) {
    const verdict = verifyQuote({ ...shared, ...quote })
    const which = `quote ${i + 1} of ${quotes.length}`
    checks.push(...verdict.checks.map((check) => ({ ...check, reason: `${which}: ${check.reason}` })))
    if (verdict.trusted) facts.push(verdict.facts)
  }
  if (quotes.length === 0) checks.push(fail('quotes.one-boot', 'expected at least one quote'))
  else if (facts.length === quotes.length) checks.push(checkOneBoot(facts), checkBanks(facts))
  if (facts.length !== quotes.length || conclude(checks) !== 'pass') {
    return { trusted: false, failures: failuresOf(checks), checks }
  }
  return { trusted: true, checks, facts: new StatedTogether(facts, shared.systemdLog) }
}

class StatedTogether implements QuotesFacts {
  #boot: ProvedBoot | undefined
  readonly #systemdLog: Uint8Array | undefined

  constructor(
    readonly quotes: readonly QuoteFacts[],
    systemdLog: Uint8Array | undefined,
  ) {
    this.#systemdLog = systemdLog
  }

  get pcrs(): readonly PcrValues[] {
    return this.quotes.flatMap(({ pcrs }) => pcrs)
  }

  get eventLog(): TcgEventLog | undefined {
    return this.quotes[0]?.eventLog
  }

  get boot(): BootFacts | undefined {
    const { eventLog, pcrs } = this
    if (eventLog !== undefined) this.#boot ??= proveTogether(eventLog, this.#systemdLog, pcrs)
    return this.#boot?.facts()
  }
}

/** All of one key and one boot: nothing was reset, and nobody slept, between one and the next. */
function checkOneBoot(facts: readonly QuoteFacts[]): Check {
  const id = 'quotes.one-boot'
  for (const [i, after] of facts.entries()) {
    const before = facts[i - 1]
    if (before === undefined) continue
    const { change, firmware } = compareBoots(before, after)
    if (change !== 'same-boot') return fail(id, `between quote ${i} and quote ${i + 1}: ${change}`)
    if (firmware !== 'same') return fail(id, `quote ${i} and quote ${i + 1} name different firmware`)
  }
  return pass(id, 'the quotes are of one boot')
}

function checkBanks(facts: readonly QuoteFacts[]): Check {
  const id = 'quotes.banks'
  const banks = facts.flatMap(({ selection }) => selection.map(({ bank }) => bank))
  const twice = banks.find((bank, i) => banks.indexOf(bank) !== i)
  return twice === undefined
    ? pass(id, 'no bank is quoted twice')
    : fail(id, `the bank ${twice} is quoted twice, which would be two values for one place`)
}
