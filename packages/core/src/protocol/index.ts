/**
 * What hosts and services say to each other, apart from how it travels.
 * @module
 */
export {
  type BankSelection,
  bankSelection,
  type ChallengeDocument,
  type ContextDocument,
  contextDocument,
  documentHead,
  type EvidenceDocument,
  type HelloDocument,
  isPcrBank,
  maxDocumentLength,
  type PcrBank,
} from './documents.js'
export { keyRequestDigest } from './key-request-digest.js'
export {
  type AttestationDocument,
  type AttestRequest,
  type AttestResult,
  type DecryptRequest,
  type DeliveredKey,
  type GeneratedKey,
  type GenerateKeyRequest,
  type HostIdentity,
  type KeyDelivery,
  type KeyRequestCredentials,
  maxIntermediates,
} from './messages.js'
export { type QuoteBinding, qualifyingData } from './qualifying-data.js'
