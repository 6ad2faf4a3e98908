import { createHash } from 'node:crypto'
import { toHex } from '../bytes/index.js'
import {
  contextConstructed,
  contextPrimitive,
  type DerDeviation,
  type DerElement,
  measureDer,
  readDer,
  Tag,
} from './der.js'
import { DerFields, unwrapExplicit } from './der-fields.js'
import { readOctetBits, readSmall, readTime } from './der-values.js'
import {
  type CertificateExtension,
  readExtensions,
  readStandardExtensions,
  type StandardExtensions,
  serialText,
} from './extensions.js'
import { refuse } from './failure.js'
import { type DistinguishedName, readName } from './names.js'
import { type CertifiedKey, readPublicKey } from './public-key.js'
import { readSignatureAlgorithm, type SignatureAlgorithm, sameAlgorithm } from './signature-algorithm.js'

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
  const fields = DerFields.of(readDer(own, 'certificate', deviations), Tag.sequence)
  const tbs = fields.take(Tag.sequence, 'tbsCertificate')
  const algorithm = fields.take(Tag.sequence, 'signatureAlgorithm')
  const value = readOctetBits(fields.take(Tag.bitString, 'signatureValue'))
  fields.end()
  const body = readTbs({ ...tbs, path: 'tbsCertificate' }, algorithm, deviations)
  return {
    der: own,
    tbs: tbs.bytes,
    ...body,
    signature: { algorithm: readSignatureAlgorithm(algorithm, deviations), value },
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

/** TBSCertificate (RFC 5280 section 4.1.2). */
function readTbs(tbs: DerElement, outerAlgorithm: DerElement, deviations: Set<DerDeviation>) {
  const fields = DerFields.of(tbs, Tag.sequence)
  readVersion(fields.take(contextConstructed(0), 'version'))
  const serial = serialText(fields.take(Tag.integer, 'serialNumber'))
  const algorithm = fields.take(Tag.sequence, 'signature')
  if (!sameAlgorithm(algorithm, outerAlgorithm)) refuse(algorithm.path, 'the outer algorithm', 'another one')
  const issuer = readName(fields.take(Tag.sequence, 'issuer'))
  const validity = readValidity(fields.take(Tag.sequence, 'validity'), deviations)
  const subject = readName(fields.take(Tag.sequence, 'subject'))
  const publicKey = readPublicKey(fields.take(Tag.sequence, 'subjectPublicKeyInfo'))
  fields.optional(contextPrimitive(1), 'issuerUniqueID')
  fields.optional(contextPrimitive(2), 'subjectUniqueID')
  const list = fields.optional(contextConstructed(3), 'extensions')
  fields.end()
  const extensions = list
    ? readExtensions(unwrapExplicit(list, Tag.sequence), deviations)
    : new Map<string, CertificateExtension>()
  const standard = readStandardExtensions(extensions, deviations)
  return { serial, issuer, ...validity, subject, publicKey, extensions, ...standard }
}

function readVersion(element: DerElement): void {
  const version = readSmall(unwrapExplicit(element, Tag.integer), 255)
  if (version !== 2) refuse(element.path, 'version 3', `version ${version + 1}`)
}

function readValidity(element: DerElement, deviations: Set<DerDeviation>) {
  const fields = DerFields.of(element, Tag.sequence)
  const notBefore = readTime(fields.any('notBefore'), deviations)
  const notAfter = readTime(fields.any('notAfter'), deviations)
  fields.end()
  if (notAfter < notBefore) refuse(element.path, 'notAfter not before notBefore', 'an empty period')
  return { notBefore, notAfter }
}
