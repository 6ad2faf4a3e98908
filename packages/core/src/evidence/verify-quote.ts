import type { KeyObject } from 'node:crypto'
import { decode } from '../codec/index.js'
import { describeError, isTrustholdError } from '../errors/index.js'
import {
  type BankSelection,
  type Hierarchy,
  type TpmtSignature,
  tpmsAttest,
  tpmtSignature,
} from '../tpm2/index.js'
import { type Check, conclude, fail, failuresOf, pass, skipped } from '../verdict/index.js'
import { type PreparedKey, prepareAttestationKey } from './attestation-key.js'
import { judgeImaLog } from './ima-checks.js'
import type { JudgedLogs } from './judged-logs.js'
import {
  extendedCheck,
  judgeLogs,
  type ProvedBoot,
  type ReadLogs,
  readLogs,
  replayCheck,
  replayedValues,
  structureCheck,
} from './log-checks.js'
import {
  checkNonce,
  checkPcrDigest,
  checkSelection,
  checkSignature,
  checkSigner,
  type PcrValues,
  type QuoteAttest,
} from './quote-checks.js'
import { type QuoteFacts, StatedFacts } from './quote-facts.js'

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
  /** What systemd measured after that, `/run/log/systemd/tpm2-measure.log`; needs the event log. */
  systemdLog?: Uint8Array
  /** The list of Linux IMA, binary or ASCII; its beginning has to give the quoted PCR 10. Needs `pcrs`. */
  imaLog?: Uint8Array
  /** Qualified names that the attestation key can have; when absent, the signer's name is not judged. */
  qualifiedNames?: readonly Uint8Array[]
  /** The hierarchy that those names lie in; when absent, it is not known whether the TPM shifts what it counts. */
  hierarchy?: Hierarchy
  /** Accepts SHA-1 signatures; refused by default. */
  allowSha1?: boolean
  /** Logs that were judged before; makes the second attestation of a boot cheaper. */
  judgedLogs?: JudgedLogs
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

/** The second half: what the PCRs hold, and whether the logs explain it. */
function judgePcrs(evidence: QuoteEvidence, parsed: ParsedQuote, checks: Check[]): QuoteVerdict {
  const { attest, signature } = parsed
  const known = findJudged(evidence, attest)
  if (known !== undefined) checks.push(structureCheck(known.log))
  const logs = known === undefined ? readEvidenceLogs(evidence, checks) : undefined
  const pcrs = evidence.pcrs ?? (logs === undefined ? undefined : replayedValues(logs, attest, checks))
  if (pcrs === undefined) {
    checks.push(skipped('quote.pcr-digest', 'neither PCR values nor an event log were given'))
  } else if (!('hash' in signature)) {
    checks.push(fail('quote.pcr-digest', 'the signature names no hash algorithm'))
  } else {
    checks.push(checkPcrDigest(attest, signature.hash, pcrs))
  }
  // Values that the quote does not prove are no measure for a log.
  if (conclude(checks) !== 'pass') return refused(checks)
  if (known !== undefined) checks.push(replayCheck, extendedCheck)
  const boot = logs === undefined || pcrs === undefined ? known : judgeLogs(logs, pcrs, checks)
  const ima = evidence.imaLog && judgeImaLog(evidence.imaLog, pcrs ?? [], checks)
  if (conclude(checks) !== 'pass') return refused(checks)
  if (logs !== undefined && boot !== undefined) remember(evidence, attest, logs, boot)
  const obfuscated = isObfuscated(evidence)
  return {
    trusted: true,
    checks,
    facts: new StatedFacts(attest, { obfuscated, pcrs: pcrs ?? [], boot, ima }),
  }
}

/** A log that was judged before with these values, if the caller remembers such. */
function findJudged(evidence: QuoteEvidence, { attested }: QuoteAttest): ProvedBoot | undefined {
  const { judgedLogs, eventLog, systemdLog, pcrs } = evidence
  // systemd's log grows; what it adds to the firmware's is judged each time.
  if (judgedLogs === undefined || eventLog === undefined || systemdLog !== undefined) return undefined
  return pcrs === undefined ? undefined : judgedLogs.find(attested.pcrDigest, eventLog, pcrs)
}

function remember(
  { judgedLogs, systemdLog, pcrs }: QuoteEvidence,
  { attested }: QuoteAttest,
  { bytes }: ReadLogs,
  boot: ProvedBoot,
): void {
  if (pcrs === undefined || systemdLog !== undefined) return
  judgedLogs?.remember(attested.pcrDigest, bytes, pcrs, boot)
}

function readEvidenceLogs(evidence: QuoteEvidence, checks: Check[]): ReadLogs | undefined {
  const { eventLog, systemdLog, judgedLogs } = evidence
  if (eventLog === undefined) {
    if (systemdLog !== undefined) {
      checks.push(fail('systemd-log.structure', "expected the firmware's event log beside systemd's"))
    }
    return undefined
  }
  // What is remembered outlives the request that it came with.
  return readLogs(judgedLogs === undefined ? eventLog : eventLog.slice(), systemdLog, checks)
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

const refused = (checks: readonly Check[]): QuoteVerdict => ({
  trusted: false,
  failures: failuresOf(checks),
  checks,
})
