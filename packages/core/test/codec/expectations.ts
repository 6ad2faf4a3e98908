import { expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.js'
import { type Codec, decode, encode } from '../../src/codec/index.js'

/** Checks each value against its hex in both directions, and that no part of the bytes is enough. */
export function bothWays<T>(codec: Codec<T>, table: readonly (readonly [value: T, hex: string])[]): void {
  it.each(table)(`${codec.name}: %o is %s`, (value, hex) => {
    expect(toHex(encode(codec, value))).toBe(hex)
    expect(decode(codec, fromHex(hex))).toEqual(value)
  })

  it.each(table)(`${codec.name}: %o is refused when cut short or followed by more`, (_value, hex) => {
    const bytes = fromHex(hex)
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decode(codec, bytes.subarray(0, length)), `${length} bytes`).toThrow(
        codeOf('CODEC_UNDERFLOW'),
      )
    }
    expect(() => decode(codec, fromHex(`${hex}00`))).toThrow(
      codeOf('CODEC_TRAILING', { offset: bytes.length, trailing: 1 }),
    )
  })
}

/** An error of this code whose context has at least these members. */
export function codeOf(code: string, context: Record<string, unknown> = {}): unknown {
  return expect.objectContaining({ code, context: expect.objectContaining(context) as unknown })
}
