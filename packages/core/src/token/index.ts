/**
 * The tokens that attested hosts carry, and the proof that they are whose they say.
 * @module
 */
export {
  type HostAppraisal,
  type TokenClaims,
  type TokenKind,
  type TrustTier,
  tokenKinds,
  tokenProfiles,
} from './claims.js'
export { issueToken, tokenType } from './issue.js'
export { createLocalSigner, generateSigningKey } from './local-signer.js'
export {
  createProof,
  createProofVerifier,
  type ProofTarget,
  type ProofVerifier,
  type ProofVerifierOptions,
} from './proof.js'
export { readTimes } from './read-times.js'
export {
  createTokenVerifier,
  maxTokenLength,
  type TokenVerifier,
  type TokenVerifierOptions,
} from './verify.js'
