/** A public key as a JWK (RFC 7517), with `kid`, `alg` and `use`. */
export interface PublicJwk {
  readonly kty: string
  readonly kid: string
  readonly alg: string
  readonly use: 'sig'
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
}

/** What {@link TokenSigner.sign} returns. */
export interface TokenSignature {
  /** As JWS has it: for ES256 64 bytes, r and s. */
  readonly signature: Uint8Array
}

/** The key that a signature will be made with. */
export interface SigningKeyInfo {
  /** RFC 7638 SHA-256 thumbprint of the public key. */
  readonly kid: string
  /** JWS algorithm, such as `ES256`. */
  readonly alg: string
}

/**
 * Signs the tokens of an Attestation Service.
 *
 * Contract: `current` names the key that `sign` uses next; `sign` with a `kid` that is gone fails with NOT_FOUND.
 * `publicKeys` holds every key whose tokens may still be valid, the current one first.
 */
export interface TokenSigner {
  current(): SigningKeyInfo
  /** Signs the bytes of a JWS signing input. */
  sign(kid: string, input: Uint8Array): Promise<TokenSignature>
  publicKeys(): readonly PublicJwk[]
}
