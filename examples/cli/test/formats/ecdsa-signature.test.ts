import { generateKeyPairSync, sign } from 'node:crypto'
import { fromHex, toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { readEcdsaSignature } from '../../src/formats/ecdsa-signature.js'

const message = Buffer.from('message')

/** Big-endian, as wide as the curve. */
const padded = (integer: Uint8Array, width: number): string => toHex(integer).padStart(2 * width, '0')

describe.each([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
] as const)('signatures of %s', (namedCurve, width) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve })

  test('in DER, whatever zeros their integers have in front', () => {
    for (let i = 0; i < 200; i++) {
      const der = sign('sha256', message, { key: privateKey, dsaEncoding: 'der' })
      const { signatureR, signatureS } = readEcdsaSignature(der)
      expect(signatureR.length).toBeLessThanOrEqual(width)
      expect(signatureS.length).toBeLessThanOrEqual(width)
      expect(asDer(signatureR, signatureS)).toBe(toHex(der))
    }
  })

  test('with both integers side by side', () => {
    const joined = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const { signatureR, signatureS } = readEcdsaSignature(joined)
    expect(padded(signatureR, width) + padded(signatureS, width)).toBe(toHex(joined))
  })
})

/** DER written by hand, another way than the codec's. */
function asDer(...integers: readonly Uint8Array[]): string {
  const written = integers.map((integer) => {
    const content = `${(integer[0] ?? 0) >= 0x80 ? '00' : ''}${toHex(integer)}`
    return `02${(content.length / 2).toString(16).padStart(2, '0')}${content}`
  })
  const content = written.join('')
  const length = content.length / 2
  return `30${length >= 0x80 ? '81' : ''}${length.toString(16).padStart(2, '0')}${content}`
}

test.each([
  ['nothing', ''],
  ['another tag', '31060201010201 01'],
  ['a negative integer', '3006020181020101'],
  ['a needless zero', '300702020001020101'],
  ['an empty integer', '30050200020101'],
  ['three integers', '3009020101020101020101'],
  ['one integer', '3003020101'],
  ['bytes behind it', '300602010102010100'],
  ['a length in the long form that fits the short one', '308106020101020101'],
  ['a length of two octets', '30820006020101020101'],
  ['an indefinite length', '30800201010201010000'],
])('%s is refused', (_, hex) => {
  expect(() => readEcdsaSignature(fromHex(hex.replaceAll(' ', '')))).toThrow(/^ECDSA-Sig-Value/)
})
