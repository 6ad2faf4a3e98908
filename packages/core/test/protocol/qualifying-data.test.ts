import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes/index.js'
import { qualifyingData } from '../../src/protocol/index.js'

const binding = {
  nonce: new Uint8Array(32).fill(1),
  activationSecret: new Uint8Array(32).fill(2),
  bindingKeyThumbprint: new Uint8Array(32).fill(3),
}

describe('qualifyingData', () => {
  it('has a pinned value', () => {
    expect(toHex(qualifyingData(binding))).toBe(
      '794dc0a3921170a6b102c345f059ddbb07e77e95b58441c53ada732e67e34ba0',
    )
  })

  it('is the hash over domain and parts, each with its length before it', () => {
    const text = '7472757374686f6c642f74706d322d71756f74652f7631'
    const hex = `0017${text}0020${'01'.repeat(32)}0020${'02'.repeat(32)}0020${'03'.repeat(32)}`
    const digest = createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex')
    expect(toHex(qualifyingData(binding))).toBe(digest)
  })

  it('changes with every byte of every part', () => {
    const seen = new Set([toHex(qualifyingData(binding))])
    for (const name of ['nonce', 'activationSecret', 'bindingKeyThumbprint'] as const) {
      for (let i = 0; i < 32; i++)
        seen.add(toHex(qualifyingData({ ...binding, [name]: binding[name].with(i, 0xff) })))
    }
    expect(seen.size).toBe(97)
  })

  it('differs for different parts, also when they are the same bytes joined', () => {
    const part = fc.uint8Array({ maxLength: 300, size: 'max' })
    fc.assert(
      fc.property(part, part, part, fc.nat(), fc.nat(), (a, b, c, i, j) => {
        const joined = Uint8Array.of(...a, ...b, ...c)
        const [first, second] = [i % (joined.length + 1), j % (joined.length + 1)].sort((x, y) => x - y) as [
          number,
          number,
        ]
        fc.pre(first !== a.length || second !== a.length + b.length)
        const one = qualifyingData({ nonce: a, activationSecret: b, bindingKeyThumbprint: c })
        const other = qualifyingData({
          nonce: joined.subarray(0, first),
          activationSecret: joined.subarray(first, second),
          bindingKeyThumbprint: joined.subarray(second),
        })
        expect(toHex(one)).not.toBe(toHex(other))
      }),
    )
  })
})
