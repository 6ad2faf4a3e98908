import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/bytes/index.js'
import {
  bytesOf,
  decode,
  encode,
  type Infer,
  listOf,
  rest,
  sized,
  sizedBytes,
  struct,
  u8,
  u16,
  u32,
} from '../../src/codec/index.js'
import { bothWays, codeOf } from './expectations.js'

describe('bytesOf', () => {
  bothWays(bytesOf(3), [[fromHex('010203'), '010203']])
  bothWays(bytesOf(0), [[fromHex(''), '']])

  it('writes exactly its length', () => {
    for (const hex of ['0102', '01020304', '']) {
      expect(() => encode(bytesOf(3), fromHex(hex))).toThrow(
        codeOf('CODEC_RANGE', { expected: '3 bytes', actual: `${hex.length / 2} bytes` }),
      )
    }
  })
})

describe('rest', () => {
  it('takes what there is, in both directions', () => {
    for (const hex of ['', '01', '010203']) {
      expect(decode(rest, fromHex(hex))).toEqual(fromHex(hex))
      expect(encode(rest, fromHex(hex))).toEqual(fromHex(hex))
    }
  })

  it('ends with the structure around it', () => {
    const framed = struct('FRAMED', { inner: sized(u8, struct('INNER', { tail: rest }), 10), after: u8 })
    expect(decode(framed, fromHex('02aabb07'))).toEqual({ inner: { tail: fromHex('aabb') }, after: 7 })
  })
})

describe('sizedBytes', () => {
  const digest = sizedBytes(u16, 4)
  bothWays(digest, [
    [fromHex(''), '0000'],
    [fromHex('01020304'), '000401020304'],
  ])

  it('refuses a length above the limit before it reads on', () => {
    expect(() => decode(digest, fromHex('0005'))).toThrow(
      codeOf('CODEC_LIMIT', { path: 'bytes', offset: 0, limit: 4, actual: 5 }),
    )
    expect(() => decode(digest, fromHex('ffff'))).toThrow(codeOf('CODEC_LIMIT', { actual: 65_535 }))
    expect(() => encode(digest, new Uint8Array(5))).toThrow(codeOf('CODEC_RANGE', { actual: '5 bytes' }))
  })

  it('says how many bytes are missing', () => {
    expect(() => decode(digest, fromHex('000401'))).toThrow(
      codeOf('CODEC_UNDERFLOW', { offset: 2, needed: 4, available: 1 }),
    )
  })

  it('refuses a length that its number has no room for', () => {
    expect(() => encode(sizedBytes(u8, 1000), new Uint8Array(256))).toThrow(codeOf('CODEC_RANGE'))
  })

  it('returns copies, also from a Buffer', () => {
    for (const input of [fromHex('0002aabb'), Buffer.from('0002aabb', 'hex')]) {
      const value = decode(digest, input)
      input.fill(0)
      expect(value).toEqual(fromHex('aabb'))
      expect(value.constructor).toBe(Uint8Array)
    }
  })
})

describe('sized', () => {
  const boxed = sized(u16, struct('BOXED', { a: u8, b: u16 }), 8)
  bothWays(boxed, [[{ a: 1, b: 0x0203 }, '0003010203']])

  it('refuses a length that the content does not fill', () => {
    expect(() => decode(boxed, fromHex('000401020399'))).toThrow(
      codeOf('CODEC_TRAILING', { path: 'BOXED', offset: 5, trailing: 1 }),
    )
  })

  it('refuses content that does not fit into the length, even when bytes follow', () => {
    expect(() => decode(boxed, fromHex('0002010203'))).toThrow(
      codeOf('CODEC_UNDERFLOW', { path: 'BOXED.b', offset: 3, needed: 2, available: 1 }),
    )
  })

  it('bounds the length, both ways', () => {
    expect(() => decode(boxed, fromHex('0009010203'))).toThrow(codeOf('CODEC_LIMIT', { limit: 8, actual: 9 }))
    expect(() => encode(sized(u16, rest, 8), new Uint8Array(9))).toThrow(
      codeOf('CODEC_RANGE', { expected: 'at most 8 bytes', actual: '9 bytes' }),
    )
    expect(() => encode(sized(u8, rest, 1000), new Uint8Array(256))).toThrow(codeOf('CODEC_RANGE'))
  })

  it('nests', () => {
    const nested = sized(u32, sized(u16, sized(u8, rest, 255), 300), 400)
    const bytes = fromHex('00000005000302aabb')
    expect(decode(nested, bytes)).toEqual(fromHex('aabb'))
    expect(encode(nested, fromHex('aabb'))).toEqual(bytes)
  })
})

describe('listOf', () => {
  const numbers = listOf(u16, u16, 3)
  bothWays(numbers, [
    [[], '0000'],
    [[1, 2], '000200010002'],
  ])

  it('bounds the count before it reads a value, and when it writes', () => {
    expect(() => decode(numbers, fromHex('0004'))).toThrow(
      codeOf('CODEC_LIMIT', { path: 'u16[]', offset: 0, limit: 3, actual: 4 }),
    )
    expect(() => encode(numbers, [1, 2, 3, 4])).toThrow(codeOf('CODEC_RANGE', { actual: '4 values' }))
  })

  it('names the element that fails', () => {
    expect(() => decode(numbers, fromHex('0002000100'))).toThrow(
      codeOf('CODEC_UNDERFLOW', { path: 'u16[][1]', offset: 4, needed: 2, available: 1 }),
    )
    expect(() => encode(numbers, [1, -1])).toThrow(codeOf('CODEC_RANGE', { path: 'u16[][1]' }))
  })
})

describe('any bytes', () => {
  const record = struct('RECORD', {
    name: sizedBytes(u8, 200),
    items: listOf(u8, sized(u8, struct('ITEM', { kind: u16, data: rest }), 100), 50),
  })
  const values = fc.record({
    name: fc.uint8Array({ maxLength: 200 }),
    items: fc.array(fc.record({ kind: fc.nat(0xffff), data: fc.uint8Array({ maxLength: 98 }) }), {
      maxLength: 50,
    }),
  })

  it('read back as they were written', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(record, encode(record, value))).toEqual(value)
      }),
    )
  })

  it('are written back as they were read, or refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        let value: Infer<typeof record>
        try {
          value = decode(record, bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^CODEC_/) as string })
          return
        }
        expect(encode(record, value)).toEqual(bytes)
      }),
      { numRuns: 1000 },
    )
  })

  it('are refused when cut anywhere', () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const bytes = encode(record, value)
        const part = bytes.subarray(0, cut % bytes.length)
        expect(() => decode(record, part)).toThrow(codeOf('CODEC_UNDERFLOW'))
      }),
    )
  })
})
