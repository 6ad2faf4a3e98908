/**
 * What TPM 2.0 bytes mean: structures, names, keys, signatures, credentials, duplicates, policies, templates. Structures
 * have the names of the TPM 2.0 Library Specification, Part 2.
 * @module
 */
export { akTemplates } from './ak-templates.js'
export {
  type AlgorithmName,
  digestOf,
  type HashAlgorithm,
  type HashFacts,
  hashAlgorithms,
  hashFacts,
  isHashAlgorithm,
  tpmAlgId,
  tpmAlgIdOrNumber,
  tpmiAlgHash,
  tpmiAlgHashOrNull,
  type VerifiableAlgorithm,
} from './algorithms.js'
export {
  type AttestType,
  type TpmsAttest,
  type TpmsCertifyInfo,
  type TpmsClockInfo,
  type TpmsCommandAuditInfo,
  type TpmsCreationInfo,
  type TpmsNvCertifyInfo,
  type TpmsNvDigestCertifyInfo,
  type TpmsQuoteInfo,
  type TpmsSessionAuditInfo,
  type TpmsTimeAttestInfo,
  type TpmsTimeInfo,
  tpmGeneratedValue,
  tpmsAttest,
  tpmsCertifyInfo,
  tpmsClockInfo,
  tpmsCommandAuditInfo,
  tpmsCreationInfo,
  tpmsNvCertifyInfo,
  tpmsNvDigestCertifyInfo,
  tpmsQuoteInfo,
  tpmsSessionAuditInfo,
  tpmsTimeAttestInfo,
  tpmsTimeInfo,
} from './attest.js'
export {
  tpm2bAttest,
  tpm2bAuth,
  tpm2bData,
  tpm2bDigest,
  tpm2bEccParameter,
  tpm2bEncryptedSecret,
  tpm2bMaxNvBuffer,
  tpm2bName,
  tpm2bNonce,
  tpm2bPrivate,
  tpm2bPublicKeyRsa,
} from './buffers.js'
export {
  type TpmaAct,
  type TpmaAlgorithm,
  type TpmaCc,
  type TpmaPermanent,
  type TpmaStartupClear,
  tpmaAct,
  tpmaAlgorithm,
  tpmaCc,
  tpmaPermanent,
  tpmaStartupClear,
} from './capabilities/attributes.js'
export {
  type TpmsAcOutput,
  type TpmsActData,
  type TpmsAlgProperty,
  type TpmsCapabilityData,
  type TpmsSpdmSessionInfo,
  type TpmsTaggedPcrSelect,
  type TpmsTaggedPolicy,
  type TpmsTaggedProperty,
  tpmlAcCapabilities,
  tpmlActData,
  tpmlAlgProperty,
  tpmlCca,
  tpmlTaggedPcrProperty,
  tpmlTaggedPolicy,
  tpmlTaggedTpmProperty,
  tpmsCapabilityData,
} from './capabilities/capability-data.js'
export { type CommandName, commandCodes, commandName, tpmCc } from './capabilities/command-codes.js'
export {
  type PcrProperty,
  type TpmProperty,
  tpmProperties,
  tpmPt,
  tpmPtPcr,
} from './capabilities/properties.js'
export { type TpmsContext, tpm2bContextData, tpmsContext } from './context.js'
export { type TpmsCreationData, tpm2bCreationData, tpmsCreationData } from './creation-data.js'
export { type TpmsIdObject, tpm2bIdObject } from './credentials/id-object.js'
export { type Credential, type MakeCredentialOptions, makeCredential } from './credentials/make-credential.js'
export { type OpenCredentialOptions, openCredential } from './credentials/open-credential.js'
export {
  type CurveFacts,
  type CurveName,
  coordinateWidth,
  curveFacts,
  tpmEccCurve,
  tpmEccCurveOrNumber,
} from './curves.js'
export { type ImportableKeyOptions, importableKey } from './duplication/importable-key.js'
export type { ImportableObject } from './duplication/importable-object.js'
export type { InnerWrapper } from './duplication/inner-wrap.js'
export { type Duplicate, type MakeDuplicateOptions, makeDuplicate } from './duplication/make-duplicate.js'
export { type OpenDuplicateOptions, openDuplicate } from './duplication/open-duplicate.js'
export { type SealedObjectOptions, sealedObject } from './duplication/sealed-object.js'
export {
  type EkTemplate,
  type EkTemplateName,
  ekPolicies,
  ekTemplates,
  withEkNonce,
} from './ek-templates.js'
export { type Hierarchy, handleName, hierarchyName, permanentHandles } from './handles.js'
export { type TpmtHa, type TpmtHaOrNull, tpmtHa, tpmtHaOrNull } from './hash-agile.js'
export { tpmiRhHierarchy } from './hierarchies.js'
export { kdfa, kdfe } from './kdf.js'
export {
  decryptionKeyTemplates,
  signingKeyTemplates,
  srkTemplates,
  storageKeyTemplates,
  type UserKeyTemplates,
} from './key-templates.js'
export { publicKeyOf } from './keys.js'
export { tpmlAlg, tpmlCc, tpmlDigest, tpmlDigestValues, tpmlEccCurve, tpmlHandle } from './lists.js'
export { type TpmaLocality, tpmaLocality } from './locality.js'
export { computeName, computeNvName, computeQualifiedName, nameAlgorithmOf } from './names.js'
export { type NvAttribute, nvAttributes, type TpmaNv, tpmaNv } from './nv-attributes.js'
export { type TpmsNvPublic, tpm2bNvPublic, tpmsNvPublic } from './nv-public.js'
export { type ObjectAttribute, objectAttributes, type TpmaObject, tpmaObject } from './object-attributes.js'
export {
  type TpmlPcrSelection,
  type TpmsPcrSelect,
  type TpmsPcrSelection,
  tpmlPcrSelection,
  tpmsPcrSelect,
  tpmsPcrSelection,
} from './pcr-selection.js'
export {
  type BankSelection,
  equalPcrSelections,
  pcrDigest,
  toBankSelections,
  toPcrSelection,
} from './pcrs.js'
export {
  policyAuthorize,
  policyAuthorizeNV,
  policyAuthValue,
  policyPassword,
  policyPhysicalPresence,
  policySecret,
  policySigned,
} from './policies/authorization-steps.js'
export {
  type CommandContent,
  computeCpHash,
  computeNameHash,
  type DuplicationSelection,
  policyCommandCode,
  policyCpHash,
  policyDuplicationSelect,
  policyNameHash,
  policyTemplate,
} from './policies/command-steps.js'
export { computePolicyDigest, type PolicyStep } from './policies/policy-digest.js'
export { policyOR } from './policies/policy-or.js'
export {
  type ExpectedPcrs,
  type PolicyComparison,
  policyCounterTimer,
  policyLocality,
  policyNV,
  policyNvWritten,
  policyPCR,
} from './policies/state-steps.js'
export type { Random } from './protection/random.js'
export {
  type EccPublic,
  type RsaPublic,
  type TpmsEccParms,
  type TpmsEccPoint,
  type TpmsKeyedHashParms,
  type TpmsRsaParms,
  type TpmsSymCipherParms,
  type TpmtPublic,
  tpm2bPublic,
  tpmsEccPoint,
  tpmtPublic,
} from './public-area.js'
export {
  type TpmtEccScheme,
  type TpmtKdfScheme,
  type TpmtKeyedHashScheme,
  type TpmtRsaScheme,
  type TpmtSigScheme,
  type TpmtSymDefObject,
  tpmtEccScheme,
  tpmtKdfScheme,
  tpmtKeyedHashScheme,
  tpmtRsaScheme,
  tpmtSigScheme,
  tpmtSymDefObject,
} from './schemes.js'
export {
  type TpmsSensitiveCreate,
  type TpmtSensitive,
  tpm2bPrivateKeyRsa,
  tpm2bSensitive,
  tpm2bSensitiveCreate,
  tpm2bSensitiveData,
  tpm2bSymKey,
  tpmtSensitive,
} from './sensitive.js'
export {
  makeSessionSalt,
  type OpenSessionSaltOptions,
  openSessionSalt,
  type SessionSalt,
} from './session-salt.js'
export { type TpmtSignature, tpmtSignature } from './signature.js'
export {
  isSoftwareTpmFirmware,
  softwareTpmFirmwareVersion,
  softwareTpmIdentity,
} from './software-tpm.js'
export { matchesTemplate } from './template-match.js'
export {
  type TpmtTkAuth,
  type TpmtTkCreation,
  type TpmtTkHashcheck,
  type TpmtTkVerified,
  tpmtTkAuth,
  tpmtTkCreation,
  tpmtTkHashcheck,
  tpmtTkVerified,
} from './tickets.js'
export { type VerifySignatureOptions, verifySignature } from './verify-signature.js'
