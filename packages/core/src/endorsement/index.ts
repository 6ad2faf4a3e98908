/**
 * Endorsement: is this TPM genuine and ours.
 * @module
 */
export type { CertificateFacts } from './certificate-check.js'
export {
  type EkCertificate,
  ekCertificateUsage,
  parseEkCertificate,
  proveEkCertificate,
} from './ek-certificate.js'
export { checkEkPublicArea, endorsementKeyId } from './ek-public-area.js'
export {
  type Endorsement,
  type EndorsementClaim,
  type EndorsementJudgement,
  type EndorsementSettings,
  type EndorsementTrust,
  judgeEndorsement,
  type RegisteredKeys,
} from './judge.js'
export { type RegisteredKey, type RegisteredKeyInput, readRegisteredKey } from './registered-key.js'
export { type Manufacturer, manufacturerOf } from './vendors.js'
