import { constants, type KeyObject, verify } from 'node:crypto'
import { isTrustholdError } from '../errors/index.js'
import type { Certificate } from './certificate.js'
import { refuse } from './failure.js'
import { type CertifiedKey, importPublicKey, keyWeakness } from './public-key.js'
import type { SignatureAlgorithm } from './signature-algorithm.js'
import { isBrainpool, verifyByWebCrypto, type WebCryptoLike } from './webcrypto.js'

type Accepted = Exclude<SignatureAlgorithm, { kind: 'unsupported' }>

/**
 * Verifies a certificate's signature over the TBSCertificate as received: RSA PKCS#1 v1.5 and PSS, ECDSA on P-256,
 * P-384, P-521 by node:crypto, ECDSA on brainpool curves by WebCrypto; SHA-256, SHA-384, SHA-512.
 * @param issuerKey the key that must have signed
 * @param path where the certificate stands, for errors
 * @param webcrypto for brainpool curves; @peculiar/webcrypto when left out
 * @throws CERTIFICATE_INVALID with path `<path>.signature`
 */
export async function verifyCertificateSignature(
  certificate: Certificate,
  issuerKey: CertifiedKey,
  path: string,
  webcrypto?: WebCryptoLike,
): Promise<void> {
  const place = `${path}.signature`
  const { algorithm } = certificate.signature
  if (algorithm.kind === 'unsupported') refuse(place, 'an algorithm that is accepted', algorithm.reason)
  const obstacle = keyWeakness(issuerKey) ?? mismatchOf(algorithm, issuerKey)
  if (obstacle !== undefined) refuse(place, 'an issuer key that can have signed', obstacle)
  if (!(await isSigned(certificate, algorithm, issuerKey, webcrypto))) {
    refuse(place, "a signature by the issuer's key", 'one that does not verify')
  }
}

/** Why this kind of key does not make signatures of this kind. */
function mismatchOf(algorithm: Accepted, key: CertifiedKey): string | undefined {
  if ((algorithm.kind === 'ecdsa') !== (key.kind === 'ec')) return `${key.kind} for ${algorithm.kind}`
  if (key.kind !== 'rsa' || key.restriction === undefined) return undefined
  if (key.restriction === 'pss' && algorithm.kind === 'rsa-pss') return undefined
  return `an RSA key for ${key.restriction} only`
}

async function isSigned(
  { tbs, signature }: Certificate,
  algorithm: Accepted,
  key: CertifiedKey,
  webcrypto: WebCryptoLike | undefined,
): Promise<boolean> {
  try {
    if (key.kind === 'ec' && isBrainpool(key.curve)) {
      const request = { spki: key.spki, curve: key.curve, hash: algorithm.hash }
      return await verifyByWebCrypto({ ...request, data: tbs, signature: signature.value }, webcrypto)
    }
    // RFC 8017, section 8.1.2, step 1: OpenSSL takes PSS signatures without their leading zeros too.
    if (key.kind === 'rsa' && signature.value.length !== Math.ceil(key.modulusBits / 8)) return false
    return verify(algorithm.hash, tbs, optionsFor(algorithm, importPublicKey(key)), signature.value)
  } catch (error) {
    // Providers throw for keys and signatures that they cannot read: a point off its curve, a salt too long.
    if (isTrustholdError(error) && error.code !== 'CERTIFICATE_INVALID') throw error
    return false
  }
}

function optionsFor(algorithm: Accepted, key: KeyObject) {
  if (algorithm.kind === 'rsa-pss') {
    return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.saltLength }
  }
  return algorithm.kind === 'ecdsa'
    ? { key, dsaEncoding: 'der' as const }
    : { key, padding: constants.RSA_PKCS1_PADDING }
}
