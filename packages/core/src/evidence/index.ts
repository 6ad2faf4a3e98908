/**
 * Does the evidence hold together: quote, signature, freshness, PCR values, event log.
 * @module
 */
export { checkAttestationKey, type PreparedKey, prepareAttestationKey } from './attestation-key.js'
export {
  type BootChange,
  type BootComparison,
  type ClockFacts,
  checkFirmwareVersion,
  compareBoots,
} from './clock.js'
export { JudgedLogs } from './judged-logs.js'
export type { ProvedBoot } from './log-checks.js'
export type { PcrValues } from './quote-checks.js'
export type { ProvedImaLog, QuoteFacts } from './quote-facts.js'
export { type QuoteEvidence, type QuoteVerdict, verifyQuote } from './verify-quote.js'
export {
  type QuotePart,
  type QuotesEvidence,
  type QuotesFacts,
  type QuotesVerdict,
  verifyQuotes,
} from './verify-quotes.js'
