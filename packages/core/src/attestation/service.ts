import { SecretBytes } from '../bytes/index.js'
import { decode, encode } from '../codec/index.js'
import { assertLifetime, shareSecret } from '../config/index.js'
import { judgeEndorsement } from '../endorsement/index.js'
import { TrustholdError } from '../errors/index.js'
import { checkAttestationKey } from '../evidence/index.js'
import type { PublicJwk, TokenSigner } from '../ports/index.js'
import {
  type AttestRequest,
  type AttestResult,
  type BankSelection,
  contextDocument,
  type EvidenceDocument,
  type HelloDocument,
  type HostIdentity,
} from '../protocol/index.js'
import { createLocalSigner, generateSigningKey, type TokenClaims } from '../token/index.js'
import { tpmtPublic } from '../tpm2/index.js'
import { type Check, conclude, fail } from '../verdict/index.js'
import type { BaseImages } from './base-images.js'
import type { CaCertificates } from './ca-certificates.js'
import { ChallengeStates } from './challenge-state.js'
import type { EndorsementSettingsStore } from './endorsement-settings.js'
import { withImaPcr } from './ima-policy.js'
import { KnownKeys } from './known-keys.js'
import { makeChallenge } from './make-challenge.js'
import type { AttestationOptions } from './options.js'
import { ChallengeRedeemer } from './redeem-challenge.js'
import { refusal } from './refusal.js'
import type { RegisteredKeys } from './registered-keys.js'
import { checkSoftwareTpm } from './software-tpm.js'
import {
  closeTrust,
  endorsementTrustOf,
  findLostEndorsement,
  findTroubleOf,
  openTrust,
  type Trust,
} from './trust.js'

/** What all nodes share. */
interface Shared {
  readonly trust: Trust
  readonly signer: TokenSigner
  readonly stateKey: SecretBytes
}

/**
 * The Attestation Service: evidence in, signed token out. Between the two legs it keeps nothing; a challenge is
 * redeemed once, whichever node it comes back to.
 */
export class AttestationService {
  /** CA certificates that endorsement key certificates may chain to. */
  readonly caCertificates: CaCertificates
  /** Endorsement keys that are registered one by one. */
  readonly endorsementKeys: RegisteredKeys
  /** What is asked of endorsement keys. */
  readonly settings: EndorsementSettingsStore
  /** What may have booted. */
  readonly baseImages: BaseImages
  readonly #options: AttestationOptions
  readonly #shared: Shared
  readonly #states: ChallengeStates
  readonly #knownKeys = new KnownKeys()
  readonly #redeemer: ChallengeRedeemer

  private constructor(options: AttestationOptions, shared: Shared) {
    const { trust, signer, stateKey } = shared
    this.caCertificates = trust.caCertificates
    this.endorsementKeys = trust.endorsementKeys
    this.settings = trust.settings
    this.baseImages = trust.baseImages
    this.#options = options
    this.#shared = shared
    this.#states = new ChallengeStates(stateKey, options.random)
    const [states, knownKeys] = [this.#states, this.#knownKeys]
    this.#redeemer = new ChallengeRedeemer({ options, trust, signer, states, knownKeys })
  }

  /** Loads the configuration, and makes what all nodes share when this is the first of them. */
  static async open(options: AttestationOptions): Promise<AttestationService> {
    const { config } = options.storage
    assertLifetime('challengeLifetimeSeconds', options.challengeLifetimeSeconds ?? 60, 3_600)
    assertLifetime('tokenLifetimeSeconds', options.tokenLifetimeSeconds ?? 600, 86_400)
    const stateKey = await shareSecret(config, 'attestation/secrets/challenge-state', () =>
      SecretBytes.take(options.random.bytes(32)),
    )
    const signer =
      options.signer ??
      createLocalSigner([await shareSecret(config, 'attestation/secrets/token-signing', generateSigningKey)])
    const trust = await openTrust(config, options.clock)
    return new AttestationService(options, { trust, signer, stateKey })
  }

  /**
   * One leg of an attestation.
   * @throws CODEC_*, REQUEST_INVALID, TPM_KEY_INVALID for what is malformed; ATTESTATION_REFUSED and
   *   ATTESTATION_UNDECIDED with every check that was made
   */
  async attest(request: AttestRequest): Promise<AttestResult> {
    const document = readContext(request.contexts)
    return document.kind === 'hello'
      ? { attested: false, contexts: [await this.#challenge(request.identity, document)] }
      : this.#redeemer.redeem(request, document)
  }

  /** The keys that tokens are signed with, current one first. */
  publicKeys(): readonly PublicJwk[] {
    return this.#shared.signer.publicKeys()
  }

  /**
   * Throws when what a token of this service rests on was taken back since it was issued: its base image, the CA or the
   * registration of its endorsement key, that its TPM may be software.
   * @throws TOKEN_INVALID with check `token.trust`; STORE_UNAVAILABLE when it cannot be told
   */
  assertStillTrusted(claims: TokenClaims): void {
    const gone = this.#findLostTrust(claims)
    if (gone !== undefined) {
      throw new TrustholdError('TOKEN_INVALID', { check: 'token.trust', reason: `${gone} was taken back` })
    }
  }

  /** What keeps the service from working, for health reports; empty when nothing does. */
  health(): string[] {
    return findTroubleOf(this.#shared.trust)
  }

  /** Ends the watches on the configuration. The storage stays open. */
  async close(): Promise<void> {
    await closeTrust(this.#shared.trust)
    this.#shared.stateKey.wipe()
  }

  /** First leg: is this TPM genuine and ours, and is the key one that it attests with. */
  async #challenge(identity: HostIdentity, hello: HelloDocument): Promise<Uint8Array> {
    const { random, clock, challengeLifetimeSeconds = 60, allowSoftwareTpm } = this.#options
    const { endorsementKey: endorsementKeyBytes, certificate, intermediates } = identity
    const endorsementKey = decode(tpmtPublic, endorsementKeyBytes)
    const { key } = this.#knownKeys.of(hello.attestationKey)
    const { checks: found, endorsement } = await judgeEndorsement(
      {
        publicArea: endorsementKey,
        ...(certificate === undefined ? {} : { certificate }),
        ...(intermediates === undefined ? {} : { intermediates }),
      },
      endorsementTrustOf(this.#shared.trust, clock.now()),
    )
    const checks = [...found, checkAttestationKey(key.public), ...this.#checkImages()]
    if (endorsement === undefined || conclude(checks) !== 'pass') throw refusal(checks)
    // What its certificate says is known already; the quote says it for good.
    const hardware = checkSoftwareTpm(allowSoftwareTpm === true, endorsement)
    if (hardware.outcome === 'fail') throw refusal([...checks, hardware])
    const challenge = makeChallenge({
      hello,
      key,
      endorsementKey,
      endorsementKeyBytes,
      findings: { checks, endorsement },
      selection: this.#selection(),
      expiresAt: clock.now() + challengeLifetimeSeconds * 1_000,
      states: this.#states,
      random,
    })
    return encode(contextDocument, challenge)
  }

  /** What hosts are asked to quote. */
  #selection(): readonly BankSelection[] {
    const selection = this.baseImages.selection()
    return this.#options.ima === undefined ? selection : withImaPcr(selection)
  }

  /** Nothing approved is nothing that could pass; saying so early spares the host its quote. */
  #checkImages(): Check[] {
    return this.baseImages.selection().length === 0
      ? [fail('policy.base-image', 'no base image is approved')]
      : []
  }

  /** What a token rests on and is not trusted any more; undefined when there is no such thing. */
  #findLostTrust({ sub, dbgstat, submods: { host } }: TokenClaims): string | undefined {
    if (this.baseImages.get(host.base_image) === undefined) return 'its base image'
    if (dbgstat === 'enabled' && this.#options.allowSoftwareTpm !== true) {
      return 'the permission of software TPMs'
    }
    const { ca } = host.endorsement
    const lost = findLostEndorsement(this.#shared.trust, ca, sub.slice('ek:'.length))
    if (lost === undefined) return undefined
    return lost === 'ca' ? 'the CA of its TPM' : 'the registration of its TPM'
  }
}

function readContext(contexts: readonly Uint8Array[]): HelloDocument | EvidenceDocument {
  const [context, ...more] = contexts
  if (context === undefined || more.length > 0) {
    throw new TrustholdError('REQUEST_INVALID', {
      path: 'contexts',
      expected: 'one context',
      actual: String(contexts.length),
    })
  }
  const document = decode(contextDocument, context)
  if (document.kind === 'challenge') {
    throw new TrustholdError('REQUEST_INVALID', {
      path: 'contexts[0].kind',
      expected: 'hello or evidence',
      actual: 'challenge',
    })
  }
  return document
}
