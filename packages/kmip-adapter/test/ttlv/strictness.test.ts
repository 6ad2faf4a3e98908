import { fromHex, toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { requestMessage } from '../../src/messages/index.js'
import {
  dateTime,
  decodeItem,
  decodeItems,
  decodeMessage,
  encodeItem,
  encodeMessage,
  integer,
  interval,
  item,
  longInteger,
  many,
  maybe,
  one,
  type Strictness,
  structure,
  type TtlvItem,
  taggedList,
  tags,
  text,
} from '../../src/ttlv/index.js'
import { recordedByVersion } from '../recordings.js'

const levels: readonly Strictness[] = ['strict', 'tolerant', 'lenient']

/** The levels that take some bytes. */
const takenBy = (read: (strictness: Strictness) => unknown): readonly Strictness[] =>
  levels.filter((strictness) => {
    try {
      read(strictness)
      return true
    } catch (error) {
      expect(error).toMatchObject({ code: 'CODEC_VALUE' })
      return false
    }
  })

describe('items', () => {
  test.each([
    ['padding that is not zero', '42002002000000040000000800000001', ['lenient'], 8],
    ['padding of a text', '420020070000000141ff000000000000', ['lenient'], 'A'],
    ['a Boolean of 2', '42002006000000080000000000000002', ['lenient'], true],
    ['a Boolean in its upper half', '42002006000000080100000000000000', ['lenient'], true],
    ['text in Latin-1', '4200200700000002c328000000000000', ['lenient'], '\ufffd('],
    ['an empty big integer', '4200200400000000', ['lenient'], { number: 0n, width: 8 }],
    [
      'a big integer of 3 bytes',
      '4200200400000003ff00010000000000',
      ['lenient'],
      { number: -65_535n, width: 8 },
    ],
    [
      'a big integer of 9 bytes',
      `4200200400000009010000000000000000${'00'.repeat(7)}`,
      ['lenient'],
      { number: 2n ** 64n, width: 16 },
    ],
    [
      'a big integer of more words than it needs',
      '420020040000001000000000000000007fffffffffffffff',
      ['tolerant', 'lenient'],
      { number: 2n ** 63n - 1n, width: 16 },
    ],
    [
      'a negative one of more words than it needs',
      '4200200400000010ffffffffffffffff8000000000000000',
      ['tolerant', 'lenient'],
      { number: -(2n ** 63n), width: 16 },
    ],
    [
      'a big integer that needs its words',
      '420020040000001000000000000000008000000000000000',
      levels,
      { number: 2n ** 63n, width: 16 },
    ],
    [
      'a negative one that needs them',
      '4200200400000010ffffffffffffffff7fffffffffffffff',
      levels,
      { number: -(2n ** 63n) - 1n, width: 16 },
    ],
    ['zero', '42002004000000080000000000000000', levels, { number: 0n, width: 8 }],
    ['a tag of an extension', '54000102000000040000000800000000', levels, 8],
    ['a tag of nobody', '43000102000000040000000800000000', ['tolerant', 'lenient'], 8],
  ] as const)('%s', (_, hex, taken, value) => {
    expect(takenBy((strictness) => decodeItem(fromHex(hex), { strictness }))).toEqual(taken)
    const read = decodeItem(fromHex(hex), { strictness: 'lenient' })
    expect(read.value).toEqual(value)
    // What is written is as the specification has it, and gives the same value.
    expect(decodeItem(encodeItem(read)).value).toEqual(value)
  })

  test.each([
    ['an Integer of 8 bytes', '42002002000000080000000000000008'],
    ['a Structure of 4 bytes', '42002001000000044200040500000000'],
    ['type 12', '4200200c00000000'],
  ])('%s is refused by all', (_, hex) => {
    expect(takenBy((strictness) => decodeItem(fromHex(hex), { strictness }))).toEqual([])
  })

  test('single allowances go before the level', () => {
    const padded = fromHex('42002002000000040000000800000001')
    const two = fromHex('42002006000000080000000000000002')
    expect(decodeItem(padded, { strictness: 'strict', acceptPadding: true }).value).toBe(8)
    expect(decodeItem(two, { strictness: 'strict', acceptBooleans: true }).value).toBe(true)
    expect(() => decodeItem(padded, { strictness: 'lenient', acceptPadding: false })).toThrow()
    expect(() => decodeItem(two, { strictness: 'lenient', acceptBooleans: false })).toThrow()
  })

  test('a level that there is not', () => {
    expect(() => decodeItem(fromHex('4200200100000000'), { strictness: 'lax' as Strictness })).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
    )
  })
})

describe('structures', () => {
  const payload = structure('RequestPayload', {
    id: one('UniqueIdentifier', text),
    names: many('Name', text),
    items: maybe('MaximumItems', integer),
    lease: maybe('LeaseTime', interval),
    stamp: maybe('TimeStamp', dateTime),
    total: maybe('UsageLimitsTotal', longInteger),
  })
  const id = item(tags.UniqueIdentifier, 'TextString', 'x')
  const name = item(tags.Name, 'TextString', 'y')
  const most = item(tags.MaximumItems, 'Integer', 1)
  const vendor = item(0x54_0001, 'Integer', 1)
  const taken = (...items: TtlvItem[]) => {
    const frame = encodeItem(item(tags.RequestPayload, 'Structure', items))
    return takenBy((strictness) => decodeMessage(payload, frame, { strictness }))
  }

  test('in order', () => expect(taken(id, name, name, most)).toEqual(levels))
  test('the last field first', () => expect(taken(most, id)).toEqual(['tolerant', 'lenient']))
  test('fields of one name apart', () => expect(taken(id, name, most, name)).toEqual(['tolerant', 'lenient']))
  test('what is not known', () => expect(taken(id, vendor)).toEqual(['tolerant', 'lenient']))
  test('what is not known, first', () => expect(taken(vendor, id)).toEqual(['tolerant', 'lenient']))
  test('a field twice', () => expect(taken(id, id)).toEqual([]))
  test('a field missing', () => expect(taken(name)).toEqual([]))

  test.each([
    ['an Integer for an Interval', item(tags.LeaseTime, 'Integer', 5), { lease: 5 }],
    ['an Interval for an Integer', item(tags.MaximumItems, 'Interval', 5), { items: 5 }],
    ['a Long Integer for a date', item(tags.TimeStamp, 'LongInteger', 5n), { stamp: 5n }],
    ['a date for a Long Integer', item(tags.UsageLimitsTotal, 'DateTime', 5n), { total: 5n }],
  ])('%s', (_, like, value) => {
    expect(taken(id, like)).toEqual(['lenient'])
    const frame = encodeItem(item(tags.RequestPayload, 'Structure', [id, like]))
    expect(decodeMessage(payload, frame, { strictness: 'lenient' })).toEqual({ id: 'x', ...value })
  })

  test.each([
    ['an Enumeration for an Integer', item(tags.MaximumItems, 'Enumeration', 5)],
    ['a text for an Integer', item(tags.MaximumItems, 'TextString', '5')],
    ['bytes for a text', item(tags.Name, 'ByteString', new Uint8Array(2))],
  ])('%s is refused by all', (_, other) => {
    expect(taken(id, other)).toEqual([])
  })

  test('what a list of tags does not know', () => {
    const list = structure('RequestPayload', { attributes: maybe('Attributes', taggedList({ Name: text })) })
    const frame = (...items: TtlvItem[]) =>
      encodeItem(item(tags.RequestPayload, 'Structure', [item(tags.Attributes, 'Structure', items)]))
    const read = (bytes: Uint8Array) => takenBy((strictness) => decodeMessage(list, bytes, { strictness }))
    expect(read(frame(name, name))).toEqual(levels)
    expect(read(frame(name, vendor))).toEqual(['tolerant', 'lenient'])
  })

  test('more fields than a structure can have', () => {
    const fields = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, maybe('Name', text)]))
    expect(() => structure('Name', fields(31))).not.toThrow()
    expect(() => structure('Name', fields(32))).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })
})

test.each(Object.entries(recordedByVersion))(
  'requests of a client of %s are as the specification has them',
  (_, pairs) => {
    for (const { request } of Object.values(pairs)) {
      const read = decodeMessage(requestMessage, fromHex(request), { strictness: 'lenient' })
      expect(toHex(encodeMessage(requestMessage, read))).toBe(request)
      expect(toHex(encodeItem(decodeItem(fromHex(request), { strictness: 'strict' })))).toBe(request)
    }
  },
)

describe('items one after the other', () => {
  const one16 = '42002002000000040000000800000000'

  test('are read as many as there are', () => {
    const items = decodeItems(fromHex(`${one16}4200200700000000${one16}`))
    expect(items.map(({ value }) => value)).toEqual([8, '', 8])
  })

  test('are at least one', () => {
    expect(() => decodeItems(new Uint8Array())).toThrow(expect.objectContaining({ code: 'CODEC_UNDERFLOW' }))
  })

  test('and what is wrong is found in all of them', () => {
    const bytes = fromHex(`${one16}42007801000000184200770100000010${one16.replace('02000000', '0c000000')}`)
    expect(() => decodeItems(bytes)).toThrow(
      expect.objectContaining({
        code: 'CODEC_VALUE',
        context: expect.objectContaining({
          path: 'RequestMessage.RequestHeader.CompromiseDate',
          offset: 32,
        }),
      }),
    )
    expect(() => decodeItems(fromHex(`${one16}${one16}00`))).toThrow(
      expect.objectContaining({ code: 'CODEC_UNDERFLOW', context: expect.objectContaining({ offset: 32 }) }),
    )
    expect(() => decodeItems(fromHex(one16 + one16), { maxItems: 1 })).toThrow(
      expect.objectContaining({
        code: 'CODEC_LIMIT',
        context: expect.objectContaining({ path: 'CompromiseDate[1]' }),
      }),
    )
  })
})
