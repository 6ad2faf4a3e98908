import { describe, expect, expectTypeOf, it } from 'vitest'
import { fromHex } from '../../src/bytes/index.js'
import {
  type Codec,
  decode,
  encode,
  enumOf,
  type Infer,
  listOf,
  refine,
  sized,
  sizedBytes,
  struct,
  u8,
  u16,
  u32,
  variant,
} from '../../src/codec/index.js'
import { bothWays, codeOf } from './expectations.js'

const point = struct('POINT', { x: sizedBytes(u8, 4), y: u16 })

describe('struct', () => {
  bothWays(point, [[{ x: fromHex('aa'), y: 5 }, '01aa0005']])

  it('names the field and the offset of what is wrong, however deep', () => {
    const outer = struct('OUTER', { head: u32, points: listOf(u8, sized(u8, point, 20), 5) })
    const start = '0000000002' + '0401aa0005'
    expect(() => decode(outer, fromHex(`${start}0401`))).toThrow(
      codeOf('CODEC_UNDERFLOW', { path: 'OUTER.points[1]', offset: 11, needed: 4, available: 1 }),
    )
    expect(() => decode(outer, fromHex(`${start}0405aa0005`))).toThrow(
      codeOf('CODEC_LIMIT', { path: 'OUTER.points[1].x', offset: 11, limit: 4, actual: 5 }),
    )
    expect(() => decode(outer, fromHex(`${start}0402aa0005`))).toThrow(
      codeOf('CODEC_UNDERFLOW', { path: 'OUTER.points[1].y', offset: 14, needed: 2, available: 1 }),
    )
    const bad = { head: 1, points: [{ x: fromHex('aa'), y: 70_000 }] }
    expect(() => encode(outer, bad)).toThrow(codeOf('CODEC_RANGE', { path: 'OUTER.points[0].y' }))
  })

  it('lets errors of other kinds through as they are', () => {
    const broken: Codec<never> = {
      name: 'broken',
      read: () => {
        throw new TypeError('a defect')
      },
      write: () => {
        throw new TypeError('a defect')
      },
    }
    const around = struct('AROUND', { broken })
    expect(() => decode(around, new Uint8Array(1))).toThrow(new TypeError('a defect'))
    expect(() => encode(around, { broken: undefined as never })).toThrow(new TypeError('a defect'))
  })

  it('has the values of its fields as its type', () => {
    expectTypeOf<Infer<typeof point>>().toEqualTypeOf<{ readonly x: Uint8Array; readonly y: number }>()
  })
})

describe('variant', () => {
  const kind = enumOf('KIND', u16, { rsa: 1, ecc: 2, symmetric: 3 })
  const key = variant('KEY', { version: u8, kind, flags: u8 }, 'kind', {
    rsa: { bits: u16, exponent: u32 },
    ecc: { curve: u16 },
  })

  bothWays(key, [
    [
      { version: 1, kind: 'rsa', flags: 9, bits: 2048, exponent: 0 },
      '0100010908000000 0000'.replace(' ', ''),
    ],
    [{ version: 1, kind: 'ecc', flags: 9, curve: 3 }, '010002090003'],
  ])

  it('narrows on the selector', () => {
    expectTypeOf<Infer<typeof key>>().toExtend<{ kind: 'rsa' | 'ecc' }>()
    const value = decode(key, fromHex('010002090003'))
    if (value.kind === 'ecc') expectTypeOf(value.curve).toEqualTypeOf<number>()
    if (value.kind === 'rsa') expectTypeOf(value.exponent).toEqualTypeOf<number>()
    // @ts-expect-error belongs to the other arm until it is narrowed
    expect(value.exponent).toBeUndefined()
    // @ts-expect-error an arm's field is missing
    expect(() => encode(key, { version: 1, kind: 'ecc', flags: 0 })).toThrow(codeOf('CODEC_RANGE'))
    // @ts-expect-error the selector has no such value
    variant('X', { kind }, 'kind', { dsa: {} })
    // @ts-expect-error arms are chosen by name, never by number
    variant('X', { n: u8 }, 'n', { 1: {} })
    // @ts-expect-error the selector is no field
    variant('X', { kind }, 'none', { rsa: {} })
  })

  it('refuses a selector without an arm at the place of the selector, both ways', () => {
    expect(() => decode(key, fromHex('0100030900'))).toThrow(
      codeOf('CODEC_VALUE', {
        path: 'KEY.kind',
        offset: 1,
        expected: 'one of rsa, ecc',
        actual: 'symmetric',
      }),
    )
    const value = { version: 1, kind: 'symmetric', flags: 0 } as unknown as Infer<typeof key>
    expect(() => encode(key, value)).toThrow(codeOf('CODEC_RANGE', { path: 'KEY.kind', actual: 'symmetric' }))
  })

  it('names fields of the head and of the arm', () => {
    expect(() => decode(key, fromHex('010009'))).toThrow(
      codeOf('CODEC_VALUE', { path: 'KEY.kind', offset: 1 }),
    )
    expect(() => decode(key, fromHex('01000209ff'))).toThrow(
      codeOf('CODEC_UNDERFLOW', { path: 'KEY.curve', offset: 4 }),
    )
  })

  it('finds no arm in what every object inherits', () => {
    const open = enumOf('OPEN', u8, { constructor: 1, toString: 2 })
    const none = variant('NONE', { kind: open }, 'kind', {})
    expect(() => decode(none, fromHex('01'))).toThrow(codeOf('CODEC_VALUE', { actual: 'constructor' }))
  })
})

describe('refine', () => {
  const even = refine(u16, (value) => (value % 2 === 0 ? undefined : 'an even number'))
  bothWays(even, [[4, '0004']])

  it('refuses what does not meet the condition, both ways', () => {
    const inside = struct('S', { skip: u8, even })
    expect(() => decode(inside, fromHex('000003'))).toThrow(
      codeOf('CODEC_VALUE', { path: 'S.even', offset: 1, expected: 'an even number', actual: '3' }),
    )
    expect(() => encode(inside, { skip: 0, even: 5 })).toThrow(
      codeOf('CODEC_RANGE', { path: 'S.even', expected: 'an even number', actual: '5' }),
    )
  })

  it('does not put bytes into the error', () => {
    const short = refine(sizedBytes(u8, 10), () => 'something else')
    expect(() => decode(short, fromHex('02c0ff'))).toThrow(
      codeOf('CODEC_VALUE', { actual: 'a value that does not meet it' }),
    )
  })
})
