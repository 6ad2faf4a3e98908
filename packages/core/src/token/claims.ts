/** What a token is for: opening keys, or only showing what was attested. Names as in the original's host API. */
export type TokenKind = 'KMS_AUTH_JWT' | 'REPORTING_JWT'

/** The kinds of token, in the order in which documents list them. */
export const tokenKinds: readonly TokenKind[] = ['KMS_AUTH_JWT', 'REPORTING_JWT']

/** The `eat_profile` of each kind; a token of one kind is never taken for the other. */
export const tokenProfiles: Readonly<Record<TokenKind, string>> = {
  KMS_AUTH_JWT: 'tag:github.com,2026:trusthold/kms-auth',
  REPORTING_JWT: 'tag:github.com,2026:trusthold/reporting',
}

/** Tiers of the AR4SI trustworthiness vector as EAR spells them in JSON. */
export type TrustTier = 'none' | 'affirming' | 'warning' | 'contraindicated'

/** The appraisal of a host: an EAR submodule (draft-ietf-rats-ear) with what was found as claims of our own. */
export interface HostAppraisal {
  readonly ear_status: TrustTier
  /** AR4SI claims by name, values as that draft assigns them. */
  readonly ear_trustworthiness_vector: Readonly<Record<string, number>>
  /** Ids of all policies that took part. */
  readonly ear_appraisal_policy_ids: readonly string[]
  /** Name of the base image that the measurements match. */
  readonly base_image: string
  /** SHA-256 fingerprint (hex) of the configured CA certificate, or the name of the registered key. */
  readonly endorsement: Readonly<Record<string, string>>
  /** The quoted PCRs and the digest over them, hex. */
  readonly pcrs: {
    readonly selection: readonly { readonly bank: string; readonly pcrs: readonly number[] }[]
    readonly digest: string
  }
}

/** What a token states. Times in seconds since 1970-01-01T00:00:00Z. */
export interface TokenClaims {
  /** The Attestation Service. */
  readonly iss: string
  /** The host: the name of its endorsement key, `ek:` and hex. */
  readonly sub: string
  /** The service group. */
  readonly aud: string
  readonly iat: number
  readonly nbf: number
  readonly exp: number
  /** Unique to this token. */
  readonly jti: string
  readonly eat_profile: string
  /** The nonce that the quote answered, base64url. */
  readonly eat_nonce: string
  /** UEID of type RAND (0x01) over the endorsement key, base64url (RFC 9711 section 4.2.1). */
  readonly ueid: string
  /** The TPM's resetCount. */
  readonly bootcount: number
  /** Whether Secure Boot was on; absent when the log does not prove it either way. */
  readonly oemboot?: boolean
  /**
   * `enabled` for a software TPM, whose secrets its owner can read (RFC 9711 section 4.2.9); absent when nothing is known.
   */
  readonly dbgstat?: 'enabled'
  readonly ear_verifier_id: { readonly developer: string; readonly build: string }
  /** RFC 7800: the thumbprint (RFC 7638) of the host's binding key, as RFC 9449 section 6 names it. */
  readonly cnf: { readonly jkt: string }
  readonly submods: { readonly host: HostAppraisal }
}
