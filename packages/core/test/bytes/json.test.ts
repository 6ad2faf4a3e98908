import { describe, expect, test } from 'vitest'
import { SecretBytes, toJson } from '../../src/bytes/index.js'

describe('toJson', () => {
  test.each<[unknown, unknown]>([
    [null, null],
    [undefined, null],
    [true, true],
    ['text', 'text'],
    [1.5, 1.5],
    [Number.NaN, 'NaN'],
    [0xffff_ffff_ffff_ffffn, '18446744073709551615'],
    [Uint8Array.of(0, 0xab), '00ab'],
    [Buffer.from([0, 0xab]), '00ab'],
    [new Uint8Array(0), ''],
    [
      [1n, [Uint8Array.of(1)]],
      ['1', ['01']],
    ],
    [
      { a: { b: 2n }, c: undefined, d: [undefined] },
      { a: { b: '2' }, d: [null] },
    ],
    [
      new Map<unknown, unknown>([
        ['sha256', Uint8Array.of(1)],
        [7, undefined],
      ]),
      { sha256: '01' },
    ],
    [new Set([1n, 'x']), ['1', 'x']],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [() => 1, null],
  ])('%o', (value, json) => {
    expect(toJson(value)).toEqual(json)
    expect(JSON.parse(JSON.stringify(toJson(value)))).toEqual(json)
  })

  test('T-46: does not show a secret', () => {
    expect(toJson({ key: SecretBytes.from(Uint8Array.of(1, 2, 3)) })).toEqual({ key: '<redacted>' })
  })

  test('makes nothing but data of a field named __proto__', () => {
    const value = JSON.parse('{"__proto__": {"admin": true}}') as object
    const json = toJson(value) as Record<string, unknown>
    expect(Object.keys(json)).toEqual(['__proto__'])
    expect(json['admin']).toBeUndefined()
  })
})
