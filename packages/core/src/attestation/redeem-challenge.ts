import { type AuditEvent, type AuditLog, createAuditLog } from '../audit/index.js'
import { toBase64url, toHex } from '../bytes/index.js'
import type { Endorsement } from '../endorsement/index.js'
import { describeError } from '../errors/index.js'
import { JudgedLogs } from '../evidence/index.js'
import type { TokenSigner } from '../ports/index.js'
import type { AttestationDocument, AttestRequest, AttestResult, EvidenceDocument } from '../protocol/index.js'
import { issueToken, type TokenKind } from '../token/index.js'
import { type Check, conclude, fail, pass, unknown } from '../verdict/index.js'
import { appraiseEvidence, checkSameIdentity } from './appraise.js'
import type { ChallengeState, ChallengeStates } from './challenge-state.js'
import { buildClaims, type Established, subjectOf } from './claims.js'
import type { KnownKeys } from './known-keys.js'
import type { AttestationOptions } from './options.js'
import { refusal } from './refusal.js'
import { SecureBootCache } from './secure-boot-cache.js'
import { checkSoftwareTpm } from './software-tpm.js'
import { findLostEndorsement, type Trust } from './trust.js'

/** What the second leg works with. */
export interface ChallengeRedeemerParts {
  readonly options: AttestationOptions
  readonly trust: Trust
  readonly signer: TokenSigner
  readonly states: ChallengeStates
  readonly knownKeys: KnownKeys
}

/** The second leg: takes a challenge back with the evidence that answers it, and gives tokens when all is as it should be. */
export class ChallengeRedeemer {
  readonly #parts: ChallengeRedeemerParts
  readonly #audit: AuditLog
  readonly #secureBoot = new SecureBootCache()
  readonly #judgedLogs = new JudgedLogs()

  constructor(parts: ChallengeRedeemerParts) {
    this.#parts = parts
    this.#audit = createAuditLog(parts.options.storage.audit, parts.options.clock)
  }

  /**
   * The challenge is used up before anything that came with it is looked at.
   * @throws ATTESTATION_REFUSED and ATTESTATION_UNDECIDED with every check that was made
   */
  async redeem(request: AttestRequest, evidence: EvidenceDocument): Promise<AttestResult> {
    const state = this.#parts.states.open(evidence.state)
    if (state === undefined) {
      throw refusal([fail('challenge.authentic', 'the challenge is not one of this service')])
    }
    const checks: Check[] = [
      pass('challenge.authentic', 'the challenge is one of this service'),
      ...(await this.#useUp(state)),
    ]
    // Not on record: whoever has one answer could fill the store with it.
    if (conclude(checks) !== 'pass') throw refusal(checks)
    const established = this.#appraise(state, request, evidence, checks)
    if (established !== undefined) return this.#attested(request.types, established, checks)
    const error = refusal(checks)
    // Only the TPM itself can get this far; what anyone could send in its name is for the log.
    if (checks.some(({ id, outcome }) => id === 'quote.signature' && outcome === 'pass')) {
      const outcome = error.code === 'ATTESTATION_REFUSED' ? 'refused' : 'failed'
      const { endorsement } = this.#parts.knownKeys.of(state.attestationKey).findings.read(state.findings)
      await this.#record(endorsement, outcome, { reason: describeError(error) })
    }
    throw error
  }

  /** Uses the challenge up; whether it can be used is decided by exactly one node. */
  async #useUp(state: ChallengeState): Promise<Check[]> {
    const { clock, storage } = this.#parts.options
    const expiresAt = Number(state.expiresAt)
    if (clock.now() >= expiresAt) return [fail('challenge.fresh', 'the challenge has expired')]
    const fresh = pass('challenge.fresh', 'the challenge has not expired')
    const id = 'challenge.unused'
    try {
      return (await storage.replay.claim(`challenge:${toHex(state.id)}`, expiresAt))
        ? [fresh, pass(id, 'the challenge was not answered before')]
        : [fresh, fail(id, 'the challenge was answered before')]
    } catch (error) {
      return [fresh, unknown(id, `it cannot be told whether it was answered before: ${describeError(error)}`)]
    }
  }

  /** Adds every further check; what they establish, when all passed. */
  #appraise(
    state: ChallengeState,
    request: AttestRequest,
    evidence: EvidenceDocument,
    checks: Check[],
  ): Established | undefined {
    const { options, trust, knownKeys } = this.#parts
    const { ima, allowSoftwareTpm } = options
    const { key, findings } = knownKeys.of(state.attestationKey)
    const { checks: before, endorsement } = findings.read(state.findings)
    checks.push(
      checkSameIdentity(state, request.identity.endorsementKey),
      ...before,
      checkStillEndorsed(trust, endorsement),
    )
    if (conclude(checks) !== 'pass') return undefined
    const images = trust.baseImages.index()
    const appraisal = appraiseEvidence({ state, evidence, key, images, judgedLogs: this.#judgedLogs, ima })
    checks.push(...appraisal.checks)
    const { passed } = appraisal
    if (passed !== undefined) {
      checks.push(checkSoftwareTpm(allowSoftwareTpm === true, endorsement, passed.facts))
    }
    if (passed === undefined || conclude(checks) !== 'pass') return undefined
    const secureBoot = this.#secureBoot.of(passed.facts)
    return { state, endorsement, ...passed, secureBoot, ima: ima !== undefined }
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
    const { issuer, group, clock, tokenLifetimeSeconds: lifetimeSeconds = 600 } = this.#parts.options
    // A challenge is random and answered once, so with the kind it names the token.
    const id = `${toBase64url(established.state.id)}.${type}`
    const now = Math.floor(clock.now() / 1_000)
    const claims = buildClaims(type, { issuer, group, now, lifetimeSeconds, id }, established)
    return { id, document: { type, token: await issueToken(this.#parts.signer, claims) } }
  }

  #record(
    endorsement: Endorsement,
    outcome: AuditEvent['outcome'],
    details: Record<string, string>,
  ): Promise<void> {
    return this.#audit.record({ action: 'attest', outcome, subject: subjectOf(endorsement), details })
  }
}

/** What endorsed the TPM in the first leg has not been taken back since. */
function checkStillEndorsed(trust: Trust, { certificate, registeredName, keyId }: Endorsement): Check {
  const id = 'endorsement.current'
  switch (findLostEndorsement(trust, certificate?.caFingerprint, keyId)) {
    case 'ca':
      return fail(id, 'the CA that the TPM was accepted for is no longer configured')
    case 'registration':
      return fail(id, `the endorsement key ${registeredName ?? ''} is no longer registered`)
    case undefined:
      return pass(id, 'what endorses the TPM is still configured')
  }
}
