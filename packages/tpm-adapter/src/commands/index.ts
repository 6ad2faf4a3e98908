/**
 * The commands of TPM 2.0, typed, for what the `Tpm` port does not do. Handles, sessions and their order are the
 * caller's business here.
 * @module
 */
export { withSignal } from './abort.js'
export { type ActivateCredentialInput, activateCredential } from './activate-credential.js'
export { type CertifyInput, certify } from './certify.js'
export { type CertifyCreationInput, certifyCreation } from './certify-creation.js'
export {
  type AuthRole,
  type Command,
  type CommandFacts,
  type CommandShape,
  defineCommand,
} from './command.js'
export { contextLoad, contextSave } from './context.js'
export { type CreateInput, create, type WrappedKey } from './create.js'
export { type CreatePrimaryInput, createPrimary, type PrimaryKey } from './create-primary.js'
export type { Creation, CreationInput } from './creation.js'
export { dictionaryAttackLockReset } from './dictionary-attack-lock-reset.js'
export { type DictionaryAttackInput, dictionaryAttackParameters } from './dictionary-attack-parameters.js'
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
export { type GetTimeInput, getTime } from './get-time.js'
export { type HierarchyChangeAuthInput, hierarchyChangeAuth } from './hierarchy-change-auth.js'
export { type ImportInput, importObject } from './import-object.js'
export { type LoadInput, load } from './load.js'
export { type LoadExternalInput, loadExternal } from './load-external.js'
export { type MakeCredentialInput, makeCredential } from './make-credential.js'
export { type NvCertifyInput, nvCertify } from './nv-certify.js'
export { type NvDefineSpaceInput, nvDefineSpace } from './nv-define-space.js'
export { type NvReadInput, nvRead } from './nv-read.js'
export { nvReadPublic } from './nv-read-public.js'
export { type NvUndefineSpaceInput, nvUndefineSpace } from './nv-undefine-space.js'
export { type NvWriteInput, nvWrite } from './nv-write.js'
export { type PcrEventInput, pcrEvent } from './pcr-event.js'
export { type PcrExtendInput, pcrExtend } from './pcr-extend.js'
export { type PcrReadOutput, pcrRead } from './pcr-read.js'
export { policyAuthValue } from './policy-auth-value.js'
export { type PolicyAuthorizeInput, policyAuthorize } from './policy-authorize.js'
export { policyCommandCode } from './policy-command-code.js'
export { policyGetDigest } from './policy-get-digest.js'
export { policyOr } from './policy-or.js'
export { policyPassword } from './policy-password.js'
export { type PolicyPcrInput, policyPcr } from './policy-pcr.js'
export { type PolicySecretInput, policySecret } from './policy-secret.js'
export type { CommandInput } from './prepare-command.js'
export { type QuoteInput, quote } from './quote.js'
export { readClock } from './read-clock.js'
export { readPublic } from './read-public.js'
export type { CommandOutput } from './read-response.js'
export { type RsaDecryptInput, rsaDecrypt } from './rsa-decrypt.js'
export { type CommandRunner, createCommandRunner, type RetryPolicy } from './run-command.js'
export {
  type AuthorizedCommand,
  type AuthorizedResponse,
  passwordSession,
  policySession,
  type Session,
  type SessionTask,
  type SessionUse,
  type TpmsAuthCommand,
  type TpmsAuthResponse,
} from './sessions.js'
export { shutdown } from './shutdown.js'
export { type SignInput, sign } from './sign.js'
export { type SessionType, type StartAuthSessionInput, startAuthSession } from './start-auth-session.js'
export { startup } from './startup.js'
export type { StateKeeping } from './state-keeping.js'
export type { SignedStatement } from './statement.js'
export { type UnsealInput, unseal } from './unseal.js'
export { type VerifySignatureInput, verifySignature } from './verify-signature.js'
