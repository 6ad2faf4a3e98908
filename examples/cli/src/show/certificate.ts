import { toHex } from '@trusthold/core/bytes'
import type { Certificate, CertifiedKey, SignatureAlgorithm } from '@trusthold/core/x509'
import { showTime } from '../formats/time.js'
import { fields } from './table.js'

/** Which certificate it is, for `--json`. */
export interface CertificateSummary {
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal. */
  readonly serial: string
  /** RFC 3339. */
  readonly notBefore: string
  readonly notAfter: string
  /** SHA-256 of the certificate. */
  readonly fingerprint: string
}

/** What a certificate says, for `--json`. */
export interface CertificateDocument extends CertificateSummary {
  readonly publicKey: { readonly type: string; readonly bits?: number; readonly curve?: string }
  readonly signatureAlgorithm: string
  readonly keyUsage: readonly string[]
  /** Dotted object identifiers. */
  readonly extendedKeyUsage: readonly string[]
  readonly ca: boolean
  readonly subjectKeyId?: string
  readonly authorityKeyId?: string
  /** Departures from DER that were let pass. */
  readonly deviations: readonly string[]
}

/** Names, validity and fingerprint of a certificate. */
export function certificateSummary(certificate: Certificate): CertificateSummary {
  const { subject, issuer, serial, notBefore, notAfter, fingerprint } = certificate
  return {
    subject: subject.text,
    issuer: issuer.text,
    serial,
    notBefore: showTime(notBefore),
    notAfter: showTime(notAfter),
    fingerprint,
  }
}

/** What a certificate says. */
export function certificateDocument(certificate: Certificate): CertificateDocument {
  const { publicKey, signature, keyUsage, extendedKeyUsage, subjectKeyId, authorityKeyId } = certificate
  return {
    ...certificateSummary(certificate),
    publicKey: describeKey(publicKey),
    signatureAlgorithm: describeAlgorithm(signature.algorithm),
    keyUsage: [...(keyUsage ?? [])],
    extendedKeyUsage: extendedKeyUsage ?? [],
    ca: certificate.basicConstraints?.ca ?? false,
    ...(subjectKeyId && { subjectKeyId: toHex(subjectKeyId) }),
    ...(authorityKeyId && { authorityKeyId: toHex(authorityKeyId) }),
    deviations: certificate.deviations,
  }
}

function describeKey(key: CertifiedKey): CertificateDocument['publicKey'] {
  if (key.kind === 'rsa') {
    const { restriction, modulusBits } = key
    return { type: restriction === undefined ? 'rsa' : `rsa-${restriction}`, bits: modulusBits }
  }
  return key.kind === 'ec' ? { type: 'ec', curve: key.curve } : { type: key.reason }
}

function describeAlgorithm(algorithm: SignatureAlgorithm): string {
  return algorithm.kind === 'unsupported' ? algorithm.reason : `${algorithm.kind}-${algorithm.hash}`
}

/** Lines of a certificate. */
export function certificateLines(document: CertificateDocument): string[] {
  const { publicKey, keyUsage, extendedKeyUsage, deviations } = document
  return fields({
    subject: document.subject || '(empty)',
    issuer: document.issuer,
    serial: document.serial,
    valid: `${document.notBefore} to ${document.notAfter}`,
    key: [publicKey.type, publicKey.bits ?? publicKey.curve].filter((part) => part !== undefined).join(' '),
    signature: document.signatureAlgorithm,
    usage: keyUsage.join(', ') || '(none)',
    'extended usage': extendedKeyUsage.join(', ') || '(none)',
    CA: document.ca ? 'yes' : 'no',
    'subject key id': document.subjectKeyId,
    'authority key id': document.authorityKeyId,
    fingerprint: document.fingerprint,
    deviations: deviations.length === 0 ? undefined : deviations.join(', '),
  })
}
