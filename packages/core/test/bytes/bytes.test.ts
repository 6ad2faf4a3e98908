import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, constantTimeEqual, equalBytes, fromHex, utf8 } from '../../src/bytes/index.js'

describe('concatBytes', () => {
  it('joins any number of parts into an array of its own', () => {
    expect(concatBytes()).toEqual(new Uint8Array())
    const part = fromHex('0102')
    const joined = concatBytes(part, fromHex(''), fromHex('03'))
    expect(joined).toEqual(fromHex('010203'))
    part[0] = 0xff
    expect(joined[0]).toBe(1)
    expect(concatBytes(Buffer.from([1])).constructor).toBe(Uint8Array)
  })
})

describe.each([
  ['constantTimeEqual', constantTimeEqual],
  ['equalBytes', equalBytes],
])('%s', (_name, equal) => {
  it('tells equal bytes from others, and other lengths', () => {
    expect(equal(fromHex(''), fromHex(''))).toBe(true)
    expect(equal(fromHex('0102'), Buffer.from([1, 2]))).toBe(true)
    expect(equal(fromHex('0102'), fromHex('0103'))).toBe(false)
    expect(equal(fromHex('0102'), fromHex('0202'))).toBe(false)
    expect(equal(fromHex('0102'), fromHex('01'))).toBe(false)
    expect(equal(fromHex(''), fromHex('00'))).toBe(false)
  })

  it('notices every changed bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.nat(7), (bytes, place, bit) => {
        const changed = Uint8Array.from(bytes)
        const at = place % bytes.length
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        return equal(bytes, Uint8Array.from(bytes)) && !equal(bytes, changed)
      }),
    )
  })
})

describe('utf8', () => {
  it('encodes beyond ASCII', () => {
    expect(utf8('aä€😀')).toEqual(fromHex('61c3a4e282acf09f9880'))
  })
})
