import { decode, encode } from '@trusthold/core/codec'
import { isTrustholdError } from '@trusthold/core/errors'
import {
  type HashAlgorithm,
  isHashAlgorithm,
  type TpmtSignature,
  tpmtSignature,
  type VerifiableAlgorithm,
} from '@trusthold/core/tpm2'
import type { Input } from '../input.js'
import { inFile, UserError } from '../user-error.js'
import { readEcdsaSignature } from './ecdsa-signature.js'

/** How a bare signature was made. */
export interface SignatureScheme {
  readonly algorithm: VerifiableAlgorithm
  readonly hash: HashAlgorithm
}

const algorithms: readonly VerifiableAlgorithm[] = ['rsassa', 'rsapss', 'ecdsa']

/**
 * Reads a scheme as in `rsassa:sha256`; undefined when it is none.
 */
export function parseScheme(text: string): SignatureScheme | undefined {
  const [name, hash, ...more] = text.split(':')
  const algorithm = algorithms.find((each) => each === name)
  if (algorithm === undefined || hash === undefined || more.length > 0) return undefined
  return isHashAlgorithm(hash) ? { algorithm, hash } : undefined
}

/**
 * Reads a TPMT_SIGNATURE or, when a scheme is given, a bare signature: the integer of RSA, the two integers of ECDSA
 * side by side or as an ECDSA-Sig-Value (RFC 3279 section 2.2.3).
 * @returns TPMT_SIGNATURE
 * @throws UserError with the file, the field's path and its offset
 */
export function readSignature(input: Input, scheme: SignatureScheme | undefined): Uint8Array {
  const { name, bytes } = input
  if (scheme !== undefined) {
    if (isOfScheme(bytes, scheme)) return bytes
    return inFile(name, () => encode(tpmtSignature, completeSignature(bytes, scheme)))
  }
  try {
    inFile(name, () => decode(tpmtSignature, bytes))
    return bytes
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`${error.message}; a bare signature needs --scheme`, error)
  }
}

/** A scheme may be given with a whole TPMT_SIGNATURE too, when it is the same. */
function isOfScheme(bytes: Uint8Array, { algorithm, hash }: SignatureScheme): boolean {
  try {
    const signature = decode(tpmtSignature, bytes)
    return signature.sigAlg === algorithm && signature.hash === hash
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return false
  }
}

function completeSignature(bytes: Uint8Array, { algorithm, hash }: SignatureScheme): TpmtSignature {
  return algorithm === 'ecdsa'
    ? { sigAlg: algorithm, hash, ...readEcdsaSignature(bytes) }
    : { sigAlg: algorithm, hash, sig: bytes }
}
