import { type AuditEvent, type AuditLog, createAuditLog } from '../audit/index.js'
import { SecretBytes, toBase64url, toHex } from '../bytes/index.js'
import { decode, encode } from '../codec/index.js'
import { assertLifetime, shareSecret } from '../config/index.js'
import { type Endorsement, type EndorsementTrust, judgeEndorsement } from '../endorsement/index.js'
import { describeError, TrustholdError } from '../errors/index.js'
import {
  checkAttestationKey,
  JudgedLogs,
  type PreparedKey,
  prepareAttestationKey,
} from '../evidence/index.js'
import type { Clock, PublicJwk, RandomSource, Storage, TokenSigner } from '../ports/index.js'
import {
  type AttestationDocument,
  type AttestRequest,
  type AttestResult,
  type BankSelection,
  contextDocument,
  type EvidenceDocument,
  type HelloDocument,
  type HostIdentity,
} from '../protocol/index.js'
import {
  createLocalSigner,
  generateSigningKey,
  issueToken,
  type TokenClaims,
  type TokenKind,
} from '../token/index.js'
import { type TpmtPublic, tpmtPublic } from '../tpm2/index.js'
import { type Check, conclude, fail, pass, unknown } from '../verdict/index.js'
import { appraiseEvidence, checkSameIdentity } from './appraise.js'
import { BaseImages } from './base-images.js'
import { CaCertificates } from './ca-certificates.js'
import { type ChallengeState, ChallengeStates } from './challenge-state.js'
import { buildClaims, type Established, subjectOf } from './claims.js'
import { EndorsementSettingsStore } from './endorsement-settings.js'
import { FindingsReader } from './findings.js'
import { type ImaPolicy, withImaPcr } from './ima-policy.js'
import { makeChallenge } from './make-challenge.js'
import { Recent } from './recent.js'
import { RegisteredKeys } from './registered-keys.js'
import { SecureBootCache } from './secure-boot-cache.js'
import { checkSoftwareTpm } from './software-tpm.js'

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

interface Parts {
  readonly caCertificates: CaCertificates
  readonly endorsementKeys: RegisteredKeys
  readonly settings: EndorsementSettingsStore
  readonly baseImages: BaseImages
  readonly signer: TokenSigner
  readonly stateKey: SecretBytes
}

/** An attestation key that was read, and what was found about its host. */
interface KnownKey {
  readonly key: PreparedKey
  readonly findings: FindingsReader
}

/** Attestation keys whose public area stays read between the legs; reading one again costs as much as a signature. */
const knownKeys = 1_024

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
  readonly #signer: TokenSigner
  readonly #stateKey: SecretBytes
  readonly #states: ChallengeStates
  readonly #audit: AuditLog
  readonly #known = new Recent<KnownKey>(knownKeys)
  readonly #secureBoot = new SecureBootCache()
  readonly #judgedLogs = new JudgedLogs()

  private constructor(options: AttestationOptions, parts: Parts) {
    this.#options = options
    this.caCertificates = parts.caCertificates
    this.endorsementKeys = parts.endorsementKeys
    this.settings = parts.settings
    this.baseImages = parts.baseImages
    this.#signer = parts.signer
    this.#stateKey = parts.stateKey
    this.#states = new ChallengeStates(parts.stateKey, options.random)
    this.#audit = createAuditLog(options.storage.audit, options.clock)
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
    const opened: { close(): Promise<void> }[] = []
    const keep = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
      const part = await opening
      opened.push(part)
      return part
    }
    try {
      const caCertificates = await keep(CaCertificates.open(config))
      const endorsementKeys = await keep(RegisteredKeys.open(config, caCertificates, options.clock))
      const settings = await keep(EndorsementSettingsStore.open(config))
      const baseImages = await keep(BaseImages.open(config))
      const parts = { caCertificates, endorsementKeys, settings, baseImages, signer, stateKey }
      return new AttestationService(options, parts)
    } catch (error) {
      await Promise.all(opened.map((part) => part.close()))
      throw error
    }
  }

  /**
   * One leg of an attestation.
   * @throws CODEC_*, REQUEST_INVALID, TPM_KEY_INVALID for what is malformed; ATTESTATION_REFUSED and
   *   ATTESTATION_UNDECIDED with every check that was made
   */
  async attest(request: AttestRequest): Promise<AttestResult> {
    const document = readContext(request.contexts)
    if (document.kind === 'hello') {
      const endorsementKey = decode(tpmtPublic, request.identity.endorsementKey)
      return {
        attested: false,
        contexts: [await this.#challenge(request.identity, endorsementKey, document)],
      }
    }
    return this.#redeem(request, document)
  }

  /** The keys that tokens are signed with, current one first. */
  publicKeys(): readonly PublicJwk[] {
    return this.#signer.publicKeys()
  }

  /**
   * Throws when what a token of this service rests on was taken back since it was issued: its base image, the CA or the
   * registration of its endorsement key, that its TPM may be software.
   * @throws TOKEN_INVALID with check `token.trust`; STORE_UNAVAILABLE when it cannot be told
   */
  assertStillTrusted({ sub, dbgstat, submods: { host } }: TokenClaims): void {
    const { ca } = host.endorsement
    const { requireCertificateValidation, requireEndorsementKeys } = this.settings.get()
    const gone =
      (this.baseImages.get(host.base_image) === undefined && 'its base image') ||
      (dbgstat === 'enabled' && !this.#allowsSoftwareTpm() && 'the permission of software TPMs') ||
      (requireCertificateValidation &&
        (ca === undefined || !this.caCertificates.trusts(ca)) &&
        'the CA of its TPM') ||
      (requireEndorsementKeys &&
        this.endorsementKeys.nameOf(sub.slice('ek:'.length)) === undefined &&
        'the registration of its TPM')
    if (gone !== false) {
      throw new TrustholdError('TOKEN_INVALID', { check: 'token.trust', reason: `${gone} was taken back` })
    }
  }

  /** What keeps the service from working, for health reports; empty when nothing does. */
  health(): string[] {
    const parts = [
      () => this.caCertificates.anchors(),
      () => this.endorsementKeys.nameOf(''),
      () => this.settings.get(),
      () => this.baseImages.index(),
    ]
    return parts.flatMap((read) => {
      try {
        read()
        return []
      } catch (error) {
        return [describeError(error)]
      }
    })
  }

  /** Ends the watches on the configuration. The storage stays open. */
  async close(): Promise<void> {
    await Promise.all([
      this.caCertificates.close(),
      this.endorsementKeys.close(),
      this.settings.close(),
      this.baseImages.close(),
    ])
    this.#stateKey.wipe()
  }

  /** First leg: is this TPM genuine and ours, and is the key one that it attests with. */
  async #challenge(
    identity: HostIdentity,
    endorsementKey: TpmtPublic,
    hello: HelloDocument,
  ): Promise<Uint8Array> {
    const { key } = this.#keyOf(hello.attestationKey)
    const judged = await judgeEndorsement(
      {
        publicArea: endorsementKey,
        ...(identity.certificate === undefined ? {} : { certificate: identity.certificate }),
        ...(identity.intermediates === undefined ? {} : { intermediates: identity.intermediates }),
      },
      this.#endorsementTrust(),
    )
    const checks = [...judged.checks, checkAttestationKey(key.public), ...this.#checkImages()]
    if (judged.endorsement === undefined || conclude(checks) !== 'pass') {
      throw refusal(checks)
    }
    // What its certificate says is known already; the quote says it for good.
    const hardware = checkSoftwareTpm(this.#allowsSoftwareTpm(), judged.endorsement)
    if (hardware.outcome === 'fail') throw refusal([...checks, hardware])
    const { random, clock, challengeLifetimeSeconds = 60 } = this.#options
    const challenge = makeChallenge({
      hello,
      key,
      endorsementKey,
      endorsementKeyBytes: identity.endorsementKey,
      findings: { checks, endorsement: judged.endorsement },
      selection: this.#selection(),
      expiresAt: clock.now() + challengeLifetimeSeconds * 1_000,
      states: this.#states,
      random,
    })
    return encode(contextDocument, challenge)
  }

  /** Second leg. The challenge is used up before anything that came with it is looked at. */
  async #redeem(request: AttestRequest, document: EvidenceDocument): Promise<AttestResult> {
    const state = this.#states.open(document.state)
    if (state === undefined) {
      throw refusal([fail('challenge.authentic', 'the challenge is not one of this service')])
    }
    const checks: Check[] = [
      pass('challenge.authentic', 'the challenge is one of this service'),
      ...(await this.#useUp(state)),
    ]
    // Not on record: whoever has one answer could fill the store with it.
    if (conclude(checks) !== 'pass') throw refusal(checks)
    const established = this.#appraise(state, request, document, checks)
    if (established !== undefined) return this.#attested(request.types, established, checks)
    const error = refusal(checks)
    // Only the TPM itself can get this far; what anyone could send in its name is for the log.
    if (checks.some(({ id, outcome }) => id === 'quote.signature' && outcome === 'pass')) {
      const outcome = error.code === 'ATTESTATION_REFUSED' ? 'refused' : 'failed'
      const { endorsement } = this.#keyOf(state.attestationKey).findings.read(state.findings)
      await this.#record(endorsement, outcome, {
        reason: describeError(error),
      })
    }
    throw error
  }

  /** Adds every further check; what they establish, when all passed. */
  #appraise(
    state: ChallengeState,
    request: AttestRequest,
    evidence: EvidenceDocument,
    checks: Check[],
  ): Established | undefined {
    const { key, findings } = this.#keyOf(state.attestationKey)
    const { checks: before, endorsement } = findings.read(state.findings)
    checks.push(
      checkSameIdentity(state, request.identity.endorsementKey),
      ...before,
      this.#checkStillEndorsed(endorsement),
    )
    if (conclude(checks) !== 'pass') return undefined
    const images = this.baseImages.index()
    const { ima } = this.#options
    const appraisal = appraiseEvidence({ state, evidence, key, images, judgedLogs: this.#judgedLogs, ima })
    checks.push(...appraisal.checks)
    const { passed } = appraisal
    if (passed !== undefined) {
      checks.push(checkSoftwareTpm(this.#allowsSoftwareTpm(), endorsement, passed.facts))
    }
    if (passed === undefined || conclude(checks) !== 'pass') return undefined
    return {
      state,
      endorsement,
      ...passed,
      secureBoot: this.#secureBoot.of(passed.facts),
      ima: ima !== undefined,
    }
  }

  async #attested(
    types: readonly TokenKind[],
    established: Established,
    checks: readonly Check[],
  ): Promise<AttestResult> {
    const issued = await Promise.all([...new Set(types)].map((type) => this.#issue(type, established)))
    const tokens = issued.map(({ id }) => id).join(' ')
    await this.#record(established.endorsement, 'allowed', { image: established.image.name, tokens })
    return { attested: true, documents: issued.map(({ document }) => document), checks }
  }

  async #issue(
    type: TokenKind,
    established: Established,
  ): Promise<{ id: string; document: AttestationDocument }> {
    const { issuer, group, clock, tokenLifetimeSeconds = 600 } = this.#options
    // A challenge is random and answered once, so with the kind it names the token.
    const id = `${toBase64url(established.state.id)}.${type}`
    const now = Math.floor(clock.now() / 1_000)
    const frame = { issuer, group, now, lifetimeSeconds: tokenLifetimeSeconds, id }
    const token = await issueToken(this.#signer, buildClaims(type, frame, established))
    return { id, document: { type, token } }
  }

  /** Uses the challenge up; whether it can be used is decided by exactly one node. */
  async #useUp(state: ChallengeState): Promise<Check[]> {
    const expiresAt = Number(state.expiresAt)
    if (this.#options.clock.now() >= expiresAt) return [fail('challenge.fresh', 'the challenge has expired')]
    const fresh = pass('challenge.fresh', 'the challenge has not expired')
    const id = 'challenge.unused'
    try {
      return (await this.#options.storage.replay.claim(`challenge:${toHex(state.id)}`, expiresAt))
        ? [fresh, pass(id, 'the challenge was not answered before')]
        : [fresh, fail(id, 'the challenge was answered before')]
    } catch (error) {
      return [fresh, unknown(id, `it cannot be told whether it was answered before: ${describeError(error)}`)]
    }
  }

  #allowsSoftwareTpm(): boolean {
    return this.#options.allowSoftwareTpm === true
  }

  /** What endorsed the TPM in the first leg has not been taken back since. */
  #checkStillEndorsed(endorsement: Endorsement): Check {
    const id = 'endorsement.current'
    const { requireCertificateValidation, requireEndorsementKeys } = this.settings.get()
    const { certificate, registeredName } = endorsement
    if (
      requireCertificateValidation &&
      (certificate === undefined || !this.caCertificates.trusts(certificate.caFingerprint))
    ) {
      return fail(id, 'the CA that the TPM was accepted for is no longer configured')
    }
    if (requireEndorsementKeys && this.endorsementKeys.nameOf(endorsement.keyId) === undefined) {
      return fail(id, `the endorsement key ${registeredName ?? ''} is no longer registered`)
    }
    return pass(id, 'what endorses the TPM is still configured')
  }

  #endorsementTrust(): EndorsementTrust {
    const { endorsementKeys } = this
    return {
      settings: this.settings.get(),
      anchors: this.caCertificates.anchors(),
      registered: {
        async find(id) {
          const name = endorsementKeys.nameOf(id)
          return name === undefined ? undefined : { name }
        },
      },
      at: this.#options.clock.now(),
    }
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

  #keyOf(publicArea: Uint8Array): KnownKey {
    const id = toBase64url(publicArea)
    const known = this.#known.get(id)
    if (known !== undefined) return known
    // Of its own: what came is a part of something that should not be kept.
    const made = { key: prepareAttestationKey(publicArea.slice()), findings: new FindingsReader() }
    this.#known.set(id, made)
    return made
  }

  #record(
    endorsement: Endorsement,
    outcome: AuditEvent['outcome'],
    details: Record<string, string>,
  ): Promise<void> {
    return this.#audit.record({ action: 'attest', outcome, subject: subjectOf(endorsement), details })
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

/** One failure refuses; where nothing failed, something could not be decided. */
function refusal(checks: readonly Check[]): TrustholdError {
  return conclude(checks) === 'unknown'
    ? new TrustholdError('ATTESTATION_UNDECIDED', { checks })
    : new TrustholdError('ATTESTATION_REFUSED', { checks })
}
