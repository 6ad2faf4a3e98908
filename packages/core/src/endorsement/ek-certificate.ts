import { TrustholdError } from '../errors/index.js'
import {
  buildPath,
  type Certificate,
  type CertificatePath,
  type DistinguishedName,
  ExtensionOid,
  keyWeakness,
  type PathOptions,
  parseCertificate,
} from '../x509/index.js'
import { type Manufacturer, manufacturerOf } from './vendors.js'

/** An endorsement key's certificate (TCG EK Credential Profile 2.5, section 3.2). */
export interface EkCertificate {
  readonly certificate: Certificate
  readonly manufacturer: Manufacturer
  readonly model: string
  /** Hexadecimal digits as written, without the `id:` in front. */
  readonly version: string
  /** Whether the certificate names tcg-kp-EKCertificate as its usage; old certificates leave usages out. */
  readonly extendedKeyUsagePresent: boolean
}

/** tcg-kp-EKCertificate. */
export const ekCertificateUsage = '2.23.133.8.1'

const attributes = {
  manufacturer: {
    oid: '2.23.133.2.1',
    form: /^id:([0-9A-Fa-f]{8})$/,
    expected: 'id: and 8 hexadecimal digits',
  },
  model: { oid: '2.23.133.2.2', form: /^([ -~]{1,64})$/, expected: 'up to 64 printable characters' },
  version: { oid: '2.23.133.2.3', form: /^id:([0-9A-Fa-f]{1,16})$/, expected: 'id: and hexadecimal digits' },
} as const

type AttributeName = keyof typeof attributes

/**
 * Reads an EK certificate and checks it against the profile. Who signed it is not looked at: {@link proveEkCertificate}.
 *
 * Accepted beyond the profile, as certificates in the field have it: the encodings that
 * {@link Certificate.deviations} reports; id-RSAES-OAEP as the key's algorithm (Infineon); no extended key usage; the
 * three attributes in one relative name or in three; no `notAfter` that matters (9999-12-31).
 * @throws CERTIFICATE_INVALID with the path of the field
 */
export function parseEkCertificate(der: Uint8Array): EkCertificate {
  return readEkProfile(parseCertificate(der))
}

/** The same for a certificate that was read already. */
export function readEkProfile(certificate: Certificate): EkCertificate {
  checkConstraints(certificate)
  checkUsage(certificate)
  const name = tpmName(certificate)
  return {
    certificate,
    manufacturer: manufacturerOf(readAttribute(name, 'manufacturer')),
    model: readAttribute(name, 'model'),
    version: readAttribute(name, 'version'),
    extendedKeyUsagePresent: certificate.extendedKeyUsage !== undefined,
  }
}

/**
 * Proves that a configured CA stands behind an EK certificate. No certificate in the path may be limited to usages
 * other than EK certificates.
 * @throws CERTIFICATE_INVALID with the index in the path and the reason
 */
export function proveEkCertificate(
  { certificate }: EkCertificate,
  options: Omit<PathOptions, 'purpose'>,
): Promise<CertificatePath> {
  return buildPath(certificate, { ...options, purpose: ekCertificateUsage })
}

function checkConstraints({ basicConstraints, authorityKeyId, publicKey }: Certificate): void {
  if (basicConstraints === undefined) refuse('extensions.basicConstraints', 'the extension', 'none')
  if (basicConstraints.ca) refuse('extensions.basicConstraints', 'no CA', 'a CA')
  if (authorityKeyId === undefined) refuse('extensions.authorityKeyId', 'a key identifier', 'none')
  const weakness = keyWeakness(publicKey)
  if (weakness !== undefined)
    refuse('tbsCertificate.subjectPublicKeyInfo', 'a key that is accepted', weakness)
}

const usageOf = { rsa: 'keyEncipherment', ec: 'keyAgreement' } as const

function checkUsage({ keyUsage, extendedKeyUsage, extensions, publicKey }: Certificate): void {
  const path = 'extensions.keyUsage'
  if (keyUsage === undefined) refuse(path, 'the extension', 'none')
  if (extensions.get(ExtensionOid.keyUsage)?.critical !== true) refuse(path, 'critical', 'not critical')
  const wanted = publicKey.kind === 'unsupported' ? undefined : usageOf[publicKey.kind]
  const forbidden = keyUsage.has('keyCertSign') || keyUsage.has('cRLSign')
  if (wanted === undefined || !keyUsage.has(wanted) || forbidden) {
    refuse(path, `${wanted ?? 'a usage'} and no signing of certificates`, [...keyUsage].join(', '))
  }
  if (extendedKeyUsage !== undefined && !extendedKeyUsage.includes(ekCertificateUsage)) {
    refuse('extensions.extendedKeyUsage', ekCertificateUsage, extendedKeyUsage.join(', '))
  }
}

const namesPath = 'extensions.subjectAlternativeNames'
const tpmOids: ReadonlySet<string> = new Set(Object.values(attributes).map(({ oid }) => oid))

/** The one directory name that has the TPM's attributes. */
function tpmName({ subject, subjectAlternativeNames, extensions }: Certificate): DistinguishedName {
  if (subjectAlternativeNames === undefined) refuse(namesPath, 'the extension', 'none')
  const critical = extensions.get(ExtensionOid.subjectAlternativeNames)?.critical
  if (subject.attributes.length === 0 && critical !== true) {
    refuse(namesPath, 'critical, as the subject is empty', 'not critical')
  }
  const found = subjectAlternativeNames.directoryNames.filter((name) =>
    name.attributes.some(({ type }) => tpmOids.has(type)),
  )
  const [name, ...more] = found
  if (name === undefined || more.length > 0) {
    refuse(namesPath, 'one directory name with TPM attributes', String(found.length))
  }
  return name
}

function readAttribute(name: DistinguishedName, which: AttributeName): string {
  const { oid, form, expected } = attributes[which]
  const [attribute, ...more] = name.attributes.filter(({ type }) => type === oid)
  const path = `${namesPath}.${which}`
  if (attribute === undefined || more.length > 0)
    refuse(path, 'it once', attribute === undefined ? 'none' : 'more')
  const value = form.exec(attribute.value ?? '')?.[1]
  return value ?? refuse(path, expected, 'something else')
}

function refuse(path: string, expected: string, actual: string): never {
  throw new TrustholdError('CERTIFICATE_INVALID', { path, expected, actual })
}
