import type { TtlvItem } from '../item.js'
import { isKnownTag, type TagName, tagName, tags } from '../tags.js'

/** What is below one of these is secret, whatever it is: keys in their parts, and what clients prove themselves with. */
const secretStructures: ReadonlySet<string> = new Set<TagName>([
  'CredentialValue',
  'DerivationParameters',
  'KeyMaterial',
  'PKCS_11InputParameters',
  'PKCS_11OutputParameters',
  'TicketValue',
])

/** What is secret also as a text or a number, of whatever type a server that errs makes it. */
const secretValues: ReadonlySet<string> = new Set<string>([
  ...secretStructures,
  ...([
    'CRTCoefficient',
    'D',
    'Data',
    'DerivationData',
    'HashedPassword',
    'Key',
    'KeyValue',
    'OneTimePassword',
    'OpaqueDataValue',
    'P',
    'Password',
    'PrimeExponentP',
    'PrimeExponentQ',
    'PrivateExponent',
    'Q',
    'ServerHashedPassword',
    'X',
  ] satisfies readonly TagName[]),
])

/** Bytes and big integers that are public. All others are taken for secret: keys, data, seeds, what vendors add. */
const publicBytes: ReadonlySet<string> = new Set<TagName>([
  'AsynchronousCorrelationValue',
  'AuthenticatedEncryptionTag',
  'CertificateIssuer',
  'CertificateRequest',
  'CertificateRequestValue',
  'CertificateSerialNumber',
  'CertificateSubject',
  'CertificateValue',
  'CorrelationValue',
  'DigestValue',
  'IssuerDistinguishedName',
  'IVCounterNonce',
  'MACData',
  'NonceID',
  'SerialNumber',
  'SignatureData',
  'SubjectDistinguishedName',
  'UniqueBatchItemID',
  'X_509CertificateIdentifier',
  'X_509CertificateIssuer',
  'X_509CertificateSubject',
])

/** Whether all that a structure holds is secret. */
export function holdsSecrets(structure: TtlvItem): boolean {
  return secretStructures.has(tagName(structure.tag))
}

/** Whether nobody here knows what a structure holds: then what tags of the specification mean in it is not known either. */
export function isForeign(structure: TtlvItem): boolean {
  return !isKnownTag(structure.tag) || structure.tag === tags.VendorExtension
}

/** Whether an item's value may be secret by its type alone: numbers and times of a vendor's are not. */
export function mayHoldSecret({ type }: TtlvItem): boolean {
  return type === 'ByteString' || type === 'BigInteger' || type === 'TextString'
}

/**
 * Whether an item's value may be secret: keys, passwords and other credentials, data that is or will be encrypted, and
 * whatever is not known to be public. Numbers, times and names of the specification are public outside of structures
 * that hold secrets.
 */
export function isSecret(item: TtlvItem): boolean {
  const name = tagName(item.tag)
  switch (item.type) {
    case 'ByteString':
    case 'BigInteger':
      return !publicBytes.has(name)
    case 'TextString':
      return secretValues.has(name) || !isKnownTag(item.tag)
    case 'Enumeration':
      return false
    default:
      return secretValues.has(name)
  }
}
