import type { KeyObject } from 'node:crypto'
import { describeError, isTrustholdError, TrustholdError } from '../errors/index.js'
import {
  type Certificate,
  type CertificateIndex,
  parseCertificate,
  type WebCryptoLike,
} from '../x509/index.js'
import { type EkCertificate, proveEkCertificate, readEkProfile } from './ek-certificate.js'
import { importEndorsementKey } from './ek-public-area.js'
import type { Manufacturer } from './vendors.js'

/** What a certificate that holds says about the TPM. */
export interface CertificateFacts {
  /** SHA-256 of the EK certificate, lower-case hexadecimal. */
  readonly fingerprint: string
  /** SHA-256 of the configured CA's certificate, lower-case hexadecimal. */
  readonly caFingerprint: string
  /** The configured CA's name. */
  readonly caSubject: string
  readonly manufacturer: Manufacturer
  readonly model: string
  /** Hexadecimal digits of the version that the certificate names. */
  readonly version: string
  /** Milliseconds since 1970 until which every certificate of the path is valid. */
  readonly validUntil: number
  /** False for old certificates, which do not say what they are for. */
  readonly extendedKeyUsagePresent: boolean
}

/** Either the facts, or why there are none; the certificate as far as it could be read. */
export type CertificateOutcome =
  | { readonly certificate: Certificate; readonly facts: CertificateFacts }
  | { readonly certificate?: Certificate; readonly facts?: never; readonly reason: string }

interface Claim {
  readonly certificate: Uint8Array
  readonly intermediates?: readonly Uint8Array[] | undefined
}

interface Trust {
  readonly anchors: CertificateIndex
  readonly at: number
  readonly webcrypto?: WebCryptoLike | undefined
}

/** Reads an EK certificate, checks its profile and proves its path. Refusals are outcomes, other errors are thrown. */
export async function proveCertificate(claim: Claim, trust: Trust): Promise<CertificateOutcome> {
  let certificate: Certificate | undefined
  try {
    certificate = parseCertificate(claim.certificate)
    const facts = await factsOf(readEkProfile(certificate), claim, trust)
    return { certificate, facts }
  } catch (error) {
    if (!isTrustholdError(error, 'CERTIFICATE_INVALID')) throw error
    const reason = trust.anchors.size === 0 ? 'no CA is configured' : describeError(error)
    return certificate === undefined ? { reason } : { certificate, reason }
  }
}

async function factsOf(ek: EkCertificate, claim: Claim, trust: Trust): Promise<CertificateFacts> {
  const { anchors, at, webcrypto } = trust
  const intermediates = readable(claim.intermediates ?? [])
  const path = await proveEkCertificate(ek, { anchors, intermediates, at, ...(webcrypto && { webcrypto }) })
  return {
    fingerprint: ek.certificate.fingerprint,
    caFingerprint: path.anchor.fingerprint,
    caSubject: path.anchor.subject.text,
    manufacturer: ek.manufacturer,
    model: ek.model,
    version: ek.version,
    validUntil: Math.min(...path.certificates.map((certificate) => certificate.notAfter)),
    extendedKeyUsagePresent: ek.extendedKeyUsagePresent,
  }
}

/** A path of eight certificates needs no more. */
const maxIntermediates = 16

/** They are hints: one that cannot be read is no reason to refuse a path that holds without it. */
function readable(ders: readonly Uint8Array[]): Certificate[] {
  if (ders.length > maxIntermediates) {
    throw new TrustholdError('CERTIFICATE_INVALID', {
      path: 'intermediates',
      expected: `at most ${maxIntermediates}`,
      actual: String(ders.length),
    })
  }
  return ders.flatMap((der) => {
    try {
      return [parseCertificate(der)]
    } catch (error) {
      if (!isTrustholdError(error, 'CERTIFICATE_INVALID')) throw error
      return []
    }
  })
}

/** Whether a certificate is of this key: the numbers are compared, not their encoding. */
export function certificateMatches({ publicKey }: Certificate, key: KeyObject): boolean {
  try {
    return importEndorsementKey(publicKey).equals(key)
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return false
  }
}
