import type { TtlvItem } from '../item.js'
import { isKnownTag, type TagName, tagName } from '../tags.js'

/** What is below one of these is secret, whatever it is: keys in their parts, and what clients prove themselves with. */
const secretStructures: ReadonlySet<string> = new Set<TagName>([
  'CredentialValue',
  'DerivationParameters',
  'KeyMaterial',
  'PKCS_11InputParameters',
  'PKCS_11OutputParameters',
  'TicketValue',
])

/** Texts that are secret. Those of tags that are not known are too. */
const secretTexts: ReadonlySet<string> = new Set<TagName>([
  'CredentialValue',
  'Data',
  'HashedPassword',
  'KeyMaterial',
  'OneTimePassword',
  'Password',
  'ServerHashedPassword',
  'TicketValue',
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
      return secretTexts.has(name) || !isKnownTag(item.tag)
    default:
      return false
  }
}
