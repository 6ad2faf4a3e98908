import { randomBytes } from 'node:crypto'

/**
 * Where nonces, identifiers and keys come from. Contract: cryptographically secure; every call returns fresh bytes
 * in an array that the caller owns.
 */
export interface RandomSource {
  /** `length` fresh bytes. */
  bytes(length: number): Uint8Array
}

/** The operating system's generator, through OpenSSL. */
export const systemRandom: RandomSource = { bytes: (length) => new Uint8Array(randomBytes(length)) }
