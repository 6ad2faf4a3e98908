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
  type TpmtSignature,
  toBankSelections,
  tpmsAttest,
  tpmtSignature,
} from '../tpm2/index.js'
import { type Check, conclude, fail, failuresOf, pass, skipped } from '../verdict/index.js'
import { type PreparedKey, prepareAttestationKey } from './attestation-key.js'
import {
  checkNonce,
  checkPcrDigest,
  checkSelection,
  checkSignature,
  checkSigner,
  type PcrValues,
  type QuoteAttest,
} from './quote-checks.js'

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
  /** Accepts SHA-1 signatures; refused by default. */
  allowSha1?: boolean
}

/** What a good quote states. */
export interface QuoteFacts {
  /** Milliseconds that the TPM has been powered; may repeat after a power loss when `safe` is false. */
  readonly clock: bigint
  readonly resetCount: number
  readonly restartCount: number
  readonly safe: boolean
  /** Vendor's firmware version; obfuscated, like the counters, for keys outside the endorsement hierarchy. */
  readonly firmwareVersion: bigint
  readonly selection: readonly BankSelection[]
  readonly pcrDigest: Uint8Array
  /** Values of the quoted PCRs. */
  readonly pcrs: readonly PcrValues[]
  /** The event log, replayed to the quoted PCRs; absent when none was given. */
  readonly eventLog?: TcgEventLog
  /** What the log proves about the boot, found out when it is first asked for; absent when no log was given. */
  readonly boot?: BootFacts
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
function judgePcrs(
  evidence: QuoteEvidence,
  { attest, signature }: ParsedQuote,
  checks: Check[],
): QuoteVerdict {
  const log = evidence.eventLog === undefined ? undefined : parseLog(evidence.eventLog, checks)
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
  const boot = log === undefined || pcrs === undefined ? undefined : judgeLog(log, pcrs, checks)
  if (conclude(checks) !== 'pass') return refused(checks)
  return { trusted: true, checks, facts: stateFacts(attest, pcrs, log, boot) }
}

function stateFacts(
  { clockInfo, firmwareVersion, attested }: QuoteAttest,
  pcrs: readonly PcrValues[] | undefined,
  eventLog: TcgEventLog | undefined,
  boot: (() => BootFacts) | undefined,
): QuoteFacts {
  const quoted = {
    clock: clockInfo.clock,
    resetCount: clockInfo.resetCount,
    restartCount: clockInfo.restartCount,
    safe: clockInfo.safe,
    firmwareVersion,
    selection: toBankSelections(attested.pcrSelect),
    pcrDigest: attested.pcrDigest,
    pcrs: pcrs ?? [],
  }
  if (eventLog === undefined) return quoted
  if (boot === undefined) return { ...quoted, eventLog }
  let found: BootFacts | undefined
  return {
    ...quoted,
    eventLog,
    get boot() {
      found ??= boot()
      return found
    },
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

function parseLog(bytes: Uint8Array, checks: Check[]): TcgEventLog | undefined {
  const id = 'event-log.structure'
  try {
    const log = parseEventLog(bytes)
    checks.push(pass(id, `the event log is well-formed and has ${log.events.length} events`))
    return log
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    checks.push(fail(id, describeError(error)))
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
  log: TcgEventLog,
  pcrs: readonly PcrValues[],
  checks: Check[],
): (() => BootFacts) | undefined {
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
    checks.push(pass(id, 'the event log replays to the quoted PCR values'))
    const [first] = comparisons
    return first === undefined ? undefined : () => bootFacts(log, first.bank, first.matching)
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
