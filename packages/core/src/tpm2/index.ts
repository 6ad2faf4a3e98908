/**
 * What TPM 2.0 bytes mean: structures, names, keys, signatures, credentials, templates. Structures have the names of
 * the TPM 2.0 Library Specification, Part 2.
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
  tpmsClockInfo,
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
export { type TpmsCreationData, tpm2bCreationData } from './creation-data.js'
export { type TpmsIdObject, tpm2bIdObject } from './credential.js'
export { type CurveFacts, type CurveName, curveFacts, tpmEccCurve } from './curves.js'
export {
  type EkTemplate,
  type EkTemplateName,
  ekPolicies,
  ekTemplates,
  withEkNonce,
} from './ek-templates.js'
export { type Hierarchy, handleName, hierarchyName, permanentHandles } from './handles.js'
export { kdfa, kdfe } from './kdf.js'
export { publicKeyOf } from './keys.js'
export { type Credential, type MakeCredentialOptions, makeCredential } from './make-credential.js'
export { computeName, computeQualifiedName, nameAlgorithmOf } from './names.js'
export { type TpmsNvPublic, tpm2bNvPublic } from './nv-public.js'
export { type ObjectAttribute, objectAttributes, type TpmaObject, tpmaObject } from './object-attributes.js'
export { type OpenCredentialOptions, openCredential } from './open-credential.js'
export {
  type TpmlPcrSelection,
  type TpmsPcrSelection,
  tpmlPcrSelection,
  tpmsPcrSelection,
} from './pcr-selection.js'
export {
  type BankSelection,
  equalPcrSelections,
  matchesPcrDigest,
  pcrDigest,
  toBankSelections,
  toPcrSelection,
} from './pcrs.js'
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
export { type TpmtHa, type TpmtSignature, tpmtHa, tpmtSignature } from './signature.js'
export { matchesTemplate } from './template-match.js'
export { type VerifySignatureOptions, verifySignature } from './verify-signature.js'
