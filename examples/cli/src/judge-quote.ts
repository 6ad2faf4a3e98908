import { describeError, isTrustholdError } from '@trusthold/core/errors'
import { type PcrValues, type QuoteVerdict, verifyQuote } from '@trusthold/core/evidence'
import { toBankSelections } from '@trusthold/core/tpm2'
import { type Check, conclude, fail } from '@trusthold/core/verdict'
import type { AttestationKey } from './formats/attestation-key.js'
import { readPcrValues } from './formats/pcr-values.js'
import { type QuoteMessage, readQuoteMessage } from './formats/quote-message.js'
import { readSignature, type SignatureScheme } from './formats/signature.js'
import type { Input } from './input.js'
import { UserError } from './user-error.js'

/** Everything that a quote is judged by. */
export interface QuoteFiles {
  readonly attestationKey: AttestationKey
  readonly message: Input
  readonly signature: Input
  /** How a bare signature was made. */
  readonly scheme?: SignatureScheme | undefined
  readonly nonce: Uint8Array
  readonly pcrs?: Input | undefined
  readonly eventLog?: Input | undefined
  /** Judged only when there are PCR values. */
  readonly imaLog?: Input | undefined
}

/** How a quote was judged. */
export interface QuoteJudgement {
  readonly verified: boolean
  readonly checks: readonly Check[]
  /** What the quote says; absent when it cannot be read. Only to be believed when it is verified. */
  readonly message?: QuoteMessage
  /** Values of the quoted PCRs that the quote proves; absent when none were given. */
  readonly pcrs?: readonly PcrValues[]
}

/**
 * Judges a quote and what came with it. Evidence that is malformed is evidence that fails, as it comes from whoever is
 * judged: the check says in which file and where.
 */
export function judgeQuote(files: QuoteFiles): QuoteJudgement {
  const checks: Check[] = []
  const message = attempt(checks, 'quote.structure', () => readQuoteMessage(files.message))
  const signature = attempt(checks, 'quote.structure', () => readSignature(files.signature, files.scheme))
  const pcrs = files.pcrs && message && readPcrs(checks, files.pcrs, message)
  const { key, checks: keyChecks } = files.attestationKey
  checks.unshift(...keyChecks)
  const known = message === undefined ? {} : { message }
  if (key === undefined || message === undefined || signature === undefined || (files.pcrs && !pcrs)) {
    return { verified: false, checks, ...known }
  }
  const verdict = verifyQuote({
    message: message.bytes,
    signature,
    attestationKey: key,
    nonce: files.nonce,
    ...(pcrs && { pcrs }),
    ...(files.eventLog && { eventLog: files.eventLog.bytes }),
    ...(files.imaLog && { imaLog: files.imaLog.bytes }),
  })
  checks.push(...verdict.checks.map((check) => inLog(check, files)))
  const verified = verdict.trusted && conclude(checks) === 'pass'
  return { verified, checks, ...known, ...(verified && provedPcrs(verdict)) }
}

/** Core knows no files: a log that is malformed gets its name here. */
function inLog(check: Check, { eventLog, imaLog }: QuoteFiles): Check {
  const logs = { 'event-log.structure': eventLog, 'ima-log.structure': imaLog }
  const log = Object.hasOwn(logs, check.id) ? logs[check.id as keyof typeof logs] : undefined
  return check.outcome === 'fail' && log ? { ...check, reason: `${log.name}: ${check.reason}` } : check
}

function provedPcrs(verdict: QuoteVerdict): Pick<QuoteJudgement, 'pcrs'> {
  return verdict.trusted && verdict.facts.pcrs.length > 0 ? { pcrs: verdict.facts.pcrs } : {}
}

function readPcrs(checks: Check[], input: Input, { value }: QuoteMessage): readonly PcrValues[] | undefined {
  const selection = value.type === 'quote' ? toBankSelections(value.attested.pcrSelect) : []
  return attempt(checks, 'pcrs.structure', () => readPcrValues(input, selection))
}

/** What was read, or a failed check. */
function attempt<T>(checks: Check[], id: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UserError) && !isTrustholdError(error)) throw error
    checks.push(fail(id, describeError(error)))
    return undefined
  }
}
