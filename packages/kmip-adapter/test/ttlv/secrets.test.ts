import { inspect } from 'node:util'
import { fromHex, toHex, utf8 } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import {
  decodeItem,
  describeItem,
  encodeItem,
  item,
  parseJson,
  parseXml,
  printJson,
  printTree,
  printXml,
  type TagName,
  type TtlvItem,
  tags,
} from '../../src/ttlv/index.js'
import { recordedMessages } from '../recordings.js'

const secretText = 'c0ffee-Sesame'
const secretBytes = fromHex('c0ffee5e5a3e')
const secretNumber = BigInt('0x40ffee5e5a3e0001')

const structure = (tag: TagName, ...items: TtlvItem[]): TtlvItem => item(tags[tag], 'Structure', items)
const bytes = (tag: TagName): TtlvItem => item(tags[tag], 'ByteString', secretBytes)
const text = (tag: TagName): TtlvItem => item(tags[tag], 'TextString', secretText)
const big = (tag: TagName): TtlvItem => item(tags[tag], 'BigInteger', { number: secretNumber, width: 8 })

const printers: Readonly<Record<string, (items: readonly TtlvItem[], reveal: boolean) => string>> = {
  json: (items, reveal) => printJson(items, { reveal }),
  xml: (items, reveal) => printXml(items, { reveal }),
  tree: (items, reveal) => items.map((one) => printTree(one, { reveal })).join('\n'),
}

/** Whatever shows a secret: in hexadecimal, as text, in decimal. */
const signs = /c0ffee|40ffee|sesame|4683724226496954369|101,\s*115|192,\s*255/i

const hidden: readonly (readonly [what: string, message: TtlvItem])[] = [
  ['a raw key', structure('KeyValue', bytes('KeyMaterial'))],
  ['a wrapped key', structure('KeyBlock', bytes('KeyValue'))],
  ['a transparent symmetric key', structure('KeyValue', structure('KeyMaterial', bytes('Key')))],
  [
    'a transparent RSA key',
    structure(
      'KeyMaterial',
      big('Modulus'),
      big('PrivateExponent'),
      big('P'),
      big('Q'),
      big('CRTCoefficient'),
    ),
  ],
  ['a transparent EC key', structure('KeyMaterial', bytes('QString'), big('D'))],
  ['what a vendor puts into a key', structure('KeyMaterial', structure('Name', text('NameValue')))],
  ['numbers in a key', structure('KeyMaterial', item(tags.Offset, 'LongInteger', secretNumber))],
  ['an opaque object', structure('OpaqueObject', bytes('OpaqueDataValue'))],
  ['data to encrypt', structure('RequestPayload', bytes('Data'))],
  ['data as text', structure('RequestPayload', text('Data'))],
  ['associated data', structure('RequestPayload', bytes('AuthenticatedEncryptionAdditionalData'))],
  ['a password', structure('CredentialValue', text('Username'), text('Password'))],
  ['a password by itself', text('Password')],
  ['a one-time password', text('OneTimePassword')],
  ['a hashed password', bytes('HashedPassword')],
  ['a device', structure('CredentialValue', text('DeviceSerialNumber'), text('NetworkIdentifier'))],
  ['an attestation', structure('CredentialValue', structure('Nonce', bytes('NonceID'), bytes('NonceValue')))],
  ['a ticket', structure('Ticket', bytes('TicketValue'))],
  [
    'a derivation',
    structure('DerivationParameters', bytes('InitializationVector'), bytes('DerivationData'), bytes('Salt')),
  ],
  ['the bytes of an attribute', structure('Attribute', bytes('AttributeValue'))],
  ["a vendor's text", item(0x54_0001, 'TextString', secretText)],
  ["a vendor's bytes", item(0x54_0001, 'ByteString', secretBytes)],
  ["a vendor's big integer", item(0x54_0001, 'BigInteger', { number: secretNumber, width: 8 })],
  ['a parameter of PKCS#11', bytes('PKCS_11InputParameters')],
  ['a parameter of PKCS#11 as text', text('PKCS_11InputParameters')],
  ['a key as text', structure('KeyBlock', text('KeyValue'))],
  ['a key as a number', structure('KeyValue', item(tags.KeyMaterial, 'LongInteger', secretNumber))],
  ['a key as a time', structure('KeyValue', item(tags.KeyMaterial, 'DateTimeExtended', secretNumber))],
  ['a private exponent by itself', item(tags.PrivateExponent, 'LongInteger', secretNumber)],
  ['a password as a number', item(tags.Password, 'LongInteger', secretNumber)],
  ['a known text in what a vendor adds', item(0x54_0001, 'Structure', [text('AttributeValue')])],
  ['known bytes in what a vendor adds', item(0x54_0001, 'Structure', [bytes('DigestValue')])],
  ['a known number in what a vendor adds', item(0x54_0001, 'Structure', [big('DigestValue')])],
  ['a known text in an extension', structure('VendorExtension', text('NameValue'))],
  [
    'a known text deep in what a vendor adds',
    item(0x54_0001, 'Structure', [structure('Attribute', structure('Name', text('NameValue')))]),
  ],
]

describe.each(Object.entries(printers))('%s', (_, print) => {
  test.each(hidden)('hides %s until it is to be revealed', (_what, message) => {
    expect(print([message], false)).toMatch(/redacted/)
    expect(print([message], false)).not.toMatch(signs)
    expect(print([message], true)).toMatch(signs)
    expect(print([message], true)).not.toMatch(/redacted/)
  })

  test('shows what a message is about', () => {
    const message = structure(
      'BatchItem',
      bytes('UniqueBatchItemID'),
      item(tags.Operation, 'Enumeration', 31),
      text('ResultMessage'),
      text('UniqueIdentifier'),
      bytes('IVCounterNonce'),
      bytes('AuthenticatedEncryptionTag'),
      bytes('SignatureData'),
      bytes('DigestValue'),
      bytes('CertificateValue'),
      structure('Attribute', text('AttributeName'), text('AttributeValue')),
    )
    expect(print([message], false)).not.toMatch(/redacted/)
    expect(print([message], false)).toBe(print([message], true))
  })

  test('a structure that holds secrets has none after it', () => {
    const message = structure(
      'KeyBlock',
      structure('KeyValue', structure('KeyMaterial'), text('Name')),
      text('Name'),
    )
    expect(print([message], false)).toBe(print([message], true))
  })
})

test('what is left out cannot be read back', async () => {
  for (const [, message] of hidden) {
    const redacted = expect.objectContaining({
      code: 'CODEC_VALUE',
      context: expect.objectContaining({ expected: 'a value', actual: 'one that was redacted' }),
    })
    expect(() => parseJson(printJson([message]))).toThrow(redacted)
    await expect(parseXml(printXml([message]))).rejects.toThrow(redacted)
  }
})

test('no keys of recorded messages are shown', () => {
  const keys: string[] = []
  const collect = (one: TtlvItem): void => {
    if (one.type === 'Structure') one.value.forEach(collect)
    else if (one.type === 'ByteString' && (one.tag === tags.KeyMaterial || one.tag === tags.Data)) {
      if (one.value.length > 4) keys.push(toHex(one.value))
    }
  }
  const messages = recordedMessages.map(([, hex]) => decodeItem(fromHex(hex)))
  messages.forEach(collect)
  expect(keys.length).toBeGreaterThan(50)
  const shown = messages
    .flatMap((message) => [
      printJson([message]),
      printXml([message]),
      printTree(message),
      describeItem(message),
    ])
    .join('\n')
  for (const key of keys) expect(shown).not.toContain(key)
})

test('nor are secrets that are inspected, or in errors', () => {
  for (const [, message] of hidden) {
    expect(inspect(message, { depth: 9, showHidden: true })).not.toMatch(signs)
    expect(JSON.stringify(message)).not.toMatch(signs)
    const frame = encodeItem(message)
    for (let at = 0; at < frame.length; at++) {
      const broken = frame.slice()
      broken[at] = (broken[at] as number) ^ 0xff
      try {
        decodeItem(broken)
      } catch (error) {
        expect(String(error)).not.toMatch(signs)
      }
    }
  }
})

test('a tree quotes texts, so that they command no terminal', () => {
  const shown = printTree(item(tags.Name, 'TextString', 'a\u001b[31m\n"\u0085\u202e\u{e0001}'))
  expect(shown).toBe('Name: "a\\u001b[31m\\n\\"\\u0085\\u202e\\udb40\\udc01"')
  expect(utf8(shown).some((byte) => byte < 0x20)).toBe(false)
})

test('a tree', () => {
  const message = structure(
    'BatchItem',
    item(tags.Operation, 'Enumeration', 10),
    item(tags.LeaseTime, 'Interval', 5),
    item(tags.CryptographicUsageMask, 'Integer', 12),
    item(tags.Fresh, 'Boolean', true),
    item(tags.CertificateSerialNumber, 'ByteString', Uint8Array.of(1, 2)),
    item(tags.SerialNumber, 'BigInteger', { number: -5n, width: 8 }),
    item(tags.TimeStamp, 'DateTime', 0n),
    structure('KeyValue', item(tags.KeyMaterial, 'ByteString', secretBytes), big('Modulus')),
    text('Password'),
    item(0x54_0001, 'Structure', [item(0x54_0002, 'Enumeration', 3)]),
  )
  expect(printTree(message).split('\n')).toEqual([
    'BatchItem',
    '  Operation: Get',
    '  LeaseTime: 5 s',
    '  CryptographicUsageMask: Encrypt Decrypt',
    '  Fresh: true',
    '  CertificateSerialNumber: 0102',
    '  SerialNumber: fffffffffffffffb',
    '  TimeStamp: 1970-01-01T00:00:00+00:00',
    '  KeyValue',
    '    KeyMaterial: <redacted, 6 bytes>',
    '    Modulus: <redacted, 8 bytes>',
    '  Password: <redacted>',
    '  0x540001 (Structure)',
    '    0x540002 (Enumeration): 0x00000003',
  ])
})
