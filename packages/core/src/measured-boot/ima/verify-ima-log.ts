import type { HashAlgorithm } from '../../tpm2/index.js'
import type { ImaAllowList } from './allow-list.js'
import { checkBootAggregate, type PcrValues } from './boot-aggregate.js'
import type { ImaEntry, ImaLog } from './ima-log.js'
import { type ImaJudgement, judgeImaEntry } from './judge-ima-entry.js'
import type { ImaKeyring } from './keyring.js'
import { type ImaMatch, type ImaMatchOptions, matchImaLog } from './match-ima-log.js'
import { defaultImaPcr, type ImaReplayState } from './replay-state.js'
import { type SignatureResult, verifyFileSignature } from './verify-file-signature.js'

/** What {@link verifyImaLog} takes besides the log. */
export interface VerifyImaOptions extends ImaMatchOptions {
  /** Bank by whose PCR the log is proved. */
  readonly bank: HashAlgorithm
  /** PCRs as a verified quote has them: that of the bank, and those that the boot aggregate is over. */
  readonly pcrs: PcrValues
  readonly allowList: ImaAllowList
  /** Keys that files may be signed with. A signature that one of them contradicts is a finding also of a listed file. */
  readonly keyring?: ImaKeyring
  /** Accepts files that no list knows when their digest is signed by a key of the keyring. Off by default. */
  readonly acceptSigned?: boolean
  /** Accepts signatures over SHA-1 digests. Off by default. */
  readonly allowSha1?: boolean
  /**
   * Accepts violations: files that changed while they were measured, and of which not even the name is known for sure.
   * They are still counted. Off by default.
   */
  readonly acceptViolations?: boolean
  /**
   * `required` by default: the list starts with a boot aggregate over the given PCRs. `if-known` accepts one over PCRs
   * that are not given, or none at all; never one that differs.
   */
  readonly bootAggregate?: 'required' | 'if-known'
  /**
   * Most signatures that are verified, 20,000 by default: each takes up to milliseconds, and the host says how many there
   * are. One more is a finding.
   */
  readonly maxSignatures?: number
  /** Most findings that are kept; 100 by default. All are counted. */
  readonly maxFindings?: number
}

/** Something that stands in the way. */
export interface ImaFinding {
  readonly check: 'pcr' | 'template-hash' | 'boot-aggregate' | 'violation' | 'allow-list' | 'signature'
  /** Index of the entry; undefined when it is about the log as a whole. */
  readonly entry: number | undefined
  /** One sentence for a person, without control characters. */
  readonly reason: string
}

/** What became of a log. */
export interface ImaVerdict {
  /** Whether the PCR proves the log and nothing was found. */
  readonly accepted: boolean
  readonly match: ImaMatch
  /** Entries by what the allow-list says of them; those of the PCR that are proved. */
  readonly counts: Readonly<Record<ImaJudgement['outcome'], number>>
  /** Entries that the allow-list does not know, accepted for their signature. */
  readonly signed: number
  /** Entries that were not judged: after the quote, or of other PCRs. */
  readonly notJudged: number
  /** The first findings, in the order of the entries. */
  readonly findings: readonly ImaFinding[]
  readonly findingCount: number
  /** To go on from next time; only when accepted. */
  readonly state: ImaReplayState | undefined
}

/**
 * Verifies a list of IMA: the quoted PCR proves its entries, the boot aggregate ties it to the boot, and what was
 * measured is allowed. Entries after those that the quote proves are not judged, nor those of other PCRs.
 * @throws ARGUMENT_INVALID as {@link matchImaLog}
 */
export function verifyImaLog(log: ImaLog, options: VerifyImaOptions): ImaVerdict {
  const { bank, pcrs, maxFindings = 100 } = options
  const pcr = options.state?.pcr ?? options.pcr ?? defaultImaPcr
  const value = pcrs.get(bank)?.get(pcr)
  const match =
    value === undefined
      ? unquoted(`PCR ${pcr} of ${bank} is not given`)
      : matchImaLog(log, bank, value, options)
  const report = new Report(maxFindings)
  let judged = 0
  if (match.matched) {
    const entries = log.events.slice(0, match.count - log.first).filter((entry) => entry.pcr === pcr)
    judged = entries.length
    if (log.first === 0) checkStart(entries[0], options, report)
    for (const entry of entries) judgeEntry(entry, options, report)
  } else report.find('pcr', undefined, match.reason)
  const accepted = match.matched && report.findingCount === 0
  return {
    accepted,
    match,
    counts: report.counts,
    signed: report.signed,
    notJudged: log.events.length - judged,
    findings: report.findings,
    findingCount: report.findingCount,
    state: accepted ? match.state : undefined,
  }
}

function unquoted(reason: string): ImaMatch {
  return { matched: false, cause: 'no-prefix', reason }
}

/** What is collected while entries are judged. */
class Report {
  readonly counts: Record<ImaJudgement['outcome'], number> = {
    allowed: 0,
    excluded: 0,
    'wrong-digest': 0,
    unknown: 0,
    violation: 0,
    'boot-aggregate': 0,
  }
  readonly findings: ImaFinding[] = []
  findingCount = 0
  signed = 0
  /** Signatures that were verified. */
  signatures = 0

  constructor(readonly most: number) {}

  find(check: ImaFinding['check'], entry: ImaEntry | undefined, reason: string): void {
    this.findingCount++
    if (this.findings.length >= this.most) return
    const place = entry === undefined ? '' : `entry ${entry.index}, ${entry.describe()}: `
    this.findings.push({ check, entry: entry?.index, reason: `${place}${reason}` })
  }
}

/** The kernel's own boot aggregate is the first entry. */
function checkStart(entry: ImaEntry | undefined, options: VerifyImaOptions, report: Report): void {
  if (options.bootAggregate === 'if-known' || entry === undefined) return
  const { kind } = judgeImaEntry(options.allowList, entry)
  if (kind !== 'boot-aggregate') {
    report.find('boot-aggregate', entry, 'the list does not start with a boot aggregate')
  }
}

function judgeEntry(entry: ImaEntry, options: VerifyImaOptions, report: Report): void {
  const judgement = judgeImaEntry(options.allowList, entry)
  report.counts[judgement.outcome]++
  if (!entry.hasListedHash()) {
    report.find('template-hash', entry, 'the listed template hash is not that of its data')
  }
  if (judgement.kind === 'boot-aggregate') judgeAggregate(entry, options, report)
  else if (judgement.kind !== 'violation') judgeMeasured(entry, judgement, options, report)
  else if (options.acceptViolations !== true) {
    report.find('violation', entry, 'it changed while it was measured; its name is not proved')
  }
}

function judgeAggregate(entry: ImaEntry, options: VerifyImaOptions, report: Report): void {
  const { outcome, reason } = checkBootAggregate(entry, options.pcrs)
  if (outcome === 'differs' || (outcome === 'unknown' && options.bootAggregate !== 'if-known')) {
    report.find('boot-aggregate', entry, reason)
  }
}

/** Undefined when it is not to be verified, or there were too many. */
function verifySignature(
  entry: ImaEntry,
  options: VerifyImaOptions,
  report: Report,
): SignatureResult | undefined {
  const { keyring, maxSignatures = 20_000 } = options
  if (keyring === undefined || entry.signature === undefined) return undefined
  if (report.signatures < maxSignatures) {
    report.signatures++
    return verifyFileSignature(entry, keyring, options)
  }
  report.find('signature', entry, `more than ${maxSignatures} signatures`)
  return undefined
}

/** A file or buffer: by the allow-list, and by its signature. */
function judgeMeasured(
  entry: ImaEntry,
  { kind, outcome }: ImaJudgement,
  options: VerifyImaOptions,
  report: Report,
): void {
  const { acceptSigned = false } = options
  const signature = verifySignature(entry, options, report)
  if (signature?.outcome === 'bad') report.find('signature', entry, signature.reason)
  if (outcome === 'allowed' || outcome === 'excluded') return
  if (outcome === 'unknown' && kind === 'file' && acceptSigned && signature?.outcome === 'verified') {
    report.signed++
    return
  }
  const problem = outcome === 'wrong-digest' ? 'listed with another digest' : 'not on the allow-list'
  report.find('allow-list', entry, `this ${kind} is ${problem}`)
}
