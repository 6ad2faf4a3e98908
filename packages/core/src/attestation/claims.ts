import { concatBytes, fromHex, toBase64url, toHex } from '../bytes/index.js'
import type { Endorsement } from '../endorsement/index.js'
import type { QuoteFacts } from '../evidence/index.js'
import type { BaseImage } from '../policy/index.js'
import { type HostAppraisal, type TokenClaims, type TokenKind, tokenProfiles } from '../token/index.js'
import type { ChallengeState } from './challenge-state.js'
import { isSoftwareTpm } from './software-tpm.js'

/** Everything that a passed appraisal established. */
export interface Established {
  readonly state: ChallengeState
  readonly endorsement: Endorsement
  readonly facts: QuoteFacts
  readonly image: BaseImage
  /** Undefined when the log does not prove it either way. */
  readonly secureBoot: boolean | undefined
  /** Whether everything that IMA measured was judged and is allowed. */
  readonly ima: boolean
}

/** What a token says beside that. */
export interface TokenFrame {
  readonly issuer: string
  readonly group: string
  /** Seconds since 1970. */
  readonly now: number
  readonly lifetimeSeconds: number
  readonly id: string
}

/**
 * The host's name in tokens: its endorsement key, by the digest of the key itself. The name of the public area would not do:
 * attributes that nobody checks could be varied.
 */
export const subjectOf = ({ keyId }: Endorsement): string => `ek:${keyId}`

/** The claims of a token of one kind. */
export function buildClaims(kind: TokenKind, frame: TokenFrame, established: Established): TokenClaims {
  const { state, facts, endorsement, secureBoot } = established
  return {
    iss: frame.issuer,
    sub: subjectOf(endorsement),
    aud: frame.group,
    iat: frame.now,
    nbf: frame.now,
    exp: frame.now + frame.lifetimeSeconds,
    jti: frame.id,
    eat_profile: tokenProfiles[kind],
    eat_nonce: toBase64url(state.nonce),
    ueid: toBase64url(concatBytes(Uint8Array.of(0x01), fromHex(endorsement.keyId))),
    bootcount: facts.resetCount,
    ...(secureBoot === undefined ? {} : { oemboot: secureBoot }),
    // Of other TPMs nothing can be said: whoever makes them may have debug facilities that no statement tells of.
    ...(isSoftwareTpm(endorsement, facts) ? { dbgstat: 'enabled' as const } : {}),
    ear_verifier_id: { developer: 'trusthold', build: '0.1.0' },
    cnf: { jkt: toBase64url(state.bindingKeyThumbprint) },
    submods: { host: appraisal(established) },
  }
}

/**
 * The appraisal as EAR states it, with values of draft-ietf-rats-ar4si: instance-identity 2, the instance is recognised;
 * configuration 2, it is known and approved; executables 3, only approved ones were loaded during boot (nothing is known
 * of later ones), or 2, also after it, where a policy for IMA was met; hardware 2, its authenticity is verified, which a
 * registered key without a certificate does not say, and which is not so for a software TPM.
 * Nothing worse than affirming ever gets a token.
 */
function appraisal({ facts, endorsement, image, ima }: Established): HostAppraisal {
  const { certificate, registeredName } = endorsement
  return {
    ear_status: 'affirming',
    ear_trustworthiness_vector: {
      'instance-identity': 2,
      configuration: 2,
      executables: ima ? 2 : 3,
      ...(certificate === undefined || isSoftwareTpm(endorsement, facts) ? {} : { hardware: 2 }),
    },
    ear_appraisal_policy_ids: [`base-image:${image.name}`, 'endorsement-settings', ...(ima ? ['ima'] : [])],
    base_image: image.name,
    endorsement: {
      key: endorsement.kind,
      ...(certificate === undefined
        ? {}
        : {
            ca: certificate.caFingerprint,
            manufacturer: certificate.manufacturer.id,
            model: certificate.model,
          }),
      ...(registeredName === undefined ? {} : { registered: registeredName }),
    },
    pcrs: { selection: facts.selection, digest: toHex(facts.pcrDigest) },
  }
}
