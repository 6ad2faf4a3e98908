/**
 * What adapters implement. Each interface's comment is its contract; `@trusthold/core/testing` has the suites that
 * prove it.
 * @module
 */
export { type AuditRecord, type AuditSink, auditChainStart, chainAudit } from './audit-sink.js'
export { type Clock, systemClock } from './clock.js'
export type {
  ConfigChange,
  ConfigEntry,
  ConfigListOptions,
  ConfigPage,
  ConfigPutOptions,
  ConfigStore,
  ConfigWatchOptions,
} from './config-store.js'
export { guardAuditSink, guardConfigStore, guardReplayGuard } from './guard-stores.js'
export type {
  Ability,
  KeyServer,
  KeyServerAddress,
  KeyServerCallOptions,
  KeyServerConfig,
  KeyServerCredential,
  KeyServerDevice,
  KeyServerFactory,
  KeyServerNodeHealth,
  KeyServerProxy,
  PrimaryKeyAbilities,
  PrimaryKeyInfo,
  PrimaryKeyUsage,
  SealedBytes,
} from './key-server.js'
export { type RandomSource, systemRandom } from './random-source.js'
export type { ReplayGuard } from './replay-guard.js'
export type { Storage } from './storage.js'
export {
  assertAuditContent,
  assertAuditSequence,
  assertConfigKey,
  assertConfigPrefix,
  assertConfigValue,
  assertLimit,
  assertReplayClaim,
  assertRevision,
  largestAuditContent,
  largestConfigValue,
  largestPage,
} from './store-arguments.js'
export type { PublicJwk, SigningKeyInfo, TokenSignature, TokenSigner } from './token-signer.js'
export type {
  AttestationKey,
  EndorsementKey,
  EndorsementKeyTemplate,
  ImportSealedOptions,
  OpenAttestationKeyOptions,
  OpenKeyOptions,
  OpenSealedOptions,
  PcrBankSelection,
  PcrBankValues,
  SealedObject,
  Tpm,
  TpmCallOptions,
  TpmCreationProof,
  TpmDecryptionKey,
  TpmDuplicate,
  TpmKey,
  TpmKeyKind,
  TpmQuote,
  TpmSigningKey,
  TpmStatement,
  TpmStorageKey,
  TpmUserKeyKind,
} from './tpm.js'
export type { TpmTransport, TransmitOptions } from './tpm-transport.js'
