import { inspect } from 'node:util'
import { fromHex, SecretBytes, toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import {
  anyItem,
  bigInteger,
  boolean,
  bytes,
  dateTime,
  dateTimeExtended,
  decodeItem,
  decodeMessage,
  describeItem,
  describeMessage,
  encodeItem,
  encodeMessage,
  enumeration,
  integer,
  interval,
  item,
  type Kind,
  longInteger,
  maybe,
  one,
  secret,
  structure,
  type TtlvItem,
  taggedList,
  tags,
  text,
} from '../../src/ttlv/index.js'

const tag = 0x420020

/** The examples of KMIP 1.4, section 9.1.2, and the edges of each type. */
const cases: readonly (readonly [hex: string, item: TtlvItem])[] = [
  ['42002002000000040000000800000000', item(tag, 'Integer', 8)],
  ['4200200200000004ffffffff00000000', item(tag, 'Integer', -1)],
  ['42002002000000048000000000000000', item(tag, 'Integer', -(2 ** 31))],
  ['420020030000000801b69b4ba5749200', item(tag, 'LongInteger', 123456789000000000n)],
  ['42002003000000088000000000000000', item(tag, 'LongInteger', -(2n ** 63n))],
  [
    '42002004000000100000000003fd35eb6bc2df4618080000',
    item(tag, 'BigInteger', { number: 1234567890000000000000000000n, width: 16 }),
  ],
  ['4200200400000008ffffffffffffffff', item(tag, 'BigInteger', { number: -1n, width: 8 })],
  ['42002004000000080000000000000000', item(tag, 'BigInteger', { number: 0n, width: 8 })],
  ['42002004000000087fffffffffffffff', item(tag, 'BigInteger', { number: 2n ** 63n - 1n, width: 8 })],
  [
    '420020040000001000000000000000008000000000000000',
    item(tag, 'BigInteger', { number: 2n ** 63n, width: 16 }),
  ],
  ['42002004000000088000000000000000', item(tag, 'BigInteger', { number: -(2n ** 63n), width: 8 })],
  [
    '4200200400000010ffffffffffffffff7fffffffffffffff',
    item(tag, 'BigInteger', { number: -(2n ** 63n) - 1n, width: 16 }),
  ],
  ['420020040000001000000000000000000000000000000001', item(tag, 'BigInteger', { number: 1n, width: 16 })],
  ['4200200500000004000000ff00000000', item(tag, 'Enumeration', 255)],
  ['4200200500000004ffffffff00000000', item(tag, 'Enumeration', 0xffff_ffff)],
  ['42002006000000080000000000000001', item(tag, 'Boolean', true)],
  ['42002006000000080000000000000000', item(tag, 'Boolean', false)],
  ['420020070000000b48656c6c6f20576f726c640000000000', item(tag, 'TextString', 'Hello World')],
  ['4200200700000000', item(tag, 'TextString', '')],
  ['4200200700000009c3a9f09f9491efbbbf00000000000000', item(tag, 'TextString', 'é🔑\ufeff')],
  ['42002008000000030102030000000000', item(tag, 'ByteString', new Uint8Array([1, 2, 3]))],
  ['4200200800000000', item(tag, 'ByteString', new Uint8Array())],
  ['42002009000000080000000047da67f8', item(tag, 'DateTime', 0x47da67f8n)],
  ['4200200a00000004000d2f0000000000', item(tag, 'Interval', 864000)],
  ['4200200b000000080004489da4eca600', item(tag, 'DateTimeExtended', 0x0004489da4eca600n)],
  [
    '42002001000000204200040500000004000000fe000000004200050200000004000000ff00000000',
    item(tag, 'Structure', [item(0x420004, 'Enumeration', 254), item(0x420005, 'Integer', 255)]),
  ],
  ['4200200100000000', item(tag, 'Structure', [])],
]

function plain(value: TtlvItem): unknown {
  return value.type === 'Structure' ? value.value.map(plain) : [value.tag, value.type, value.value]
}

describe('items', () => {
  test.each(cases)('%s', (hex, value) => {
    expect(toHex(encodeItem(value))).toBe(hex)
    expect(plain(decodeItem(fromHex(hex)))).toEqual(plain(value))
  })

  test.each(cases)('no truncation of %s is read', (hex) => {
    const whole = fromHex(hex)
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeItem(whole.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'CODEC_UNDERFLOW' }),
      )
    }
    expect(() => decodeItem(new Uint8Array([...whole, 0]))).toThrow(
      expect.objectContaining({
        code: 'CODEC_TRAILING',
        context: { path: 'TTLV', offset: whole.length, trailing: 1 },
      }),
    )
  })
})

describe('what is refused', () => {
  const refusals: readonly (readonly [what: string, hex: string, code: string, offset: number])[] = [
    ['type 0', '4200200000000000', 'CODEC_VALUE', 0],
    ['type 12', '4200200c00000000', 'CODEC_VALUE', 0],
    ['an Integer of 8 bytes', '42002002000000080000000000000008', 'CODEC_VALUE', 0],
    ['an Integer of 0 bytes', '4200200200000000', 'CODEC_VALUE', 0],
    ['a LongInteger of 4 bytes', '42002003000000040000000800000000', 'CODEC_VALUE', 0],
    ['a Boolean of 4 bytes', '42002006000000040000000100000000', 'CODEC_VALUE', 0],
    ['an Interval of 8 bytes', '4200200a000000080000000000000001', 'CODEC_VALUE', 0],
    ['a BigInteger of 4 bytes', '42002004000000040000000100000000', 'CODEC_VALUE', 0],
    ['an empty BigInteger', '4200200400000000', 'CODEC_VALUE', 0],
    ['a Structure of 4 bytes', '42002001000000044200040500000000', 'CODEC_VALUE', 0],
    ['a Boolean of 2', '42002006000000080000000000000002', 'CODEC_VALUE', 8],
    ['a Boolean of 2^32', '42002006000000080000000100000000', 'CODEC_VALUE', 8],
    ['padding of an Integer', '42002002000000040000000800000001', 'CODEC_VALUE', 15],
    ['padding of a text', '420020070000000141ff000000000000', 'CODEC_VALUE', 9],
    ['bytes that are not UTF-8', '4200200700000002c32800000000000000'.slice(0, 32), 'CODEC_VALUE', 8],
    ['a surrogate in UTF-8', '4200200700000003eda0800000000000', 'CODEC_VALUE', 8],
    [
      'a child that is longer than its parent',
      '420020010000001042000402000000ff0000000800000000',
      'CODEC_VALUE',
      8,
    ],
    [
      'a text that is longer than its parent',
      '420020010000001042000407000000ff0000000800000000',
      'CODEC_UNDERFLOW',
      8,
    ],
    ['half a header in a structure', '42002001000000084200040700000009', 'CODEC_UNDERFLOW', 8],
    ['a length of 2^32 - 1', '42002007ffffffff', 'CODEC_UNDERFLOW', 0],
  ]
  test.each(refusals)('%s', (_, hex, code, offset) => {
    expect(() => decodeItem(fromHex(hex))).toThrow(
      expect.objectContaining({ code, context: expect.objectContaining({ offset }) }),
    )
  })

  test('padding and Booleans can be accepted', () => {
    const padded = decodeItem(fromHex('42002002000000040000000800000001'), { acceptPadding: true })
    expect(padded.value).toBe(8)
    const two = decodeItem(fromHex('42002006000000080000000000000002'), { acceptBooleans: true })
    expect(two.value).toBe(true)
  })

  test('what is too large, too deep or too much', () => {
    const nested = (depth: number): TtlvItem =>
      depth === 0 ? item(tag, 'Structure', []) : item(tag, 'Structure', [nested(depth - 1)])
    const limit = (path: string, max: number, actual: number) =>
      expect.objectContaining({
        code: 'CODEC_LIMIT',
        context: expect.objectContaining({ path: expect.stringContaining(path), limit: max, actual }),
      })
    expect(() => decodeItem(encodeItem(nested(31)))).not.toThrow()
    expect(() => decodeItem(encodeItem(nested(32)))).toThrow(limit('CompromiseDate', 32, 33))
    expect(() => decodeItem(encodeItem(nested(1_000)), { maxDepth: 256 })).toThrow(limit('.', 256, 257))
    const wide = encodeItem(
      item(
        tag,
        'Structure',
        Array.from({ length: 9 }, () => item(tag, 'Structure', [])),
      ),
    )
    expect(() => decodeItem(wide, { maxItems: 10 })).not.toThrow()
    expect(() => decodeItem(wide, { maxItems: 9 })).toThrow(limit('CompromiseDate', 9, 10))
    expect(() => decodeItem(wide, { maxBytes: wide.length - 1 })).toThrow(
      limit('', wide.length - 1, wide.length),
    )
    expect(() => decodeItem(new Uint8Array(2 ** 20 + 8))).toThrow(limit('', 2 ** 20, 2 ** 20 + 8))
  })

  test.each([{ maxDepth: 0 }, { maxDepth: 257 }, { maxItems: 1.5 }, { maxBytes: Number.NaN }])(
    'limits of %o',
    (options) => {
      expect(() => decodeItem(new Uint8Array(8), options)).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
      )
    },
  )
})

const sample = structure('KeyBlock', {
  operation: maybe('Operation', enumeration('Operation')),
  integer: maybe('BatchCount', integer),
  long: maybe('UsageLimitsTotal', longInteger),
  big: maybe('Modulus', bigInteger),
  flag: maybe('Sensitive', boolean),
  text: maybe('UniqueIdentifier', text),
  bytes: maybe('Data', bytes),
  secret: maybe('Key', secret),
  date: maybe('TimeStamp', dateTime),
  lease: maybe('LeaseTime', interval),
  precise: maybe('ActivationDate', dateTimeExtended),
})

describe('what cannot be written', () => {
  const bad: readonly (readonly [field: string, value: unknown])[] = [
    ['operation', 'Nothing'],
    ['operation', 'constructor'],
    ['operation', -1],
    ['operation', 2 ** 32],
    ['integer', 2 ** 31],
    ['integer', 0.5],
    ['integer', '1'],
    ['long', 2n ** 63n],
    ['long', 1],
    ['big', 1],
    ['flag', 1],
    ['text', 5],
    ['text', 'half \ud83d a pair'],
    ['bytes', [1]],
    ['secret', new Uint8Array(2)],
    ['date', 1],
    ['lease', -1],
  ]
  test.each(bad)('%s of %o', (field, value) => {
    expect(() => encodeMessage(sample, { [field]: value } as never)).toThrow(
      expect.objectContaining({
        code: 'CODEC_RANGE',
        context: expect.objectContaining({ path: `KeyBlock.${field}` }),
      }),
    )
  })

  test('says what the values of an enumeration are', () => {
    expect(() => encodeMessage(sample, { operation: 'Nothing' } as never)).toThrow(
      expect.objectContaining({ context: expect.objectContaining({ expected: 'a value of Operation' }) }),
    )
  })

  test('an item under another tag', () => {
    const holder = structure('KeyBlock', { any: one('Name', anyItem(tags.Name)) })
    expect(() => encodeMessage(holder, { any: item(tags.Data, 'Integer', 1) })).toThrow(
      expect.objectContaining({ code: 'CODEC_RANGE' }),
    )
    expect(() => encodeMessage(holder, { any: item(tags.Name, 'Integer', 1) })).not.toThrow()
  })

  test('a tag that a list does not have', () => {
    const holder = structure('KeyBlock', { list: one('Attributes', taggedList({ Name: text })) })
    expect(() => encodeMessage(holder, { list: [{ name: 'Data', value: 'x' }] })).toThrow(
      expect.objectContaining({
        code: 'CODEC_RANGE',
        context: expect.objectContaining({ expected: 'a tag of the list', actual: 'Data' }),
      }),
    )
  })

  test('an integer that is no enumeration of an item', () => {
    expect(() => encodeItem(item(tag, 'Enumeration', -1))).toThrow(
      expect.objectContaining({ code: 'CODEC_RANGE' }),
    )
  })
})

test('kinds read what they write', () => {
  const value = {
    operation: 'Get',
    integer: -5,
    long: -(2n ** 40n),
    big: 2n ** 200n,
    flag: true,
    text: 'é',
    bytes: new Uint8Array([1, 2]),
    date: 5n,
    lease: 2 ** 32 - 1,
    precise: -1n,
  } as const
  const again = decodeMessage(sample, encodeMessage(sample, value))
  expect(again).toEqual(value)
  expect(decodeMessage(sample, encodeMessage(sample, { operation: 0x8000_0001 }))).toEqual({
    operation: 0x8000_0001,
  })
})

describe('secrets', () => {
  const material = 'a1b2c3d4e5f60718'
  const kind: Kind<SecretBytes> = secret
  const holder = structure('KeyMaterial', { key: one('Key', kind) })
  const frame = encodeMessage(holder, { key: SecretBytes.from(fromHex(material)) })

  test('come out as secrets, in copies', () => {
    const buffer = Buffer.from(frame)
    const { key } = decodeMessage(holder, buffer)
    buffer.fill(0)
    expect(key.use(toHex)).toBe(material)
  })

  test('show neither in items nor in errors nor in dumps', () => {
    const tree = decodeItem(frame)
    const clear = Buffer.from(fromHex(material)).toString('latin1')
    const shown = [
      inspect(tree, { depth: 10 }),
      inspect(tree, { depth: 10, customInspect: false, showHidden: true }),
      JSON.stringify(tree),
      (tree as object as { toString(): string }).toString(),
      describeItem(tree, { values: 'plain' }),
      describeMessage(frame),
      describeMessage(frame, { values: 'plain' }),
    ].join('\n')
    expect(shown).not.toMatch(/a1.{0,2}b2|161, ?178/i)
    expect(shown).not.toContain(clear)
    expect(describeMessage(frame)).toBe('KeyMaterial Structure\n  Key ByteString(8)')
  })
})

test('a dump names operations and results when it may', () => {
  const message = item(tags.BatchItem, 'Structure', [
    item(tags.Operation, 'Enumeration', 10),
    item(tags.ResultReason, 'Enumeration', 0x777),
    item(tags.UniqueIdentifier, 'TextString', 'secret-id'),
    item(0x540001, 'Integer', 5),
    item(tags.BatchCount, 'Integer', 1),
  ])
  expect(describeItem(message, { values: 'plain' }).split('\n')).toEqual([
    'BatchItem Structure',
    '  Operation Enumeration = Get',
    '  ResultReason Enumeration = 0x777',
    '  UniqueIdentifier TextString(9)',
    '  0x540001 Integer',
    '  BatchCount Integer = 1',
  ])
})
