import { describeError, isTrustholdError, TrustholdError } from '../errors/index.js'
import { decodeDer, decodeElement, receivedBytes } from './asn1.js'
import { type Certificate, measureCertificate, parseCertificate } from './certificate.js'
import { Tag } from './der.js'
import { looksLikePem, type PemBlock, readPem } from './pem.js'
import { contentInfoSyntax, signedDataSyntax } from './syntax.js'

type BundleFormat = 'PEM' | 'DER' | 'PKCS#7'

/** Bytes that a bundle may have; room for some thousand certificates. */
const maxBundleBytes = 8 * 1024 * 1024

const signedData = '1.2.840.113549.1.7.2'

/**
 * Reads certificates as people hand them over: PEM with one or more (`CERTIFICATE`, `X509 CERTIFICATE`,
 * `TRUSTED CERTIFICATE` is refused), DER with one or several behind each other, PKCS#7 (`.p7b`) as PEM or DER. The
 * order is kept. Signatures in a PKCS#7 are not looked at.
 * @throws CERTIFICATE_BUNDLE_INVALID when there is no certificate, something else, or more than 8 MiB
 */
export function readCertificates(bytes: Uint8Array): readonly Certificate[] {
  if (bytes.length > maxBundleBytes) fail('DER', `more than ${maxBundleBytes} bytes`)
  const certificates = looksLikePem(bytes) ? readPemCertificates(bytes) : readDerCertificates(bytes)
  if (certificates.length === 0) fail(looksLikePem(bytes) ? 'PEM' : 'DER', 'no certificate in it')
  return certificates
}

function readPemCertificates(bytes: Uint8Array): Certificate[] {
  return readPem(Buffer.from(bytes).toString('latin1')).flatMap(readBlock)
}

function readBlock({ label, der }: PemBlock, index: number): Certificate[] {
  if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE') {
    return [named('PEM', index, () => parseCertificate(der))]
  }
  if (label === 'PKCS7') return readPkcs7(der)
  return fail('PEM', `block ${index} is ${JSON.stringify(label.slice(0, 40))}, not a certificate`)
}

function readDerCertificates(bytes: Uint8Array): Certificate[] {
  if (isPkcs7(bytes)) return readPkcs7(bytes)
  const certificates: Certificate[] = []
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.subarray(at)
    const certificate = named('DER', certificates.length, () =>
      parseCertificate(rest.subarray(0, measureCertificate(rest))),
    )
    certificates.push(certificate)
    at += certificate.der.length
  }
  return certificates
}

/** A ContentInfo starts with an object identifier, a certificate with a SEQUENCE. */
function isPkcs7(bytes: Uint8Array): boolean {
  const first = bytes[1] ?? 0
  return bytes[0] === Tag.sequence && bytes[2 + (first > 0x80 ? first & 0x7f : 0)] === Tag.oid
}

/** SignedData with certificates (RFC 5652 section 5.1), DER. */
function readPkcs7(der: Uint8Array): Certificate[] {
  return certificatesOf(der).map((certificate, i) => named('PKCS#7', i, () => parseCertificate(certificate)))
}

function certificatesOf(der: Uint8Array): Uint8Array[] {
  return named('PKCS#7', undefined, () => {
    const { contentType, content } = decodeDer(der, contentInfoSyntax, 'contentInfo')
    if (contentType !== signedData) fail('PKCS#7', `content type ${contentType}, not signed data`)
    const { certificates } = decodeElement(content, signedDataSyntax, 'contentInfo.content')
    return (certificates ?? []).map(receivedBytes)
  })
}

/** Says in which bundle and where in it a certificate is not readable. */
function named<T>(format: BundleFormat, index: number | undefined, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isTrustholdError(error, 'CERTIFICATE_INVALID')) throw error
    return fail(format, `${index === undefined ? '' : `[${index}] `}${describeError(error)}`, error)
  }
}

function fail(format: BundleFormat, reason: string, cause?: unknown): never {
  throw new TrustholdError('CERTIFICATE_BUNDLE_INVALID', { format, reason }, { cause })
}
