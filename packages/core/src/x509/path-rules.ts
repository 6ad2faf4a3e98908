import { equalBytes } from '../bytes/index.js'
import type { Certificate } from './certificate.js'
import { ExtensionOid } from './extensions.js'
import { refuse } from './failure.js'

/**
 * Extensions that are processed when they are critical. Certificate policies are among them because any policy is
 * acceptable here (RFC 5280 section 6.1.1, user-initial-policy-set any-policy), which leaves nothing to decide unless
 * policy constraints come in; those are not processed, nor are name constraints.
 */
const processed: ReadonlySet<string> = new Set([
  ExtensionOid.subjectKeyId,
  ExtensionOid.keyUsage,
  ExtensionOid.subjectAlternativeNames,
  ExtensionOid.basicConstraints,
  ExtensionOid.certificatePolicies,
  ExtensionOid.authorityKeyId,
  ExtensionOid.extendedKeyUsage,
])

/** What is demanded of every certificate in a path. */
export interface CertificateDemands {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Extended key usage that no certificate in the path may leave out when it lists usages. */
  readonly purpose?: string | undefined
}

const day = (time: number): string => new Date(time).toISOString()

/** Validity, critical extensions and extended key usage of one certificate. Throws CERTIFICATE_INVALID. */
export function checkCertificate(certificate: Certificate, path: string, demands: CertificateDemands): void {
  const { at, purpose } = demands
  const { notBefore, notAfter } = certificate
  if (!(at >= notBefore)) refuse(`${path}.notBefore`, `at most ${day(at)}`, day(notBefore))
  if (!(at <= notAfter)) refuse(`${path}.notAfter`, `at least ${day(at)}`, day(notAfter))
  for (const { oid, critical } of certificate.extensions.values()) {
    if (critical && !processed.has(oid)) {
      refuse(`${path}.extensions`, 'critical extensions that are processed', oid)
    }
  }
  const usages = certificate.extendedKeyUsage
  if (purpose !== undefined && usages !== undefined && !usages.includes(purpose)) {
    refuse(`${path}.extendedKeyUsage`, purpose, usages.join(', '))
  }
}

/**
 * Whether a certificate may have issued another: CA, allowed to sign certificates, with no more CAs below it than its
 * path length says (RFC 5280 section 6.1.4 k to n). Throws CERTIFICATE_INVALID.
 * @param below the path so far, leaf first
 */
export function checkIssuer(issuer: Certificate, path: string, below: readonly Certificate[]): void {
  const { basicConstraints, keyUsage } = issuer
  if (basicConstraints?.ca !== true) refuse(`${path}.basicConstraints`, 'a CA', 'no CA')
  if (keyUsage !== undefined && !keyUsage.has('keyCertSign')) {
    refuse(`${path}.keyUsage`, 'keyCertSign', [...keyUsage].join(', '))
  }
  const cas = below.slice(1).filter((certificate) => !isSelfIssued(certificate)).length
  const { pathLength } = basicConstraints
  if (pathLength !== undefined && cas > pathLength) {
    refuse(`${path}.basicConstraints.pathLenConstraint`, `at most ${pathLength} CAs below`, String(cas))
  }
}

/** Whether the key identifiers, where both certificates have them, speak of the same key. Throws CERTIFICATE_INVALID. */
export function checkKeyIdentifier(child: Certificate, issuer: Certificate, path: string): void {
  const wanted = child.authorityKeyId
  const found = issuer.subjectKeyId
  if (wanted !== undefined && found !== undefined && !equalBytes(wanted, found)) {
    refuse(`${path}.subjectKeyId`, "the child's authority key identifier", 'another one')
  }
}

function isSelfIssued(certificate: Certificate): boolean {
  return certificate.subject.key === certificate.issuer.key
}
