import { createHash } from 'node:crypto'
import { Time } from '@peculiar/asn1-x509'
import { equalBytes, toHex } from '../bytes/index.js'
import { type Asn1Element, decodeDer, decodeElement, receivedBytes } from './asn1.js'
import { type DerDeviation, measureDer, Tag } from './der.js'
import {
  type CertificateExtension,
  readExtensions,
  readStandardExtensions,
  type StandardExtensions,
} from './extensions.js'
import { refuse } from './failure.js'
import { unsigned } from './integers.js'
import { type DistinguishedName, readName } from './names.js'
import { type CertifiedKey, readPublicKey } from './public-key.js'
import { readSignatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.js'
import { certificateSyntax, type TbsCertificate, tbsCertificateSyntax, validitySyntax } from './syntax.js'

/** An X.509 version 3 certificate (RFC 5280). Every byte string is the one that was received. */
export interface Certificate extends StandardExtensions {
  readonly der: Uint8Array
  /** TBSCertificate: the bytes that the signature covers. */
  readonly tbs: Uint8Array
  /** Lower-case hexadecimal without leading zeros. */
  readonly serial: string
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  /** Milliseconds since 1970, inclusive. */
  readonly notBefore: number
  /** Milliseconds since 1970, inclusive. */
  readonly notAfter: number
  readonly publicKey: CertifiedKey
  /** By dotted object identifier, in the order of the certificate. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>
  readonly signature: { readonly algorithm: SignatureAlgorithm; readonly value: Uint8Array }
  /** SHA-256 of `der`, lower-case hexadecimal. */
  readonly fingerprint: string
  /** Departures from DER that were let pass because the meaning stays unambiguous. */
  readonly deviations: readonly DerDeviation[]
}

/** Limits of {@link parseCertificate}. */
export interface CertificateLimits {
  /** Bytes of a certificate; 16384 by default. */
  maxBytes?: number
}

const defaultMaxBytes = 16384

/**
 * Reads one certificate, strictly by DER but for the deviations that {@link Certificate.deviations} reports. Nothing
 * is verified here: see {@link buildPath}.
 * @param der the certificate and nothing behind it
 * @throws CERTIFICATE_INVALID with the dotted path of the field
 */
export function parseCertificate(der: Uint8Array, limits: CertificateLimits = {}): Certificate {
  const maxBytes = limits.maxBytes ?? defaultMaxBytes
  if (der.length > maxBytes) refuse('length', `at most ${maxBytes} bytes`, String(der.length))
  const deviations = new Set<DerDeviation>()
  const own = Uint8Array.from(der)
  const { tbsCertificate, signatureAlgorithm, signatureValue } = decodeDer(
    own,
    certificateSyntax,
    'certificate',
    deviations,
  )
  if (signatureValue.unusedBits !== 0) refuse('signatureValue', 'whole octets', 'bits left over')
  const tbs = decodeElement(tbsCertificate, tbsCertificateSyntax, 'tbsCertificate')
  if (!equalBytes(receivedBytes(tbs.signature), receivedBytes(signatureAlgorithm))) {
    refuse('tbsCertificate.signature', 'the outer algorithm', 'another one')
  }
  const body = readTbs(tbs, deviations)
  const algorithm = readSignatureAlgorithm(signatureAlgorithm, 'signatureAlgorithm', deviations)
  return {
    der: own,
    tbs: receivedBytes(tbsCertificate),
    ...body,
    signature: { algorithm, value: new Uint8Array(signatureValue.value) },
    fingerprint: toHex(createHash('sha256').update(own).digest()),
    deviations: [...deviations],
  }
}

/**
 * Length in bytes of the certificate that the bytes start with, to cut off the padding of a TPM's NV index or to take
 * concatenated certificates apart.
 * @throws CERTIFICATE_INVALID when they do not start with a whole SEQUENCE
 */
export function measureCertificate(bytes: Uint8Array): number {
  if (bytes[0] !== Tag.sequence) refuse('certificate', 'a SEQUENCE', 'something else')
  return measureDer(bytes, 'certificate')
}

function readTbs(tbs: TbsCertificate, deviations: Set<DerDeviation>) {
  const version = Number(tbs.version ?? 0) + 1
  if (version !== 3) refuse('tbsCertificate.version', 'version 3', `version ${version}`)
  const extensions =
    tbs.extensions === undefined
      ? new Map<string, CertificateExtension>()
      : readExtensions(tbs.extensions, 'tbsCertificate.extensions', deviations)
  return {
    serial: readSerial(tbs.serialNumber, 'tbsCertificate.serialNumber'),
    issuer: readName(tbs.issuer, 'tbsCertificate.issuer'),
    ...readValidity(tbs.validity, 'tbsCertificate.validity', deviations),
    subject: readName(tbs.subject, 'tbsCertificate.subject'),
    publicKey: readPublicKey(tbs.subjectPublicKeyInfo, 'tbsCertificate.subjectPublicKeyInfo'),
    extensions,
    ...readStandardExtensions(extensions, deviations),
  }
}

/** Lower-case hexadecimal without sign octet (RFC 5280 section 4.1.2.2). */
function readSerial(content: ArrayBuffer, path: string): string {
  const value = unsigned(content, path)
  if (value === 0n) refuse(path, 'a positive serial number', '0')
  if (content.byteLength > 21) refuse(path, 'at most 20 octets', String(content.byteLength))
  return value.toString(16)
}

function readValidity(received: Asn1Element, path: string, deviations: Set<DerDeviation>) {
  const validity = decodeElement(received, validitySyntax, path)
  const notBefore = readTime(validity.notBefore, `${path}.notBefore`, deviations)
  const notAfter = readTime(validity.notAfter, `${path}.notAfter`, deviations)
  if (notAfter < notBefore) refuse(path, 'notAfter not before notBefore', 'an empty period')
  return { notBefore, notAfter }
}

/** Milliseconds since 1970; two-digit years are of 1950 to 2049 (RFC 5280 section 4.1.2.5). */
function readTime(received: Asn1Element, path: string, deviations: Set<DerDeviation>): number {
  const time = decodeElement(received, Time, path)
  const instant = time.getTime()
  if (instant.getUTCMilliseconds() !== 0) refuse(path, 'whole seconds', 'a fraction')
  const year = instant.getUTCFullYear()
  if (time.generalTime !== undefined && year >= 1950 && year < 2050) deviations.add('time-form')
  return instant.getTime()
}
