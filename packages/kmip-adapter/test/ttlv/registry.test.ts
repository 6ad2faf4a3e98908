import { describe, expect, test } from 'vitest'
import { normalizeName } from '../../src/ttlv/forms/scope.js'
import {
  decodeMessage,
  type EnumerationName,
  encodeMessage,
  enumeration,
  enumerations,
  integer,
  isWithin,
  kmipVersions,
  maskBits,
  maybe,
  structure,
  taggedList,
  tagName,
  tags,
  tagVersions,
  text,
  valueVersions,
} from '../../src/ttlv/index.js'

const tables = Object.entries(enumerations) as [EnumerationName, Readonly<Record<string, number>>][]

describe('tags', () => {
  test('each has a number and a name of its own', () => {
    expect(new Set(Object.values(tags)).size).toBe(Object.keys(tags).length)
    for (const [name, tag] of Object.entries(tags)) expect(tagName(tag)).toBe(name)
    expect(tagName(0x54_0001)).toBe('0x540001')
  })

  test('as many as each version has', () => {
    const known = kmipVersions.map(
      (version) => Object.values(tags).filter((tag) => isWithin(tagVersions(tag), version)).length,
    )
    // KMIP 2.0 reserves 17 tags of 1.x.
    expect(known).toEqual([161, 183, 211, 247, 292, 337, 341])
  })

  test.each([
    ['ActivationDate', {}],
    ['AttributeIndex', { since: '1.0', until: '1.4' }],
    ['TemplateAttribute', { since: '1.0', until: '1.4' }],
    ['DeviceIdentifier', { since: '1.1' }],
    ['KeyValueLocation', { since: '1.2' }],
    ['OffsetItems', { since: '1.3' }],
    ['AuthenticatedEncryptionTag', { since: '1.4' }],
    ['Attributes', { since: '2.0' }],
    ['ObjectGroups', { since: '2.1' }],
  ] as const)('%s', (name, range) => {
    expect(tagVersions(tags[name])).toEqual(range)
  })
})

describe('enumerations', () => {
  test.each(tables)('%s: each value has a number and a name as the forms have it', (_, values) => {
    expect(new Set(Object.values(values)).size).toBe(Object.keys(values).length)
    for (const [name, value] of Object.entries(values)) {
      expect(name).toMatch(/^[A-Z]\w*$/)
      expect(value).toBeLessThan(0x8000_0000)
    }
  })

  test.each([
    ['Operation', 'Create', {}],
    ['Operation', 'DiscoverVersions', { since: '1.1' }],
    ['Operation', 'Encrypt', { since: '1.2' }],
    ['Operation', 'Import', { since: '1.4' }],
    ['Operation', 'SetAttribute', { since: '2.0' }],
    ['Operation', 'Ping', { since: '2.1' }],
    ['ObjectType', 'Template', { since: '1.0', until: '1.4' }],
    ['ObjectType', 'PGPKey', { since: '1.2' }],
    ['KeyFormatType', 'TransparentECDSAPrivateKey', { since: '1.0', until: '1.4' }],
    ['KeyFormatType', 'TransparentECPrivateKey', { since: '1.3' }],
    ['EncodingOption', 'NoEncoding', { since: '1.1' }],
    ['CryptographicAlgorithm', 'Ed25519', { since: '2.0' }],
    ['ResultReason', 'GeneralFailure', {}],
  ] as const)('the versions of %s %s', (name, value, range) => {
    const number = (enumerations[name] as Readonly<Record<string, number>>)[value] as number
    expect(valueVersions(name, number)).toEqual(range)
  })

  test('numbers that no version names are of all of them', () => {
    expect(valueVersions('Operation', 0x8000_0001)).toEqual({})
    expect(valueVersions('State', 77)).toEqual({})
  })
})

test.each(Object.entries(maskBits))('the bits of %s are different ones', (_, bits) => {
  const values = Object.values<number>(bits)
  expect(values.reduce((all, bit) => all | bit, 0)).toBe(values.reduce((sum, bit) => sum + bit, 0))
  for (const bit of values) expect(Math.log2(bit) % 1).toBe(0)
})

// KMIP Profiles 2.1, section 5.4.1.1.3.
test.each([
  ['Activation Date', 'ActivationDate'],
  ['X.509 Certificate Identifier', 'X_509CertificateIdentifier'],
  ['PKCS#12 Friendly Name', 'PKCS_12FriendlyName'],
  ['3DES', 'DES3'],
  ['HMAC-SHA256', 'HMAC_SHA256'],
  ['Re-key Key Pair', 'ReKeyKeyPair'],
  ['MAC/sign', 'MACSign'],
  ['Content Commitment (Non Repudiation)', 'ContentCommitmentNonRepudiation'],
  ['Template-Attribute', 'TemplateAttribute'],
  ['IV/Counter/Nonce', 'IVCounterNonce'],
  ['x-ID', 'X_ID'],
  ['', ''],
])('%s is written %s', (title, name) => {
  expect(normalizeName(title)).toBe(name)
})

describe('versions decide what is written', () => {
  const payload = structure('RequestPayload', {
    algorithm: maybe('CryptographicAlgorithm', enumeration('CryptographicAlgorithm')),
    operation: maybe('Operation', enumeration('Operation')),
    offsetItems: maybe('OffsetItems', integer),
    policy: maybe('OperationPolicyName', text),
    late: maybe('OffsetItems', integer, { since: '2.0' }),
    early: maybe('OffsetItems', integer, { since: '1.1' }),
    ended: maybe('OperationPolicyName', text, { until: '1.2' }),
  })
  const list = structure('RequestPayload', {
    attributes: maybe('Attributes', taggedList({ Description: text }), { since: '1.0' }),
  })

  test.each([
    [{ algorithm: 'AES' }, '1.0', '2.1', 'algorithm'],
    [{ algorithm: 'EC' }, '1.2', '2.1', 'algorithm'],
    [{ algorithm: 'Ed25519' }, '2.0', '2.1', 'algorithm'],
    // Numbers are written as they are, and so are operations, which an answer repeats.
    [{ algorithm: 55 }, '1.0', '2.1', ''],
    [{ operation: 'Ping' }, '1.0', '2.1', ''],
    [{ offsetItems: 1 }, '1.3', '2.1', 'offsetItems'],
    [{ policy: 'x' }, '1.0', '1.4', 'policy'],
    // A field's own versions and its tag's have to hold both.
    [{ late: 1 }, '2.0', '2.1', 'late'],
    [{ early: 1 }, '1.3', '2.1', 'early'],
    [{ ended: 'x' }, '1.0', '1.2', 'ended'],
  ] as const)('%o from %s to %s', (value, first, last, field) => {
    const from = kmipVersions.indexOf(first)
    const to = kmipVersions.indexOf(last)
    kmipVersions.forEach((version, i) => {
      const write = () => encodeMessage(payload, value, version)
      if (i >= from && i <= to) expect(write).not.toThrow()
      else {
        expect(write).toThrow(
          expect.objectContaining({
            code: 'CODEC_RANGE',
            context: expect.objectContaining({
              path: `RequestPayload.${field}`,
              expected: `something that KMIP ${version} has`,
            }),
          }),
        )
      }
    })
    expect(() => encodeMessage(payload, value)).not.toThrow()
  })

  test('also in a list of tags', () => {
    const value = { attributes: [{ name: 'Description', value: 'x' }] } as const
    const frame = encodeMessage(list, value, '2.0')
    expect(decodeMessage(list, frame)).toEqual(value)
    expect(() => encodeMessage(list, value, '1.4')).toThrow(expect.objectContaining({ code: 'CODEC_RANGE' }))
    const early = structure('RequestPayload', { templates: maybe('Name', taggedList({ Description: text })) })
    expect(() => encodeMessage(early, { templates: value.attributes }, '1.3')).toThrow(
      expect.objectContaining({ code: 'CODEC_RANGE' }),
    )
    expect(() => encodeMessage(early, { templates: value.attributes }, '1.4')).not.toThrow()
  })
})
