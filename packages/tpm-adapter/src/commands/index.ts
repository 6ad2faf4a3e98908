/**
 * The commands of TPM 2.0, typed, for what the `Tpm` port does not do. Handles, sessions and their order are the
 * caller's business here.
 * @module
 */
export { withSignal } from './abort.js'
export { type ActivateCredentialInput, activateCredential } from './activate-credential.js'
export { type CertifyInput, certify } from './certify.js'
export { type CertifyCreationInput, certifyCreation } from './certify-creation.js'
export { contextLoad, contextSave } from './context.js'
export { type CreateInput, create, type WrappedKey } from './create.js'
export { type CreatePrimaryInput, createPrimary, type PrimaryKey } from './create-primary.js'
export type { Creation, CreationInput } from './creation.js'
export {
  type DictionaryAttackInput,
  dictionaryAttackLockReset,
  dictionaryAttackParameters,
} from './dictionary-attack.js'
export { type EcdhZgenInput, ecdhZgen } from './ecdh-zgen.js'
export type { Entity, NamedEntity } from './entity.js'
export { type EvictControlInput, evictControl } from './evict-control.js'
export { flushContext } from './flush-context.js'
export {
  type GetCapabilityInput,
  getCapability,
  readAlgorithms,
  readEccCurves,
  readHandles,
  readProperty,
} from './get-capability.js'
export { getRandom } from './get-random.js'
export { type GetTimeInput, getTime, readClock } from './get-time.js'
export { type HierarchyChangeAuthInput, hierarchyChangeAuth } from './hierarchy-change-auth.js'
export { type ImportInput, importObject } from './import-object.js'
export { type LoadInput, load } from './load.js'
export { type LoadExternalInput, loadExternal } from './load-external.js'
export { type MakeCredentialInput, makeCredential } from './make-credential.js'
export { type NvCertifyInput, nvCertify } from './nv-certify.js'
export {
  type NvDefineSpaceInput,
  type NvUndefineSpaceInput,
  nvDefineSpace,
  nvUndefineSpace,
} from './nv-define-space.js'
export { type NvReadInput, nvRead } from './nv-read.js'
export { nvReadPublic } from './nv-read-public.js'
export { type NvWriteInput, nvWrite } from './nv-write.js'
export { type PcrEventInput, type PcrExtendInput, pcrEvent, pcrExtend } from './pcr-extend.js'
export { type PcrReadOutput, pcrRead } from './pcr-read.js'
export { policyAuthValue } from './policy-auth-value.js'
export { type PolicyAuthorizeInput, policyAuthorize } from './policy-authorize.js'
export { policyCommandCode } from './policy-command-code.js'
export { policyGetDigest } from './policy-get-digest.js'
export { policyOr } from './policy-or.js'
export { policyPassword } from './policy-password.js'
export { type PolicyPcrInput, policyPcr } from './policy-pcr.js'
export { type PolicySecretInput, policySecret } from './policy-secret.js'
export { type QuoteInput, quote } from './quote.js'
export { readPublic } from './read-public.js'
export { type RsaDecryptInput, rsaDecrypt } from './rsa-decrypt.js'
export { type CommandRunner, createCommandRunner, type RetryPolicy } from './run-command.js'
export { passwordSession, policySession, type Session } from './sessions.js'
export { type SignInput, sign, type VerifySignatureInput, verifySignature } from './sign.js'
export { type SessionType, type StartAuthSessionInput, startAuthSession } from './start-auth-session.js'
export { shutdown, startup } from './startup.js'
export type { SignedStatement } from './statement.js'
export { type UnsealInput, unseal } from './unseal.js'
