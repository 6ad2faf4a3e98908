import type { Certificate } from './certificate.js'
import type { DistinguishedName } from './names.js'

/** Certificates by subject, so that finding an issuer costs the same whatever their number. */
export interface CertificateIndex {
  /** How many certificates there are. */
  readonly size: number
  /** Certificates whose subject is this name. */
  bySubject(name: DistinguishedName): readonly Certificate[]
  /** Whether this very certificate is among them. */
  has(certificate: Certificate): boolean
}

/**
 * Indexes certificates: the configured CAs, roots and intermediates alike, that paths may end at. The index does not
 * change; when the configuration does, make another.
 */
export function indexCertificates(certificates: Iterable<Certificate>): CertificateIndex {
  const byFingerprint = new Map<string, Certificate>()
  const bySubject = new Map<string, Certificate[]>()
  for (const certificate of certificates) {
    if (byFingerprint.has(certificate.fingerprint)) continue
    byFingerprint.set(certificate.fingerprint, certificate)
    const same = bySubject.get(certificate.subject.key)
    if (same === undefined) bySubject.set(certificate.subject.key, [certificate])
    else same.push(certificate)
  }
  return {
    size: byFingerprint.size,
    bySubject: (name) => bySubject.get(name.key) ?? [],
    has: (certificate) => byFingerprint.has(certificate.fingerprint),
  }
}
