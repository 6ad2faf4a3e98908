import {
  boolean,
  bytes,
  dateTime,
  enumeration,
  integer,
  interval,
  isAtLeast,
  type Kind,
  type KmipVersion,
  type TagName,
  text,
} from '../ttlv/index.js'
import {
  applicationSpecificInformation,
  digest,
  keyValueLocation,
  link,
  revocationReason,
  usageLimits,
} from './attribute-values.js'
import {
  certificateIdentifier,
  certificateIssuer,
  certificateSubject,
  x509CertificateIdentifier,
  x509CertificateIssuer,
  x509CertificateSubject,
} from './certificate-names.js'
import { cryptographicParameters, domainParameters, rngParameters } from './cryptographic-parameters.js'
import { enumerationNumber } from './enumeration-number.js'
import { alternativeName, name } from './names.js'

/** What is known of an attribute. */
export interface AttributeDefinition<T> {
  /** What KMIP 1.x calls it. */
  readonly title: string
  readonly kind: Kind<T>
  /** Whether an object can have several. */
  readonly many: boolean
  /** The first version that has it. */
  readonly since: KmipVersion
  /** The last version that has it; 2.1 when absent. */
  readonly until?: KmipVersion
}

const single = <T>(title: string, kind: Kind<T>, since: KmipVersion = '1.0') =>
  ({ title, kind, many: false, since }) as const
const several = <T>(title: string, kind: Kind<T>, since: KmipVersion = '1.0') =>
  ({ title, kind, many: true, since }) as const
const until14 = { until: '1.4' } as const

/**
 * The standard's attributes, by the names of their tags. KMIP 1.4, section 3, and 2.1, section 4. Those of X.509 names
 * in parts may come several times, since names can have a part several times.
 */
export const attributeTable = {
  UniqueIdentifier: single('Unique Identifier', text),
  Name: several('Name', name),
  ObjectType: single('Object Type', enumeration('ObjectType')),
  CryptographicAlgorithm: single('Cryptographic Algorithm', enumeration('CryptographicAlgorithm')),
  CryptographicLength: single('Cryptographic Length', integer),
  CryptographicParameters: several('Cryptographic Parameters', cryptographicParameters),
  CryptographicDomainParameters: single('Cryptographic Domain Parameters', domainParameters),
  CertificateType: single('Certificate Type', enumeration('CertificateType')),
  CertificateLength: single('Certificate Length', integer, '1.1'),
  X_509CertificateIdentifier: single('X.509 Certificate Identifier', x509CertificateIdentifier, '1.1'),
  X_509CertificateSubject: single('X.509 Certificate Subject', x509CertificateSubject, '1.1'),
  X_509CertificateIssuer: single('X.509 Certificate Issuer', x509CertificateIssuer, '1.1'),
  CertificateIdentifier: { ...single('Certificate Identifier', certificateIdentifier), ...until14 },
  CertificateSubject: { ...single('Certificate Subject', certificateSubject), ...until14 },
  CertificateIssuer: { ...single('Certificate Issuer', certificateIssuer), ...until14 },
  DigitalSignatureAlgorithm: several(
    'Digital Signature Algorithm',
    enumeration('DigitalSignatureAlgorithm'),
    '1.1',
  ),
  Digest: several('Digest', digest),
  OperationPolicyName: { ...single('Operation Policy Name', text), ...until14 },
  CryptographicUsageMask: single('Cryptographic Usage Mask', integer),
  LeaseTime: single('Lease Time', interval),
  UsageLimits: single('Usage Limits', usageLimits),
  State: single('State', enumeration('State')),
  InitialDate: single('Initial Date', dateTime),
  ActivationDate: single('Activation Date', dateTime),
  ProcessStartDate: single('Process Start Date', dateTime),
  ProtectStopDate: single('Protect Stop Date', dateTime),
  DeactivationDate: single('Deactivation Date', dateTime),
  DestroyDate: single('Destroy Date', dateTime),
  CompromiseOccurrenceDate: single('Compromise Occurrence Date', dateTime),
  CompromiseDate: single('Compromise Date', dateTime),
  RevocationReason: single('Revocation Reason', revocationReason),
  ArchiveDate: single('Archive Date', dateTime),
  ObjectGroup: several('Object Group', text),
  Fresh: single('Fresh', boolean, '1.1'),
  Link: several('Link', link),
  ApplicationSpecificInformation: several('Application Specific Information', applicationSpecificInformation),
  ContactInformation: single('Contact Information', text),
  LastChangeDate: single('Last Change Date', dateTime),
  AlternativeName: several('Alternative Name', alternativeName, '1.2'),
  KeyValuePresent: single('Key Value Present', boolean, '1.2'),
  KeyValueLocation: several('Key Value Location', keyValueLocation, '1.2'),
  OriginalCreationDate: single('Original Creation Date', dateTime, '1.2'),
  RandomNumberGenerator: single('Random Number Generator', rngParameters, '1.3'),
  PKCS_12FriendlyName: single('PKCS#12 Friendly Name', text, '1.4'),
  Description: single('Description', text, '1.4'),
  Comment: single('Comment', text, '1.4'),
  Sensitive: single('Sensitive', boolean, '1.4'),
  AlwaysSensitive: single('Always Sensitive', boolean, '1.4'),
  Extractable: single('Extractable', boolean, '1.4'),
  NeverExtractable: single('Never Extractable', boolean, '1.4'),
  KeyFormatType: single('Key Format Type', enumeration('KeyFormatType'), '2.0'),
  OpaqueDataType: single('Opaque Data Type', enumerationNumber, '2.0'),
  NISTKeyType: single('NIST Key Type', enumeration('NISTKeyType'), '2.0'),
  ProtectionLevel: single('Protection Level', enumeration('ProtectionLevel'), '2.0'),
  ProtectionPeriod: single('Protection Period', interval, '2.0'),
  ProtectionStorageMask: single('Protection Storage Mask', integer, '2.0'),
  QuantumSafe: single('Quantum Safe', boolean, '2.0'),
  ShortUniqueIdentifier: single('Short Unique Identifier', bytes, '2.0'),
  CertificateSubjectCN: several('Certificate Subject CN', text, '2.0'),
  CertificateSubjectO: several('Certificate Subject O', text, '2.0'),
  CertificateSubjectOU: several('Certificate Subject OU', text, '2.0'),
  CertificateSubjectEmail: several('Certificate Subject Email', text, '2.0'),
  CertificateSubjectC: several('Certificate Subject C', text, '2.0'),
  CertificateSubjectST: several('Certificate Subject ST', text, '2.0'),
  CertificateSubjectL: several('Certificate Subject L', text, '2.0'),
  CertificateSubjectUID: several('Certificate Subject UID', text, '2.0'),
  CertificateSubjectSerialNumber: several('Certificate Subject Serial Number', text, '2.0'),
  CertificateSubjectTitle: several('Certificate Subject Title', text, '2.0'),
  CertificateSubjectDC: several('Certificate Subject DC', text, '2.0'),
  CertificateSubjectDNQualifier: several('Certificate Subject DN Qualifier', text, '2.0'),
  CertificateIssuerCN: several('Certificate Issuer CN', text, '2.0'),
  CertificateIssuerO: several('Certificate Issuer O', text, '2.0'),
  CertificateIssuerOU: several('Certificate Issuer OU', text, '2.0'),
  CertificateIssuerEmail: several('Certificate Issuer Email', text, '2.0'),
  CertificateIssuerC: several('Certificate Issuer C', text, '2.0'),
  CertificateIssuerST: several('Certificate Issuer ST', text, '2.0'),
  CertificateIssuerL: several('Certificate Issuer L', text, '2.0'),
  CertificateIssuerUID: several('Certificate Issuer UID', text, '2.0'),
  CertificateIssuerSerialNumber: several('Certificate Issuer Serial Number', text, '2.0'),
  CertificateIssuerTitle: several('Certificate Issuer Title', text, '2.0'),
  CertificateIssuerDC: several('Certificate Issuer DC', text, '2.0'),
  CertificateIssuerDNQualifier: several('Certificate Issuer DN Qualifier', text, '2.0'),
} as const satisfies Readonly<Partial<Record<TagName, AttributeDefinition<unknown>>>>

/** The table's type. */
export type AttributeTable = typeof attributeTable
/** The name of a standard attribute: that of its tag. */
export type AttributeName = keyof AttributeTable

/** Whether a version has an attribute. */
export function hasAttribute(version: KmipVersion, name: AttributeName): boolean {
  const { since, until = '2.1' }: Pick<AttributeDefinition<unknown>, 'since' | 'until'> = attributeTable[name]
  return isAtLeast(version, since) && isAtLeast(until, version)
}

const namesByTitle = new Map(Object.entries(attributeTable).map(([key, { title }]) => [title, key]))

/** The attribute that KMIP 1.x calls so; undefined when the standard has none. */
export function attributeNamed(title: unknown): AttributeName | undefined {
  return namesByTitle.get(title as string) as AttributeName | undefined
}
