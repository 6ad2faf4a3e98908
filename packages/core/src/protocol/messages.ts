import type { TokenKind } from '../token/index.js'
import type { Check } from '../verdict/index.js'

/** Who a host says it is: its endorsement key and, when there is one, that key's certificate. */
export interface HostIdentity {
  /** TPMT_PUBLIC of the endorsement key. */
  readonly endorsementKey: Uint8Array
  /** DER. */
  readonly certificate?: Uint8Array
  /** CA certificates that may lead from it to a configured one, DER, at most {@link maxIntermediates}; untrusted. */
  readonly intermediates?: readonly Uint8Array[]
}

/** Most CA certificates that a host sends along. */
export const maxIntermediates = 16

/** One leg of an attestation, from the host. */
export interface AttestRequest {
  readonly identity: HostIdentity
  /** Exactly one {@link ContextDocument}, encoded. */
  readonly contexts: readonly Uint8Array[]
  /** Kinds of token that are asked for; what the first leg says does not count. */
  readonly types: readonly TokenKind[]
}

/** A token of one kind. */
export interface AttestationDocument {
  readonly type: TokenKind
  /** Compact JWS. */
  readonly token: string
}

/** One leg's answer: a context to process and return, or the end. */
export type AttestResult =
  | { readonly attested: false; readonly contexts: readonly Uint8Array[] }
  | {
      readonly attested: true
      readonly documents: readonly AttestationDocument[]
      readonly checks: readonly Check[]
    }

/** How a plaintext key travels to the host: encrypted to its binding key, or bare inside TLS. */
export type KeyDelivery = 'jwe' | 'tls'

/** Asks for a new key. */
export interface GenerateKeyRequest {
  readonly provider: string
  /** Length of the key in bytes, 16 to 512. */
  readonly length: number
  readonly delivery: KeyDelivery
}

/** Asks for the key inside a wrapped key. */
export interface DecryptRequest {
  readonly provider: string
  readonly wrapped: string
  readonly delivery: KeyDelivery
}

/** A key on its way to the host, in one of the two forms. */
export type DeliveredKey =
  | { readonly delivery: 'jwe'; readonly jwe: string }
  | { readonly delivery: 'tls'; readonly plaintext: Uint8Array }

/** A new key: wrapped, to be stored by the host, and delivered. */
export interface GeneratedKey {
  readonly wrapped: string
  readonly key: DeliveredKey
}

/** What a request to the Key Provider Service carries to prove itself. */
export interface KeyRequestCredentials {
  /** A KMS_AUTH_JWT. */
  readonly token: string
  /** DPoP proof for this request. */
  readonly proof: string
}
