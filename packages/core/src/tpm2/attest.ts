import {
  type Codec,
  constant,
  enumOf,
  type Infer,
  struct,
  u16,
  u32,
  u64,
  variant,
  yesNo,
} from '../codec/index.js'
import { tpmAlgId } from './algorithms.js'
import { tpm2bData, tpm2bDigest, tpm2bMaxNvBuffer, tpm2bName } from './buffers.js'
import { tpmlPcrSelection } from './pcr-selection.js'

const clockInfo = struct('TPMS_CLOCK_INFO', {
  clock: u64,
  resetCount: u32,
  restartCount: u32,
  safe: yesNo,
})
/**
 * TPMS_CLOCK_INFO: `clock` in milliseconds, advancing while the TPM has power; `resetCount` of TPM Resets,
 * `restartCount` of Restarts and Resumes since. `safe` is false when `clock` may have been told before. Part 2, 10.11.1.
 */
export interface TpmsClockInfo extends Infer<typeof clockInfo> {}
/** Codec of {@link TpmsClockInfo}. */
export const tpmsClockInfo: Codec<TpmsClockInfo> = clockInfo

const timeInfo = struct('TPMS_TIME_INFO', { time: u64, clockInfo: tpmsClockInfo })
/** TPMS_TIME_INFO: `time` in milliseconds since the last _TPM_Init. Part 2, 10.11.2. */
export interface TpmsTimeInfo extends Infer<typeof timeInfo> {}
/** Codec of {@link TpmsTimeInfo}. */
export const tpmsTimeInfo: Codec<TpmsTimeInfo> = timeInfo

const quoteInfo = struct('TPMS_QUOTE_INFO', { pcrSelect: tpmlPcrSelection, pcrDigest: tpm2bDigest })
/** TPMS_QUOTE_INFO. Part 2, 10.12.4. */
export interface TpmsQuoteInfo extends Infer<typeof quoteInfo> {}
/** Codec of {@link TpmsQuoteInfo}. */
export const tpmsQuoteInfo: Codec<TpmsQuoteInfo> = quoteInfo

const certifyInfo = struct('TPMS_CERTIFY_INFO', { name: tpm2bName, qualifiedName: tpm2bName })
/** TPMS_CERTIFY_INFO. Part 2, 10.12.3. */
export interface TpmsCertifyInfo extends Infer<typeof certifyInfo> {}
/** Codec of {@link TpmsCertifyInfo}. */
export const tpmsCertifyInfo: Codec<TpmsCertifyInfo> = certifyInfo

const creationInfo = struct('TPMS_CREATION_INFO', { objectName: tpm2bName, creationHash: tpm2bDigest })
/** TPMS_CREATION_INFO. Part 2, 10.12.7. */
export interface TpmsCreationInfo extends Infer<typeof creationInfo> {}
/** Codec of {@link TpmsCreationInfo}. */
export const tpmsCreationInfo: Codec<TpmsCreationInfo> = creationInfo

const timeAttestInfo = struct('TPMS_TIME_ATTEST_INFO', { time: tpmsTimeInfo, firmwareVersion: u64 })
/** TPMS_TIME_ATTEST_INFO. Part 2, 10.12.2. */
export interface TpmsTimeAttestInfo extends Infer<typeof timeAttestInfo> {}
/** Codec of {@link TpmsTimeAttestInfo}. */
export const tpmsTimeAttestInfo: Codec<TpmsTimeAttestInfo> = timeAttestInfo

const nvCertifyInfo = struct('TPMS_NV_CERTIFY_INFO', {
  indexName: tpm2bName,
  offset: u16,
  nvContents: tpm2bMaxNvBuffer,
})
/** TPMS_NV_CERTIFY_INFO. Part 2, 10.12.8. */
export interface TpmsNvCertifyInfo extends Infer<typeof nvCertifyInfo> {}
/** Codec of {@link TpmsNvCertifyInfo}. */
export const tpmsNvCertifyInfo: Codec<TpmsNvCertifyInfo> = nvCertifyInfo

const nvDigestCertifyInfo = struct('TPMS_NV_DIGEST_CERTIFY_INFO', {
  indexName: tpm2bName,
  nvDigest: tpm2bDigest,
})
/** TPMS_NV_DIGEST_CERTIFY_INFO. Part 2, 10.12.9. */
export interface TpmsNvDigestCertifyInfo extends Infer<typeof nvDigestCertifyInfo> {}
/** Codec of {@link TpmsNvDigestCertifyInfo}. */
export const tpmsNvDigestCertifyInfo: Codec<TpmsNvDigestCertifyInfo> = nvDigestCertifyInfo

const sessionAuditInfo = struct('TPMS_SESSION_AUDIT_INFO', {
  exclusiveSession: yesNo,
  sessionDigest: tpm2bDigest,
})
/** TPMS_SESSION_AUDIT_INFO. Part 2, 10.12.6. */
export interface TpmsSessionAuditInfo extends Infer<typeof sessionAuditInfo> {}
/** Codec of {@link TpmsSessionAuditInfo}. */
export const tpmsSessionAuditInfo: Codec<TpmsSessionAuditInfo> = sessionAuditInfo

const commandAuditInfo = struct('TPMS_COMMAND_AUDIT_INFO', {
  auditCounter: u64,
  digestAlg: tpmAlgId,
  auditDigest: tpm2bDigest,
  commandDigest: tpm2bDigest,
})
/** TPMS_COMMAND_AUDIT_INFO. Part 2, 10.12.5. */
export interface TpmsCommandAuditInfo extends Infer<typeof commandAuditInfo> {}
/** Codec of {@link TpmsCommandAuditInfo}. */
export const tpmsCommandAuditInfo: Codec<TpmsCommandAuditInfo> = commandAuditInfo

/** TPM_GENERATED_VALUE: starts everything that a restricted key signs of the TPM's own. Part 2, section 6.2. */
export const tpmGeneratedValue = 0xff54_4347

const attestTypes = {
  nv: 0x8014,
  commandAudit: 0x8015,
  sessionAudit: 0x8016,
  certify: 0x8017,
  quote: 0x8018,
  time: 0x8019,
  creation: 0x801a,
  nvDigest: 0x801c,
} as const

/** What kind of statement a TPMS_ATTEST makes (TPMI_ST_ATTEST). */
export type AttestType = keyof typeof attestTypes

const attestHead = {
  magic: constant(u32, tpmGeneratedValue),
  type: enumOf('TPMI_ST_ATTEST', u16, attestTypes),
  qualifiedSigner: tpm2bName,
  extraData: tpm2bData,
  clockInfo: tpmsClockInfo,
  firmwareVersion: u64,
}

interface AttestHead {
  readonly magic: typeof tpmGeneratedValue
  /** Qualified name of the key that signs. */
  readonly qualifiedSigner: Uint8Array
  /** The caller's qualifying data. */
  readonly extraData: Uint8Array
  readonly clockInfo: TpmsClockInfo
  readonly firmwareVersion: bigint
}

interface AttestBodies {
  readonly nv: TpmsNvCertifyInfo
  readonly commandAudit: TpmsCommandAuditInfo
  readonly sessionAudit: TpmsSessionAuditInfo
  readonly certify: TpmsCertifyInfo
  readonly quote: TpmsQuoteInfo
  readonly time: TpmsTimeAttestInfo
  readonly creation: TpmsCreationInfo
  readonly nvDigest: TpmsNvDigestCertifyInfo
}

/** TPMS_ATTEST: a statement of the TPM; `attested` depends on `type`. Part 2, section 10.12.12. */
export type TpmsAttest = {
  [T in AttestType]: AttestHead & { readonly type: T; readonly attested: AttestBodies[T] }
}[AttestType]

/** Codec of {@link TpmsAttest}. */
export const tpmsAttest: Codec<TpmsAttest> = variant('TPMS_ATTEST', attestHead, 'type', {
  nv: { attested: nvCertifyInfo },
  commandAudit: { attested: commandAuditInfo },
  sessionAudit: { attested: sessionAuditInfo },
  certify: { attested: certifyInfo },
  quote: { attested: quoteInfo },
  time: { attested: timeAttestInfo },
  creation: { attested: creationInfo },
  nvDigest: { attested: nvDigestCertifyInfo },
})
