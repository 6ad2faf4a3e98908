import type { KeyObject } from 'node:crypto'
import { describeError, isTrustholdError, TrustholdError } from '../errors/index.js'
import type { TpmtPublic } from '../tpm2/index.js'
import { type Check, conclude, fail, pass, skipped, unknown } from '../verdict/index.js'
import type { CertificateIndex, WebCryptoLike } from '../x509/index.js'
import { type CertificateFacts, certificateMatches, proveCertificate } from './certificate-check.js'
import { checkEkPublicArea, keyIdOf, keyKindOf } from './ek-public-area.js'

/** What endorsement takes; the names are the original's. At least one must be on, both may be. */
export interface EndorsementSettings {
  /** Only TPMs whose endorsement key is registered. */
  readonly requireEndorsementKeys: boolean
  /** Only TPMs whose EK certificate chains to a configured CA. */
  readonly requireCertificateValidation: boolean
}

/** The registered endorsement keys. */
export interface RegisteredKeys {
  /**
   * The entry with this id, undefined when there is none.
   * @throws STORE_UNAVAILABLE when that cannot be found out now
   */
  find(id: string): Promise<{ readonly name: string } | undefined>
}

/** What a host shows of its TPM. */
export interface EndorsementClaim {
  /** The endorsement key: the very one that the credential is made for. */
  readonly publicArea: TpmtPublic
  /** Its certificate, DER. */
  readonly certificate?: Uint8Array | undefined
  /** CA certificates that lead to a configured one, DER; untrusted. */
  readonly intermediates?: readonly Uint8Array[] | undefined
}

/** What the claim is judged by. */
export interface EndorsementTrust {
  readonly settings: EndorsementSettings
  /** The configured CAs. */
  readonly anchors: CertificateIndex
  readonly registered: RegisteredKeys
  /** Moment of judgement, milliseconds since 1970. */
  readonly at: number
  /** For brainpool curves; @peculiar/webcrypto when left out. */
  readonly webcrypto?: WebCryptoLike | undefined
}

/** Facts about an endorsement that holds. */
export interface Endorsement {
  /** See {@link endorsementKeyId}. */
  readonly keyId: string
  /** Algorithm and size of the endorsement key, such as `rsa-2048`. */
  readonly kind: string
  /** Name of the registered key; absent when registration was not asked for. */
  readonly registeredName?: string
  /** Present when a certificate came along and holds, asked for or not. */
  readonly certificate?: CertificateFacts
}

/** The outcome of {@link judgeEndorsement}. */
export interface EndorsementJudgement {
  /** `endorsement.key`, `endorsement.certificate`, `endorsement.registered`, in this order. */
  readonly checks: readonly Check[]
  /** Only when all that was asked for holds. */
  readonly endorsement?: Endorsement
}

/**
 * Decides whether a TPM is genuine and ours. Its public area must be of an endorsement key, and whichever of the two
 * settings is on must be met; neither stands in for the other.
 *
 * A certificate that was not asked for is still verified, for its facts: whether it holds changes no outcome. One that
 * is of another key than the public area is a contradiction and fails in any case.
 * @throws CONFIGURATION_INVALID when neither setting is on: that would trust every TPM
 */
export async function judgeEndorsement(
  claim: EndorsementClaim,
  trust: EndorsementTrust,
): Promise<EndorsementJudgement> {
  checkSettings(trust.settings)
  const { key, check } = judgeKey(claim.publicArea)
  const certified = await judgeCertificate(claim, trust, key)
  const registered = await judgeRegistered(trust, key)
  const checks = [check, certified.check, registered.check]
  if (key === undefined || conclude(checks) !== 'pass') return { checks }
  const endorsement: Endorsement = {
    keyId: keyIdOf(key),
    kind: keyKindOf(key),
    ...(registered.name === undefined ? {} : { registeredName: registered.name }),
    ...(certified.facts === undefined ? {} : { certificate: certified.facts }),
  }
  return { checks, endorsement }
}

function checkSettings({ requireCertificateValidation, requireEndorsementKeys }: EndorsementSettings): void {
  if (requireCertificateValidation === true || requireEndorsementKeys === true) return
  throw new TrustholdError('CONFIGURATION_INVALID', {
    name: 'tpm2.settings',
    reason: 'neither requireCertificateValidation nor requireEndorsementKeys is on',
  })
}

function judgeKey(publicArea: TpmtPublic): { key?: KeyObject; check: Check } {
  const id = 'endorsement.key'
  try {
    const key = checkEkPublicArea(publicArea)
    return { key, check: pass(id, `an endorsement key of kind ${keyKindOf(key)}`) }
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return { check: fail(id, `not the public area of an endorsement key: ${describeError(error)}`) }
  }
}

async function judgeRegistered(
  { settings, registered }: EndorsementTrust,
  key: KeyObject | undefined,
): Promise<{ name?: string; check: Check }> {
  const id = 'endorsement.registered'
  if (!settings.requireEndorsementKeys) return { check: skipped(id, 'registration is not asked for') }
  if (key === undefined) return { check: fail(id, 'there is no endorsement key to look up') }
  const keyId = keyIdOf(key)
  try {
    const entry = await registered.find(keyId)
    if (entry === undefined) return { check: fail(id, `endorsement key ${keyId} is not registered`) }
    return { name: entry.name, check: pass(id, `registered as ${JSON.stringify(entry.name)}`) }
  } catch (error) {
    if (!isTrustholdError(error, 'STORE_UNAVAILABLE')) throw error
    return { check: unknown(id, `registered keys cannot be looked up: ${describeError(error)}`) }
  }
}

async function judgeCertificate(
  claim: EndorsementClaim,
  trust: EndorsementTrust,
  key: KeyObject | undefined,
): Promise<{ facts?: CertificateFacts; check: Check }> {
  const id = 'endorsement.certificate'
  const asked = trust.settings.requireCertificateValidation
  const unmet = (reason: string) =>
    asked ? fail(id, reason) : skipped(id, `certificate validation is not asked for; ${reason}`)
  if (claim.certificate === undefined) return { check: unmet('no EK certificate was presented') }
  if (key === undefined) return { check: unmet('there is no endorsement key to compare it with') }
  const outcome = await proveCertificate({ ...claim, certificate: claim.certificate }, trust)
  if (outcome.certificate !== undefined && !certificateMatches(outcome.certificate, key)) {
    return { check: fail(id, 'the EK certificate is of another key than the public area') }
  }
  if (outcome.facts === undefined) return { check: unmet(outcome.reason) }
  const chain = `the EK certificate chains to ${outcome.facts.caSubject}`
  const check = asked ? pass(id, chain) : skipped(id, `certificate validation is not asked for; ${chain}`)
  return { facts: outcome.facts, check }
}
