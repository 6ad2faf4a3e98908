import { constants, type KeyObject, verify } from 'node:crypto'
import { TrustholdError } from '../errors/index.js'
import { type HashAlgorithm, hashFacts, signingKeyType } from './algorithms.js'
import { type CurveFacts, curveByNodeName } from './curves.js'
import { checkRsaKey, padInteger } from './keys.js'
import type { TpmtPublic } from './public-area.js'
import type { TpmtSignature } from './signature.js'

/** What {@link verifySignature} takes. */
export interface VerifySignatureOptions {
  /** The signer's public key, RSA or EC; {@link publicKeyOf} makes one. */
  key: KeyObject
  signature: TpmtSignature
  /** The bytes that were signed, as received. */
  message: Uint8Array
  /** The signer's public area. When it names a signing scheme, the signature has to be of that scheme and hash. */
  publicArea?: TpmtPublic
  /** Accepts signatures over SHA-1 digests; refused by default. */
  allowSha1?: boolean
}

type RsaSignature = Extract<TpmtSignature, { readonly sigAlg: 'rsassa' | 'rsapss' }>
type EcdsaSignature = Extract<TpmtSignature, { readonly sigAlg: 'ecdsa' }>

function unsupported(use: string, algorithm: string): never {
  throw new TrustholdError('TPM_ALGORITHM_UNSUPPORTED', { use, algorithm })
}

function isVerifiable(signature: TpmtSignature): signature is RsaSignature | EcdsaSignature {
  return signingKeyType(signature.sigAlg) !== undefined
}

function checkHash(hash: HashAlgorithm, allowSha1: boolean): void {
  const { signing } = hashFacts(hash)
  if (signing === 'no' || (signing === 'legacy' && !allowSha1)) unsupported('signatures', hash)
}

function checkScheme(publicArea: TpmtPublic, signature: RsaSignature | EcdsaSignature): void {
  if (publicArea.type !== 'rsa' && publicArea.type !== 'ecc') {
    unsupported('signature verification', publicArea.type)
  }
  const { scheme } = publicArea.parameters
  if (scheme.scheme === 'null') return
  const hash = 'hashAlg' in scheme ? scheme.hashAlg : 'null'
  if (scheme.scheme !== signature.sigAlg || hash !== signature.hash) {
    unsupported(`a key of scheme ${scheme.scheme} with ${hash}`, `${signature.sigAlg} with ${signature.hash}`)
  }
}

/** r and s side by side (IEEE P1363); undefined when one is longer than n. Whether they are in 1 to n - 1, OpenSSL tells. */
function joinScalars({ signatureR, signatureS }: EcdsaSignature, curve: CurveFacts): Uint8Array | undefined {
  const joined = new Uint8Array(curve.bytes * 2)
  for (const [i, value] of [signatureR, signatureS].entries()) {
    const scalar = padInteger(value, curve.bytes)
    if (scalar === undefined) return undefined
    joined.set(scalar, i * curve.bytes)
  }
  return joined
}

function verifyEcdsa(key: KeyObject, signature: EcdsaSignature, message: Uint8Array): boolean {
  const name = key.asymmetricKeyDetails?.namedCurve
  const curve = curveByNodeName(name)
  if (curve === undefined) return unsupported('signatures', name ?? 'a curve without name')
  const joined = joinScalars(signature, curve)
  if (joined === undefined) return false
  return verify(hashFacts(signature.hash).node, message, { key, dsaEncoding: 'ieee-p1363' }, joined)
}

function verifyRsa(key: KeyObject, signature: RsaSignature, message: Uint8Array): boolean {
  // RFC 8017, section 8.1.2, step 1: OpenSSL takes PSS signatures without their leading zeros too.
  if (signature.sig.length !== checkRsaKey(key)) return false
  const { node } = hashFacts(signature.hash)
  if (signature.sigAlg === 'rsassa') return verify(node, message, key, signature.sig)
  const { RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_AUTO } = constants
  const padding = { key, padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_AUTO }
  return verify(node, message, padding, signature.sig)
}

/**
 * Verifies a signature: RSASSA, RSAPSS with any salt length, ECDSA on P-256, P-384 or P-521; over SHA-256, SHA-384 or
 * SHA-512. TPM 2.0 Part 1, annexes B and C.
 * @returns whether the signature is the key's over the message; false also for ECDSA integers out of range
 * @throws TPM_ALGORITHM_UNSUPPORTED for every other algorithm, and when signature, key and the key's own scheme do not
 *   belong together
 * @throws TPM_KEY_INVALID for an RSA key of less than 2,048 or more than 16,384 bits, or with an exponent that is even,
 *   below 65,537 or above 32 bits
 */
export function verifySignature(options: VerifySignatureOptions): boolean {
  const { key, signature, message, publicArea, allowSha1 = false } = options
  if (!isVerifiable(signature)) return unsupported('signature verification', signature.sigAlg)
  const keyType = key.type === 'public' ? key.asymmetricKeyType : key.type
  if (keyType !== signingKeyType(signature.sigAlg)) {
    return unsupported(`signature verification with a key of type ${keyType}`, signature.sigAlg)
  }
  checkHash(signature.hash, allowSha1)
  if (publicArea !== undefined) checkScheme(publicArea, signature)
  if (signature.sigAlg === 'ecdsa') return verifyEcdsa(key, signature, message)
  return verifyRsa(key, signature, message)
}
