import type { KeyObject } from 'node:crypto'
import { decode } from '../codec/index.js'
import { describeError, isTrustholdError } from '../errors/index.js'
import {
  type BootFacts,
  bootFacts,
  compareLog,
  parseEventLog,
  replayEventLog,
  type TcgEventLog,
} from '../measured-boot/index.js'
import {
  type BankSelection,
  type Hierarchy,
  type TpmtSignature,
  toBankSelections,
  tpmsAttest,
  tpmtSignature,
} from '../tpm2/index.js'
import { type Check, conclude, fail, failuresOf, pass, skipped } from '../verdict/index.js'
import { type PreparedKey, prepareAttestationKey } from './attestation-key.js'
import type { ClockFacts } from './clock.js'
import type { JudgedLog, JudgedLogs } from './judged-logs.js'
import {
  checkNonce,
  checkPcrDigest,
  checkSelection,
  checkSignature,
  checkSigner,
  type PcrValues,
  type QuoteAttest,
} from './quote-checks.js'

/** The firmware's PCRs are 0 to 7. */
const lastFirmwarePcr = 7

/** Everything that {@link verifyQuote} looks at. Received bytes are verified as they are. */
export interface QuoteEvidence {
  /** TPMS_ATTEST. */
  message: Uint8Array
  /** TPMT_SIGNATURE. */
  signature: Uint8Array
  /** TPMT_PUBLIC, or what {@link prepareAttestationKey} made of it, or a public key without TPM attributes. */
  attestationKey: Uint8Array | PreparedKey | KeyObject
  /** The qualifying data that the quote must carry. */
  nonce: Uint8Array
  /** The selection that was asked for; when absent, whatever was signed is taken, as long as it is not empty. */
  selection?: readonly BankSelection[]
  /** Values of the quoted PCRs, in the order of the selection; when absent, those that the event log replays to. */
  pcrs?: readonly PcrValues[]
  /** The TCG event log; when absent, nothing is said about what booted. */
  eventLog?: Uint8Array
  /** Qualified names that the attestation key can have; when absent, the signer's name is not judged. */
  qualifiedNames?: readonly Uint8Array[]
  /** The hierarchy that those names lie in; when absent, it is not known whether the TPM shifts what it counts. */
  hierarchy?: Hierarchy
  /** Accepts SHA-1 signatures; refused by default. */
  allowSha1?: boolean
  /** Logs that were judged before; makes the second attestation of a boot cheaper. */
  judgedLogs?: JudgedLogs
}

/** What a good quote states. */
export interface QuoteFacts extends ClockFacts {
  readonly selection: readonly BankSelection[]
  readonly pcrDigest: Uint8Array
  /** Values of the quoted PCRs. */
  readonly pcrs: readonly PcrValues[]
  /** The event log, replayed to the quoted PCRs; undefined when none was given. */
  readonly eventLog: TcgEventLog | undefined
  /** What the log proves about the boot, found out when it is first asked for; undefined when no log was given. */
  readonly boot: BootFacts | undefined
}

/** The verdict: `facts` can only be reached once `trusted` was looked at. */
export type QuoteVerdict =
  | { readonly trusted: true; readonly facts: QuoteFacts; readonly checks: readonly Check[] }
  | {
      readonly trusted: false
      readonly failures: readonly { readonly check: string; readonly reason: string }[]
      readonly checks: readonly Check[]
    }

interface ParsedQuote {
  readonly attest: QuoteAttest
  readonly signature: TpmtSignature
  readonly key: PreparedKey | KeyObject
}

/** Whether the TPM shifts its counters for the key; only a signer's name that was judged tells. */
function isObfuscated({ qualifiedNames, hierarchy }: QuoteEvidence): boolean | undefined {
  if (qualifiedNames === undefined || hierarchy === undefined) return undefined
  return hierarchy !== 'endorsement' && hierarchy !== 'platform'
}

/** An event log as it was read. */
interface ReadLog {
  readonly bytes: Uint8Array
  readonly log: TcgEventLog
}

/**
 * Verifies a TPM quote and, when given, the event log behind it: structure, signer, nonce, selection, signature, PCR
 * values, replay. Never throws for bad evidence: the verdict names each check that failed. Does not judge whether the
 * key belongs to a genuine TPM, nor whether what booted is allowed.
 */
export function verifyQuote(evidence: QuoteEvidence): QuoteVerdict {
  const checks: Check[] = []
  const parsed = parseQuote(evidence, checks)
  if (parsed === undefined) return refused(checks)
  const { attest, signature, key } = parsed
  if (evidence.qualifiedNames !== undefined) checks.push(checkSigner(attest, evidence.qualifiedNames))
  checks.push(
    checkNonce(attest, evidence.nonce),
    checkSelection(attest, evidence.selection),
    checkSignature(key, signature, evidence.message, evidence.allowSha1 ?? false),
  )
  if (conclude(checks) !== 'pass') return refused(checks)
  return judgePcrs(evidence, parsed, checks)
}

/** The second half: what the PCRs hold, and whether the log explains it. */
function judgePcrs(evidence: QuoteEvidence, parsed: ParsedQuote, checks: Check[]): QuoteVerdict {
  const { attest, signature } = parsed
  const known = findJudged(evidence, attest)
  if (known !== undefined) checks.push(structureCheck(known.log))
  const read = known === undefined ? parseLog(evidence, checks) : undefined
  const log = known?.log ?? read?.log
  const pcrs = evidence.pcrs ?? (log === undefined ? undefined : replayedValues(log, attest, checks))
  if (pcrs === undefined) {
    checks.push(skipped('quote.pcr-digest', 'neither PCR values nor an event log were given'))
  } else if (signature.sigAlg === 'null' || !('hash' in signature)) {
    checks.push(fail('quote.pcr-digest', 'the signature names no hash algorithm'))
  } else {
    checks.push(checkPcrDigest(attest, signature.hash, pcrs))
  }
  // Values that the quote does not prove are no measure for the log.
  if (conclude(checks) !== 'pass') return refused(checks)
  if (known !== undefined) checks.push(replayCheck, extendedCheck)
  const judged =
    read === undefined || pcrs === undefined ? known : judgeLog(evidence, attest, read, pcrs, checks)
  if (conclude(checks) !== 'pass') return refused(checks)
  const facts = new StatedFacts(attest, isObfuscated(evidence), pcrs ?? [], log, judged?.boot)
  return { trusted: true, checks, facts }
}

/**
 * The facts of a good quote. A class, because the getter is then on its prototype: in an object literal it would be a
 * new shape for each quote, which keeps the whole log until the next full garbage collection.
 */
class StatedFacts implements QuoteFacts {
  readonly clock: bigint
  readonly resetCount: number
  readonly restartCount: number
  readonly safe: boolean
  readonly firmwareVersion: bigint
  readonly qualifiedSigner: Uint8Array
  readonly selection: readonly BankSelection[]
  readonly pcrDigest: Uint8Array
  readonly #readBoot: (() => BootFacts) | undefined

  constructor(
    { clockInfo, firmwareVersion, qualifiedSigner, attested }: QuoteAttest,
    readonly obfuscated: boolean | undefined,
    readonly pcrs: readonly PcrValues[],
    readonly eventLog: TcgEventLog | undefined,
    readBoot: (() => BootFacts) | undefined,
  ) {
    this.clock = clockInfo.clock
    this.resetCount = clockInfo.resetCount
    this.restartCount = clockInfo.restartCount
    this.safe = clockInfo.safe
    this.firmwareVersion = firmwareVersion
    this.qualifiedSigner = qualifiedSigner
    this.selection = toBankSelections(attested.pcrSelect)
    this.pcrDigest = attested.pcrDigest
    this.#readBoot = readBoot
  }

  get boot(): BootFacts | undefined {
    return this.#readBoot?.()
  }
}

function parseQuote(evidence: QuoteEvidence, checks: Check[]): ParsedQuote | undefined {
  const id = 'quote.structure'
  try {
    const attest = decode(tpmsAttest, evidence.message)
    const signature = decode(tpmtSignature, evidence.signature)
    const { attestationKey } = evidence
    const key = attestationKey instanceof Uint8Array ? prepareAttestationKey(attestationKey) : attestationKey
    checks.push(pass(id, 'quote, signature and key are well-formed'))
    if (attest.type !== 'quote') {
      checks.push(fail('quote.type', `expected a quote, found a statement of type ${attest.type}`))
      return undefined
    }
    checks.push(pass('quote.type', 'the TPM made it as a quote'))
    return { attest, signature, key }
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    checks.push(fail(id, describeError(error)))
    return undefined
  }
}

const structureCheck = (log: TcgEventLog): Check =>
  pass('event-log.structure', `the event log is well-formed and has ${log.eventCount} events`)
const extendedCheck = pass('event-log.firmware', 'the firmware extended every quoted PCR of its own')
const replayCheck = pass('event-log.replay', 'the event log replays to the quoted PCR values')

/** A log that was judged before with these values, if the caller remembers such. */
function findJudged({ judgedLogs, eventLog, pcrs }: QuoteEvidence, attest: QuoteAttest) {
  if (judgedLogs === undefined || eventLog === undefined || pcrs === undefined) return undefined
  return judgedLogs.find(attest.attested.pcrDigest, eventLog, pcrs)
}

function parseLog({ eventLog, judgedLogs }: QuoteEvidence, checks: Check[]): ReadLog | undefined {
  if (eventLog === undefined) return undefined
  // What is remembered outlives the request that it came with.
  const bytes = judgedLogs === undefined ? eventLog : eventLog.slice()
  try {
    const log = parseEventLog(bytes)
    checks.push(structureCheck(log))
    return { bytes, log }
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    checks.push(fail('event-log.structure', describeError(error)))
    return undefined
  }
}

/** What the log says the quoted PCRs hold; the digest over them then shows whether it is true. */
function replayedValues(
  log: TcgEventLog,
  attest: QuoteAttest,
  checks: Check[],
): readonly PcrValues[] | undefined {
  try {
    return toBankSelections(attest.attested.pcrSelect).map(({ bank, pcrs }) => {
      const replayed = replayEventLog(log, bank)
      return { bank, values: new Map(pcrs.map((pcr) => [pcr, replayed.get(pcr) ?? new Uint8Array(0)])) }
    })
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    checks.push(fail('event-log.replay', describeError(error)))
    return undefined
  }
}

/**
 * The log, replayed, gives the quoted value of every quoted PCR that it speaks of; names the PCRs that differ. What is
 * verified about the boot rests on the first bank.
 */
function judgeLog(
  { judgedLogs }: QuoteEvidence,
  { attested }: QuoteAttest,
  { bytes, log }: ReadLog,
  pcrs: readonly PcrValues[],
  checks: Check[],
): JudgedLog | undefined {
  const id = 'event-log.replay'
  try {
    const comparisons = pcrs.map(({ bank, values }) => ({ bank, ...compareLog(log, bank, values) }))
    const different = comparisons.find(({ differing }) => differing.length > 0)
    if (different !== undefined) {
      const names = different.differing.map(({ pcr }) => `PCR ${pcr}`).join(', ')
      checks.push(
        fail(id, `the event log does not replay to the quoted ${different.bank} values of ${names}`),
      )
      return undefined
    }
    checks.push(replayCheck, checkFirmwareExtended(comparisons))
    const [first] = comparisons
    if (first === undefined || conclude(checks) !== 'pass') return undefined
    let facts: BootFacts | undefined
    const judged = {
      log,
      boot() {
        facts ??= bootFacts(log, first.bank, first.matching)
        return facts
      },
    }
    judgedLogs?.remember(attested.pcrDigest, bytes, pcrs, judged)
    return judged
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    checks.push(fail(id, describeError(error)))
    return undefined
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

const refused = (checks: readonly Check[]): QuoteVerdict => ({
  trusted: false,
  failures: failuresOf(checks),
  checks,
})
