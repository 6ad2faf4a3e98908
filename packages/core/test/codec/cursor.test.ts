import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/bytes/index.js'
import {
  type Codec,
  decode,
  decodePrefix,
  encode,
  Reader,
  rest,
  struct,
  u8,
  u16,
  Writer,
} from '../../src/codec/index.js'
import { codeOf } from './expectations.js'

/** Wraps reading steps, so that their failures are seen as callers see them. */
const reading = (read: (reader: Reader) => unknown): Codec<unknown> => ({
  name: 'STEP',
  read,
  write: () => undefined,
})

describe('decodePrefix', () => {
  const pair = struct('PAIR', { a: u8, b: u16 })

  it('leaves what follows alone and tells the length', () => {
    expect(decodePrefix(pair, fromHex('01000299'))).toEqual({ value: { a: 1, b: 2 }, length: 3 })
    expect(decodePrefix(pair, fromHex('ffff01000299'), 2)).toEqual({ value: { a: 1, b: 2 }, length: 3 })
  })

  it('counts offsets in errors from the start of the bytes', () => {
    expect(() => decodePrefix(pair, fromHex('ffff0100'), 2)).toThrow(
      codeOf('CODEC_UNDERFLOW', { path: 'PAIR.b', offset: 3, needed: 2, available: 1 }),
    )
  })

  it.each([-1, 5, Number.NaN])('refuses to start at %d of 4', (start) => {
    expect(() => decodePrefix(pair, new Uint8Array(4), start)).toThrow(codeOf('ARGUMENT_INVALID'))
  })

  it('may start at the end', () => {
    expect(decodePrefix(rest, new Uint8Array(4), 4)).toEqual({ value: new Uint8Array(), length: 0 })
  })
})

describe('Reader', () => {
  it('reads a window of a larger memory', () => {
    const window = fromHex('aa0102bb').subarray(1, 3)
    expect(decode(u16, window)).toBe(0x0102)
  })

  it('keeps count, looks back and never leaves a part', () => {
    const reader = new Reader(fromHex('0102030405'))
    expect([reader.u8(), reader.offset, reader.remaining]).toEqual([1, 1, 4])
    const part = reader.part(2)
    expect([part.offset, part.remaining, reader.offset]).toEqual([1, 2, 3])
    expect(part.bytes(2)).toEqual(fromHex('0203'))
    expect(part.since(1)).toEqual(fromHex('0203'))
    expect(reader.since(0)).toEqual(fromHex('010203'))
    const beyond = reading((r) => r.part(2).u16() + r.part(1).u16())
    expect(() => decode(beyond, fromHex('010203'))).toThrow(
      codeOf('CODEC_UNDERFLOW', { offset: 2, available: 1 }),
    )
  })

  it('returns copies that the input does not change', () => {
    for (const input of [fromHex('0102'), Buffer.from('0102', 'hex')]) {
      const reader = new Reader(input)
      const [first, back] = [reader.bytes(2), reader.since(0)]
      input.fill(0xff)
      expect([first, back]).toEqual([fromHex('0102'), fromHex('0102')])
    }
  })

  it.each([-1, Number.NaN])('never goes back: a length of %d is refused', (length) => {
    for (const step of [(r: Reader) => r.bytes(length), (r: Reader) => r.part(length)]) {
      expect(() => decode(reading(step), new Uint8Array(4))).toThrow(
        codeOf('CODEC_VALUE', { offset: 0, expected: 'a length of 0 or more', actual: String(length) }),
      )
    }
  })

  it('refuses a range outside its bytes', () => {
    const ranges = [
      [-1, 2],
      [3, 2],
      [0, 5],
      [Number.NaN, 2],
    ] as const
    for (const [start, end] of ranges) {
      expect(() => new Reader(new Uint8Array(4), start, end)).toThrow(codeOf('ARGUMENT_INVALID'))
    }
  })

  it('carries what a codec of one’s own finds wrong', () => {
    const limit = reading((r) => r.exceed(5, 9, 2))
    expect(() => decode(limit, new Uint8Array(4))).toThrow(
      codeOf('CODEC_LIMIT', { path: 'STEP', offset: 2, limit: 5, actual: 9 }),
    )
  })
})

describe('Writer', () => {
  // The first block has 256 bytes: each width must grow it from every position around its end.
  const widths: readonly (readonly [string, number, (writer: Writer) => void])[] = [
    ['u8', 1, (w) => w.u8(0xab)],
    ['u16', 2, (w) => w.u16(0xabab)],
    ['u32', 4, (w) => w.u32(0xabababab)],
    ['u64', 8, (w) => w.u64(0xababababababababn)],
    ['bytes', 5, (w) => w.bytes(new Uint8Array(5).fill(0xab))],
  ]

  it.each(widths)('grows under %s', (_name, width, write) => {
    for (let before = 256 - width; before <= 257; before++) {
      const writer = new Writer()
      writer.bytes(new Uint8Array(before).fill(1))
      write(writer)
      const expected = new Uint8Array(before + width).fill(1)
      expected.fill(0xab, before)
      expect(writer.finish()).toEqual(expected)
      expect(writer.length).toBe(before + width)
    }
  })

  it('grows at once to what is far larger', () => {
    expect(encode(rest, new Uint8Array(100_000).fill(7))).toEqual(new Uint8Array(100_000).fill(7))
  })

  it('writes over what was written and nothing else', () => {
    const writer = new Writer()
    writer.u32(0)
    writer.patch(1, fromHex('aabb'))
    expect(writer.finish()).toEqual(fromHex('00aabb00'))
    for (const at of [-1, 3, 4, Number.NaN]) {
      expect(() => writer.patch(at, fromHex('ccdd'))).toThrow(codeOf('ARGUMENT_INVALID', { name: 'at' }))
    }
  })

  it('hands out a copy', () => {
    const writer = new Writer()
    writer.u8(1)
    const first = writer.finish()
    writer.patch(0, fromHex('02'))
    expect(first).toEqual(fromHex('01'))
  })
})
