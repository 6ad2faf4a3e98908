import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.js'
import {
  type Codec,
  constant,
  decode,
  encode,
  enumOf,
  flags,
  type Infer,
  u8,
  u16,
  u16le,
  u32,
  u32le,
  u64,
  u64le,
  yesNo,
} from '../../src/codec/index.js'
import { bothWays, codeOf } from './expectations.js'

describe('integers', () => {
  bothWays(u8, [
    [0, '00'],
    [0xff, 'ff'],
  ])
  bothWays(u16, [
    [0x0102, '0102'],
    [0xffff, 'ffff'],
  ])
  bothWays(u16le, [[0x0102, '0201']])
  bothWays(u32, [
    [0x01020304, '01020304'],
    [0xffff_ffff, 'ffffffff'],
  ])
  bothWays(u32le, [[0x01020304, '04030201']])
  bothWays(u64, [
    [0x0102030405060708n, '0102030405060708'],
    [2n ** 64n - 1n, 'ffffffffffffffff'],
    [2n ** 53n + 1n, '0020000000000001'],
  ])
  bothWays(u64le, [[0x0102030405060708n, '0807060504030201']])

  const outside: readonly (readonly [Codec<number>, number])[] = [
    [u8, 256],
    [u16, 65_536],
    [u16le, 65_536],
    [u32, 2 ** 32],
    [u32le, 2 ** 32],
  ]

  it.each(outside)('%o refuses %d, negative and broken numbers', (codec, above) => {
    for (const value of [above, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => encode(codec, value)).toThrow(
        codeOf('CODEC_RANGE', { path: codec.name, actual: String(value) }),
      )
    }
  })

  it.each([u64, u64le])('%o refuses what is no unsigned 64-bit integer', (codec) => {
    for (const value of [2n ** 64n, -1n, 5 as unknown as bigint]) {
      expect(() => encode(codec, value)).toThrow(codeOf('CODEC_RANGE', { actual: String(value) }))
    }
  })

  it('reads back every integer that it writes', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.bigInt(0n, 2n ** 64n - 1n),
        (a, b, c) => {
          for (const codec of [u16, u16le]) expect(decode(codec, encode(codec, a))).toBe(a)
          for (const codec of [u32, u32le]) expect(decode(codec, encode(codec, b))).toBe(b)
          for (const codec of [u64, u64le]) expect(decode(codec, encode(codec, c))).toBe(c)
        },
      ),
    )
  })
})

describe('yesNo', () => {
  bothWays(yesNo, [
    [false, '00'],
    [true, '01'],
  ])

  it('refuses every other byte', () => {
    for (let value = 2; value < 256; value++) {
      const error = codeOf('CODEC_VALUE', { offset: 0, expected: '0 or 1', actual: String(value) })
      expect(() => decode(yesNo, Uint8Array.of(value))).toThrow(error)
    }
  })
})

describe('constant', () => {
  const magic = constant(u32, 0xff544347)
  bothWays(magic, [[0xff544347, 'ff544347']])

  it('refuses another number, both ways', () => {
    expect(() => decode(magic, fromHex('ff544348'))).toThrow(
      codeOf('CODEC_VALUE', { offset: 0, expected: '0xff544347', actual: '0xff544348' }),
    )
    expect(() => encode(magic, 1 as 0xff544347)).toThrow(codeOf('CODEC_RANGE', { expected: '0xff544347' }))
  })

  it('has the number as its type', () => {
    expectTypeOf<Infer<typeof magic>>().toEqualTypeOf<0xff544347>()
  })
})

describe('enumOf', () => {
  const hash = enumOf('TPMI_ALG_HASH', u16, { sha1: 0x0004, sha256: 0x000b, null: 0x0010 })
  bothWays(hash, [
    ['sha1', '0004'],
    ['sha256', '000b'],
    ['null', '0010'],
  ])

  it('refuses a value without a name, and a name without a value', () => {
    expect(() => decode(hash, fromHex('000c'))).toThrow(
      codeOf('CODEC_VALUE', { offset: 0, expected: 'a value of TPMI_ALG_HASH', actual: '0xc' }),
    )
    for (const name of ['sha512', 'toString', '__proto__', '']) {
      expect(() => encode(hash, name as 'sha1')).toThrow(codeOf('CODEC_RANGE', { actual: name }))
    }
  })

  it('has the names as its type', () => {
    expectTypeOf<Infer<typeof hash>>().toEqualTypeOf<'sha1' | 'sha256' | 'null'>()
  })
})

describe('flags', () => {
  const attributes = flags('TPMA_TEST', u32, { fixedTPM: 1, stClear: 2, sign: 18, top: 31 })
  const none = { fixedTPM: false, stClear: false, sign: false, top: false }
  bothWays(attributes, [
    [none, '00000000'],
    [{ ...none, fixedTPM: true, sign: true }, '00040002'],
    [{ ...none, top: true }, '80000000'],
    [{ fixedTPM: true, stClear: true, sign: true, top: true }, '80040006'],
  ])

  it('refuses every reserved bit', () => {
    const named = [1, 2, 18, 31]
    for (let bit = 0; bit < 32; bit++) {
      if (named.includes(bit)) continue
      const value = (2 ** bit + 2) >>> 0
      expect(() => decode(attributes, encode(u32, value)), `bit ${bit}`).toThrow(
        codeOf('CODEC_VALUE', { offset: 0, actual: `0x${(2 ** bit).toString(16)}` }),
      )
    }
  })

  it('writes a bit once that has two names', () => {
    const twice = flags('TWICE', u8, { one: 0, alsoOne: 0 })
    expect(toHex(encode(twice, { one: true, alsoOne: true }))).toBe('01')
    expect(() => decode(twice, fromHex('02'))).toThrow(codeOf('CODEC_VALUE'))
  })

  it('refuses a bit that its number has no room for', () => {
    const wide = flags('WIDE', u8, { ninth: 8 })
    expect(() => encode(wide, { ninth: true })).toThrow(codeOf('CODEC_RANGE'))
  })

  it('has a truth value for each name as its type', () => {
    expectTypeOf<Infer<typeof attributes>>().toEqualTypeOf<{
      readonly fixedTPM: boolean
      readonly stClear: boolean
      readonly sign: boolean
      readonly top: boolean
    }>()
  })

  it('reads and writes any combination', () => {
    fc.assert(
      fc.property(
        fc.record({ fixedTPM: fc.boolean(), stClear: fc.boolean(), sign: fc.boolean(), top: fc.boolean() }),
        (value) => {
          expect(decode(attributes, encode(attributes, value))).toEqual(value)
        },
      ),
    )
  })
})
