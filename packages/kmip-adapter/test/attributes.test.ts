import { toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { getAttributes } from '../src/operations/index.js'
import {
  type Attribute,
  allowsUsage,
  attributeTable,
  collectAttributes,
  listAttributes,
  toSecretInteger,
  usageMask,
} from '../src/protocol/index.js'
import {
  decodeMessage,
  encodeItem,
  encodeMessage,
  isAtLeast,
  item,
  type KmipVersion,
  kmipVersions,
  type TagName,
  type TtlvItem,
  tags,
} from '../src/ttlv/index.js'
import { B, D, E, I, L, O, plain, S, secret, T, V } from './items.js'

type Make = (tag: TagName) => TtlvItem
interface Row {
  readonly name: string
  readonly title: string
  readonly value: unknown
  readonly item: Make
  readonly since: KmipVersion
  readonly until: KmipVersion
  readonly many: boolean
}
const rows: Row[] = []
const row = (
  name: string,
  title: string,
  value: unknown,
  make: Make,
  since: KmipVersion = '1.0',
  more: { many?: true; until?: KmipVersion } = {},
) => rows.push({ name, title, value, item: make, since, until: '2.1', many: false, ...more })

const text = ['t', (tag: TagName) => T(tag, 't')] as const
const yes = [true, (tag: TagName) => O(tag, true)] as const
const date = [5n, (tag: TagName) => D(tag, 5n)] as const
const number = [5, (tag: TagName) => I(tag, 5)] as const
const seconds = [5, (tag: TagName) => V(tag, 5)] as const
const value = (name: string, of: string) => [name, (tag: TagName) => E(tag, name, of)] as const
const several = { many: true } as const
const first = { until: '1.4' } as const

row('UniqueIdentifier', 'Unique Identifier', ...text)
row(
  'Name',
  'Name',
  { nameValue: 'n', nameType: 'URI' },
  (tag) => S(tag, T('NameValue', 'n'), E('NameType', 'URI')),
  '1.0',
  several,
)
row('ObjectType', 'Object Type', ...value('SymmetricKey', 'ObjectType'))
row('CryptographicAlgorithm', 'Cryptographic Algorithm', ...value('AES', 'CryptographicAlgorithm'))
row('CryptographicLength', 'Cryptographic Length', ...number)
row(
  'CryptographicParameters',
  'Cryptographic Parameters',
  { blockCipherMode: 'CBC' },
  (tag) => S(tag, E('BlockCipherMode', 'CBC')),
  '1.0',
  several,
)
row(
  'CryptographicDomainParameters',
  'Cryptographic Domain Parameters',
  { qlength: 256, recommendedCurve: 'P_256' },
  (tag) => S(tag, I('Qlength', 256), E('RecommendedCurve', 'P_256')),
)
row('CertificateType', 'Certificate Type', ...value('X_509', 'CertificateType'))
row('CertificateLength', 'Certificate Length', ...number, '1.1')
row(
  'X_509CertificateIdentifier',
  'X.509 Certificate Identifier',
  { issuerDistinguishedName: plain(1), certificateSerialNumber: plain(2) },
  (tag) => S(tag, B('IssuerDistinguishedName', 1), B('CertificateSerialNumber', 2)),
  '1.1',
)
row(
  'X_509CertificateSubject',
  'X.509 Certificate Subject',
  { subjectDistinguishedName: plain(1), subjectAlternativeName: [plain(2), plain(3)] },
  (tag) =>
    S(tag, B('SubjectDistinguishedName', 1), B('SubjectAlternativeName', 2), B('SubjectAlternativeName', 3)),
  '1.1',
)
row(
  'X_509CertificateIssuer',
  'X.509 Certificate Issuer',
  { issuerDistinguishedName: plain(1), issuerAlternativeName: [plain(2)] },
  (tag) => S(tag, B('IssuerDistinguishedName', 1), B('IssuerAlternativeName', 2)),
  '1.1',
)
row(
  'CertificateIdentifier',
  'Certificate Identifier',
  { issuer: 'i', serialNumber: 's' },
  (tag) => S(tag, T('Issuer', 'i'), T('SerialNumber', 's')),
  '1.0',
  first,
)
row(
  'CertificateSubject',
  'Certificate Subject',
  { certificateSubjectDistinguishedName: 'd', certificateSubjectAlternativeName: ['a'] },
  (tag) => S(tag, T('CertificateSubjectDistinguishedName', 'd'), T('CertificateSubjectAlternativeName', 'a')),
  '1.0',
  first,
)
row(
  'CertificateIssuer',
  'Certificate Issuer',
  { certificateIssuerDistinguishedName: 'd', certificateIssuerAlternativeName: ['a'] },
  (tag) => S(tag, T('CertificateIssuerDistinguishedName', 'd'), T('CertificateIssuerAlternativeName', 'a')),
  '1.0',
  first,
)
row(
  'DigitalSignatureAlgorithm',
  'Digital Signature Algorithm',
  ...value('DSAWithSHA256', 'DigitalSignatureAlgorithm'),
  '1.1',
  several,
)
row(
  'Digest',
  'Digest',
  { hashingAlgorithm: 'SHA_256', digestValue: plain(1) },
  (tag) => S(tag, E('HashingAlgorithm', 'SHA_256'), B('DigestValue', 1)),
  '1.0',
  several,
)
row('OperationPolicyName', 'Operation Policy Name', ...text, '1.0', first)
row('CryptographicUsageMask', 'Cryptographic Usage Mask', ...number)
row('LeaseTime', 'Lease Time', ...seconds)
row(
  'UsageLimits',
  'Usage Limits',
  { usageLimitsTotal: 9n, usageLimitsCount: 8n, usageLimitsUnit: 'Object' },
  (tag) => S(tag, L('UsageLimitsTotal', 9n), L('UsageLimitsCount', 8n), E('UsageLimitsUnit', 'Object')),
)
row('State', 'State', ...value('Active', 'State'))
for (const name of [
  'Initial Date',
  'Activation Date',
  'Process Start Date',
  'Protect Stop Date',
  'Deactivation Date',
  'Destroy Date',
  'Compromise Occurrence Date',
  'Compromise Date',
  'Archive Date',
  'Last Change Date',
]) {
  row(name.replaceAll(' ', ''), name, ...date)
}
row('OriginalCreationDate', 'Original Creation Date', ...date, '1.2')
row(
  'RevocationReason',
  'Revocation Reason',
  { revocationReasonCode: 'Superseded', revocationMessage: 'm' },
  (tag) => S(tag, E('RevocationReasonCode', 'Superseded'), T('RevocationMessage', 'm')),
)
row('ObjectGroup', 'Object Group', ...text, '1.0', several)
row('Fresh', 'Fresh', ...yes, '1.1')
row(
  'Link',
  'Link',
  { linkType: 'PublicKeyLink', linkedObjectIdentifier: '8' },
  (tag) => S(tag, E('LinkType', 'PublicKeyLink'), T('LinkedObjectIdentifier', '8')),
  '1.0',
  several,
)
row(
  'ApplicationSpecificInformation',
  'Application Specific Information',
  { applicationNamespace: 'n', applicationData: 'd' },
  (tag) => S(tag, T('ApplicationNamespace', 'n'), T('ApplicationData', 'd')),
  '1.0',
  several,
)
row('ContactInformation', 'Contact Information', ...text)
row(
  'AlternativeName',
  'Alternative Name',
  { alternativeNameValue: 'a', alternativeNameType: 'DNSName' },
  (tag) => S(tag, T('AlternativeNameValue', 'a'), E('AlternativeNameType', 'DNSName')),
  '1.2',
  several,
)
row('KeyValuePresent', 'Key Value Present', ...yes, '1.2')
row(
  'KeyValueLocation',
  'Key Value Location',
  { keyValueLocationValue: 'v', keyValueLocationType: 'URI' },
  (tag) => S(tag, T('KeyValueLocationValue', 'v'), E('KeyValueLocationType', 'URI')),
  '1.2',
  several,
)
row(
  'RandomNumberGenerator',
  'Random Number Generator',
  { rngAlgorithm: 'NRBG' },
  (tag) => S(tag, E('RNGAlgorithm', 'NRBG')),
  '1.3',
)
row('PKCS_12FriendlyName', 'PKCS#12 Friendly Name', ...text, '1.4')
row('Description', 'Description', ...text, '1.4')
row('Comment', 'Comment', ...text, '1.4')
for (const name of ['Sensitive', 'Always Sensitive', 'Extractable', 'Never Extractable']) {
  row(name.replaceAll(' ', ''), name, ...yes, '1.4')
}
row('KeyFormatType', 'Key Format Type', ...value('Raw', 'KeyFormatType'), '2.0')
row('OpaqueDataType', 'Opaque Data Type', 0x8000_0001, (tag) => E(tag, 0x8000_0001), '2.0')
row('NISTKeyType', 'NIST Key Type', ...value('SymmetricMasterKey', 'NISTKeyType'), '2.0')
row('ProtectionLevel', 'Protection Level', ...value('High', 'ProtectionLevel'), '2.0')
row('ProtectionPeriod', 'Protection Period', ...seconds, '2.0')
row('ProtectionStorageMask', 'Protection Storage Mask', ...number, '2.0')
row('QuantumSafe', 'Quantum Safe', ...yes, '2.0')
row('ShortUniqueIdentifier', 'Short Unique Identifier', plain(1), (tag) => B(tag, 1), '2.0')
for (const side of ['Subject', 'Issuer']) {
  for (const part of [
    'CN',
    'O',
    'OU',
    'Email',
    'C',
    'ST',
    'L',
    'UID',
    'Serial Number',
    'Title',
    'DC',
    'DN Qualifier',
  ]) {
    const title = `Certificate ${side} ${part}`
    row(title.replaceAll(' ', ''), title, ...text, '2.0', several)
  }
}

const uid = T('UniqueIdentifier', '7')
const label = rows.map((one) => [one.name, one] as const)

/** An object's only attribute, in the form of a version. */
function payload({ name, value }: Row, version: KmipVersion, many = 1) {
  const list = Array.from({ length: many }, () => ({ name, value }) as Attribute)
  return { uniqueIdentifier: '7', [version < '2.0' ? 'attribute' : 'attributes']: list }
}
const write = (one: Row, version: KmipVersion, many?: number) =>
  encodeMessage(getAttributes.response, payload(one, version, many), version)

describe('an attribute', () => {
  test('each of the standard is tested', () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(attributeTable).toSorted())
  })

  test.each(label.filter(([, one]) => one.since < '2.0'))('%s has its form in 1.x', (_, one) => {
    const inner = S('Attribute', T('AttributeName', one.title), one.item('AttributeValue'))
    expect(toHex(write(one, '1.4'))).toBe(toHex(encodeItem(S('ResponsePayload', uid, inner))))
  })

  test.each(label.filter(([, one]) => one.until > '1.4'))('%s has its form in 2.x', (_, one) => {
    const inner = S('Attributes', one.item(one.name as TagName))
    expect(toHex(write(one, '2.1'))).toBe(toHex(encodeItem(S('ResponsePayload', uid, inner))))
  })

  test.each(label)('%s is of its versions only', (_, one) => {
    for (const version of kmipVersions) {
      if (isAtLeast(version, one.since) && isAtLeast(one.until, version)) write(one, version)
      else
        expect(() => write(one, version), version).toThrow(expect.objectContaining({ code: 'CODEC_RANGE' }))
    }
  })

  test.each(label)('%s is in the set that programs use, and back', (_, one) => {
    const version = one.until === '2.1' ? '2.1' : '1.4'
    const read = decodeMessage(getAttributes.response, write(one, version, one.many ? 2 : 1))
    const list = [...(read.attribute ?? []), ...(read.attributes ?? [])]
    const set = collectAttributes('Get', list)
    expect(Object.values(set)).toEqual([one.many ? [one.value, one.value] : one.value])
    expect(Object.keys(set)[0]).toMatch(/^[a-z][a-z0-9]+([A-Z][A-Za-z0-9]*)*$/)
    expect(listAttributes(set)).toEqual(list)
    const twice = [...list, ...list]
    if (one.many) expect(Object.values(collectAttributes('Get', twice))[0]).toHaveLength(4)
    else
      expect(() => collectAttributes('Get', twice)).toThrow(
        expect.objectContaining({ code: 'KMIP_PROTOCOL' }),
      )
  })

  test('of a wrong type is refused', () => {
    const state = S('Attribute', T('AttributeName', 'State'), I('AttributeValue', 2))
    const frame = encodeItem(S('ResponsePayload', uid, state))
    expect(() => decodeMessage(getAttributes.response, frame)).toThrow(
      expect.objectContaining({ code: 'CODEC_VALUE' }),
    )
  })
})

test('attributes of one own go into the set and out of it', () => {
  const own = item(tags.AttributeValue, 'TextString', 'v')
  const list: Attribute[] = [
    { name: 'Custom', vendor: 'x', title: 't', value: own },
    { name: 'Other', title: 'Else', value: own },
  ]
  const set = collectAttributes('Get', list)
  expect([set.custom, set.other]).toEqual([[list[0]], [list[1]]])
  expect(listAttributes(set)).toEqual(list)
})

test('a usage mask allows what is in it, and all of it', () => {
  const mask = usageMask(['Encrypt', 'Decrypt'])
  expect(mask).toBe(0xc)
  expect(allowsUsage(mask, 'Encrypt', 'Decrypt')).toBe(true)
  expect(allowsUsage(mask, 'Encrypt', 'Sign')).toBe(false)
})

test.each([
  ['01', '0000000000000001'],
  ['80', '0000000000000080'],
  ['8000000000000000', '00000000000000008000000000000000'],
  ['7fffffffffffffff', '7fffffffffffffff'],
  ['', '0000000000000000'],
])('the secret integer of %s is %s', (magnitude, integer) => {
  const bytes = secret(...Buffer.from(magnitude, 'hex'))
  expect(toSecretInteger(bytes).use(toHex)).toBe(integer)
})
