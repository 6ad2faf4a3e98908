import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64, fromBase64url, fromHex, toBase64, toBase64url, toHex } from '../../src/bytes/index.js'

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values)

// RFC 4648 section 10, and the two characters that the alphabets do not share.
const table = [
  { bytes: bytesOf(), hex: '', base64: '', base64url: '' },
  { bytes: bytesOf(0x66), hex: '66', base64: 'Zg==', base64url: 'Zg' },
  { bytes: bytesOf(0x66, 0x6f), hex: '666f', base64: 'Zm8=', base64url: 'Zm8' },
  { bytes: bytesOf(0x66, 0x6f, 0x6f), hex: '666f6f', base64: 'Zm9v', base64url: 'Zm9v' },
  { bytes: bytesOf(0xfb, 0xff, 0xfe), hex: 'fbfffe', base64: '+//+', base64url: '-__-' },
]

describe('the encodings', () => {
  it.each(table)('$hex both ways', ({ bytes, hex, base64, base64url }) => {
    expect([toHex(bytes), toBase64(bytes), toBase64url(bytes)]).toEqual([hex, base64, base64url])
    expect([fromHex(hex), fromBase64(base64), fromBase64url(base64url)]).toEqual([bytes, bytes, bytes])
  })

  it('reads upper-case hexadecimal and writes lower-case', () => {
    expect(toHex(fromHex('ABcdEF'))).toBe('abcdef')
  })

  it('gives plain arrays that own their memory', () => {
    for (const bytes of [fromHex('0102'), fromBase64('AQI='), fromBase64url('AQI')]) {
      expect(bytes.constructor).toBe(Uint8Array)
      expect(bytes.buffer.byteLength).toBe(2)
    }
  })

  it('encodes a window of a larger array only', () => {
    const window = bytesOf(1, 2, 3, 4).subarray(1, 3)
    expect([toHex(window), toBase64(window), toBase64url(window)]).toEqual(['0203', 'AgM=', 'AgM'])
  })

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes)
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes)
      }),
    )
  })

  it('accepts only texts that it would write: one value has one text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'AQgZm8v+/-_= \n'), maxLength: 9 }), (text) => {
        for (const [from, to] of [[fromBase64, toBase64] as const, [fromBase64url, toBase64url] as const]) {
          let bytes: Uint8Array
          try {
            bytes = from(text)
          } catch {
            continue
          }
          expect(to(bytes)).toBe(text)
        }
      }),
    )
  })
})

describe('what is refused, and where', () => {
  const refused = [
    [fromHex, 'hex', 'abc', 3],
    [fromHex, 'hex', '0g', 1],
    [fromHex, 'hex', '0x01', 1],
    [fromHex, 'hex', 'ab cd', 2],
    [fromHex, 'hex', ' ab', 0],
    [fromHex, 'hex', '０１', 0],
    [fromBase64, 'base64', 'Zg', 2],
    [fromBase64, 'base64', 'Zg=', 3],
    [fromBase64, 'base64', 'Zg===', 4],
    [fromBase64, 'base64', 'Zh==', 1],
    [fromBase64, 'base64', '-__-', 0],
    [fromBase64, 'base64', 'Zm9v\n', 4],
    [fromBase64, 'base64', 'Zm 9v', 2],
    [fromBase64url, 'base64url', 'Zg==', 2],
    [fromBase64url, 'base64url', 'Zh', 1],
    [fromBase64url, 'base64url', '+//+', 0],
    [fromBase64url, 'base64url', 'Z', 0],
    [fromBase64url, 'base64url', 'Zm9v.', 4],
  ] as const

  it.each(refused)('%o: %s %j at %i', (from, encoding, text, position) => {
    expect(() => from(text)).toThrow(
      expect.objectContaining({
        code: 'BYTES_ENCODING',
        context: { encoding, position, length: text.length },
      }),
    )
  })
})
