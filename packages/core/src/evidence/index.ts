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
export { type JudgedLog, JudgedLogs } from './judged-logs.js'
export type { PcrValues } from './quote-checks.js'
export { type QuoteEvidence, type QuoteFacts, type QuoteVerdict, verifyQuote } from './verify-quote.js'
export {
  type QuotePart,
  type QuotesEvidence,
  type QuotesFacts,
  type QuotesVerdict,
  verifyQuotes,
} from './verify-quotes.js'
