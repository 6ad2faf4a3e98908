import type { Clock, RandomSource, Storage, TokenSigner } from '../ports/index.js'
import type { ImaPolicy } from './ima-policy.js'

/** What an Attestation Service needs. */
export interface AttestationOptions {
  /** `iss` of its tokens; all services of a cluster have the same. */
  issuer: string
  /** `aud` of its tokens: the service group. */
  group: string
  storage: Storage
  clock: Clock
  random: RandomSource
  /** Signs tokens; by default an ES256 key that is made once and shared through the ConfigStore. */
  signer?: TokenSigner
  /** How long a host has to answer a challenge, in whole seconds, 1 to 3,600; 60 by default. */
  challengeLifetimeSeconds?: number
  /** How long a token is valid, in whole seconds, 1 to 86,400; 600 by default. */
  tokenLifetimeSeconds?: number
  /** What hosts may run after they booted: asks every host for PCR 10 and its list of IMA. Not asked for by default. */
  ima?: ImaPolicy
  /**
   * Accepts Trusthold's software TPM, for demos and tests: its keys are in a file, and whoever reads that can claim any
   * boot. Tokens for it say `dbgstat: enabled`. Off by default.
   */
  allowSoftwareTpm?: boolean
}
