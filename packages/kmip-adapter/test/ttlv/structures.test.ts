import { toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import {
  decodeItem,
  decodeMessage,
  encodeItem,
  encodeMessage,
  integer,
  item,
  many,
  maybe,
  one,
  structure,
  type TtlvItem,
  tags,
  text,
} from '../../src/ttlv/index.js'

const inner = structure('ProtocolVersion', {
  major: one('ProtocolVersionMajor', integer),
  minor: maybe('ProtocolVersionMinor', integer, { since: '1.2' }),
})
const outer = structure('BatchItem', {
  id: one('UniqueIdentifier', text),
  versions: many('ProtocolVersion', inner),
  old: maybe('TemplateAttribute', inner, { until: '1.4' }),
})

const id = item(tags.UniqueIdentifier, 'TextString', 'x')
const version = (major: number): TtlvItem =>
  item(tags.ProtocolVersion, 'Structure', [item(tags.ProtocolVersionMajor, 'Integer', major)])
const vendor = item(0x540001, 'TextString', 'vendor')
const frameOf = (...items: TtlvItem[]): Uint8Array => encodeItem(item(tags.BatchItem, 'Structure', items))

describe('reading', () => {
  test('takes fields in any order', () => {
    const expected = { id: 'x', versions: [{ major: 1 }, { major: 2 }] }
    expect(decodeMessage(outer, frameOf(id, version(1), version(2)))).toEqual(expected)
    expect(decodeMessage(outer, frameOf(version(1), id, version(2)))).toEqual(expected)
    expect(decodeMessage(outer, frameOf(version(1), version(2), id))).toEqual(expected)
  })

  test('keeps what it does not know, in its place', () => {
    const frame = frameOf(vendor, id, vendor, version(1), vendor, vendor)
    const value = decodeMessage(outer, frame)
    expect(value.id).toBe('x')
    expect(value.unknown?.map(({ position }) => position)).toEqual([0, 2, 4, 5])
    expect(toHex(encodeMessage(outer, value))).toBe(toHex(frame))
  })

  test('checks what it does not know', () => {
    const broken = frameOf(id, vendor)
    broken[8 + 16 + 3] = 12
    expect(() => decodeMessage(outer, broken)).toThrow(
      expect.objectContaining({
        code: 'CODEC_VALUE',
        context: expect.objectContaining({ path: 'BatchItem.0x540001', offset: 24 }),
      }),
    )
  })

  test('refuses a field that is missing, doubled or of another type', () => {
    const refused = (expected: string, path: string, frame: Uint8Array) =>
      expect(() => decodeMessage(outer, frame)).toThrow(
        expect.objectContaining({
          code: 'CODEC_VALUE',
          context: expect.objectContaining({ expected, path }),
        }),
      )
    refused('UniqueIdentifier', 'BatchItem', frameOf(version(1)))
    refused('one UniqueIdentifier', 'BatchItem.UniqueIdentifier[1]', frameOf(id, id))
    refused(
      'ProtocolVersionMajor',
      'BatchItem.ProtocolVersion[1]',
      frameOf(id, version(1), item(tags.ProtocolVersion, 'Structure', [])),
    )
    refused(
      'an item type that UniqueIdentifier can have',
      'BatchItem.UniqueIdentifier',
      frameOf(item(tags.UniqueIdentifier, 'Integer', 1)),
    )
    expect(() => decodeMessage(outer, encodeItem(id))).toThrow(
      expect.objectContaining({ code: 'CODEC_VALUE' }),
    )
    expect(() => decodeMessage(outer, encodeItem(item(tags.BatchItem, 'Integer', 1)))).toThrow(
      expect.objectContaining({ code: 'CODEC_VALUE' }),
    )
  })
})

describe('writing', () => {
  test('has the order of the schema', () => {
    const frame = encodeMessage(outer, { versions: [{ major: 1 }], id: 'x' })
    expect(toHex(frame)).toBe(toHex(frameOf(id, version(1))))
    const { value } = decodeItem(frame)
    expect((value as readonly TtlvItem[]).map(({ tag }) => tag)).toEqual([
      tags.UniqueIdentifier,
      tags.ProtocolVersion,
    ])
  })

  test('refuses fields that the version does not have', () => {
    const value = { id: 'x', versions: [{ major: 1 }, { major: 1, minor: 2 }] }
    expect(() => encodeMessage(outer, value, '1.1')).toThrow(
      expect.objectContaining({
        code: 'CODEC_RANGE',
        context: expect.objectContaining({ path: 'BatchItem.versions[1].minor' }),
      }),
    )
    for (const newer of ['1.2', '1.4', '2.0', undefined] as const) {
      expect(() => encodeMessage(outer, value, newer)).not.toThrow()
    }
    const old = { id: 'x', old: { major: 1 } }
    expect(() => encodeMessage(outer, old, '1.4')).not.toThrow()
    expect(() => encodeMessage(outer, old, '2.0')).toThrow(expect.objectContaining({ code: 'CODEC_RANGE' }))
  })

  test('refuses a value without a field that has to be there', () => {
    expect(() => encodeMessage(outer, {} as never)).toThrow(
      expect.objectContaining({
        code: 'CODEC_RANGE',
        context: expect.objectContaining({ path: 'BatchItem.id' }),
      }),
    )
  })
})
