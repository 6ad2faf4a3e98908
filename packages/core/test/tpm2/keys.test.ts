import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/bytes/index.js'
import {
  akTemplates,
  type EccPublic,
  publicKeyOf,
  type RsaPublic,
  type TpmtPublic,
} from '../../src/tpm2/index.js'
import { codeOf } from '../codec/expectations.js'
import { eccSample, rsaSample } from './samples.js'

const withModulus = (unique: Uint8Array, keyBits = unique.length * 8): RsaPublic => {
  const template = akTemplates['rsa-2048']
  return { ...template, parameters: { ...template.parameters, keyBits }, unique }
}
const withExponent = (key: RsaPublic, exponent: number): RsaPublic => ({
  ...key,
  parameters: { ...key.parameters, exponent },
})

const rsa = rsaSample()

describe('RSA keys', () => {
  it.each([2048, 3072])('of %i bits are what they were', (bits) => {
    const { publicArea, publicKey } = rsaSample(bits)
    expect(publicKeyOf(publicArea).equals(publicKey)).toBe(true)
  })

  it('have the exponent of the public area, 0 meaning 65,537', () => {
    const { publicArea, publicKey } = rsa
    expect(publicKeyOf(withExponent(publicArea, 65_537)).equals(publicKey)).toBe(true)
    for (const exponent of [65_539, 0x8000_0001, 0xffff_ffff]) {
      const details = publicKeyOf(withExponent(publicArea, exponent)).asymmetricKeyDetails
      expect(details?.publicExponent).toBe(BigInt(exponent))
    }
  })

  it.each([1, 2, 3, 17, 257, 65_535, 65_536, 65_538])('with exponent %i are refused', (exponent) => {
    const { publicArea } = rsa
    expect(() => publicKeyOf(withExponent(publicArea, exponent))).toThrow(
      codeOf('TPM_KEY_INVALID', { path: 'parameters.exponent' }),
    )
  })

  it.each<[string, RsaPublic]>([
    ['are too short', rsaSample(1024).publicArea],
    ['are too long', withModulus(new Uint8Array(2056).fill(0xff))],
    [
      'have an even modulus',
      withModulus(rsa.publicArea.unique.map((byte, i) => (i === 255 ? byte & 0xfe : byte))),
    ],
    [
      'have a modulus with leading zeros',
      withModulus(Uint8Array.of(0, ...rsa.publicArea.unique.subarray(1))),
    ],
    ['have another length than they say', withModulus(rsa.publicArea.unique, 3072)],
    ['are templates', akTemplates['rsa-2048']],
  ])('that %s are refused', (_what, key) => {
    expect(() => publicKeyOf(key)).toThrow(codeOf('TPM_KEY_INVALID', { path: 'unique.rsa' }))
  })
})

describe('ECC keys', () => {
  const withPoint = (key: EccPublic, unique: EccPublic['unique']): EccPublic => ({ ...key, unique })

  it.each(['P-256', 'P-384', 'P-521'] as const)('on %s are what they were', (curve) => {
    const { publicArea, publicKey } = eccSample(curve)
    expect(publicKeyOf(publicArea).equals(publicKey)).toBe(true)
  })

  it('may lack leading zeros of a coordinate', () => {
    const point = leadingZeroPoint()
    const { publicArea } = eccSample()
    const full = publicKeyOf(withPoint(publicArea, point))
    expect(point.x[0]).toBe(0)
    expect(publicKeyOf(withPoint(publicArea, { ...point, x: point.x.subarray(1) })).equals(full)).toBe(true)
    expect(() => publicKeyOf(withPoint(publicArea, { ...point, y: Uint8Array.of(0, ...point.y) }))).toThrow(
      codeOf('TPM_KEY_INVALID', { path: 'unique.ecc' }),
    )
  })

  it('off the curve, at infinity, or with coordinates above the prime are refused', () => {
    const { publicArea } = eccSample()
    const { x, y } = publicArea.unique
    const prime = fromHex('ffffffff00000001000000000000000000000000ffffffffffffffffffffffff')
    const bad = [
      { x, y: y.map((byte, i) => (i === 31 ? byte ^ 1 : byte)) },
      { x: y, y: x },
      { x: new Uint8Array(32), y: new Uint8Array(32) },
      { x: new Uint8Array(), y: new Uint8Array() },
      { x: prime, y },
      { x: new Uint8Array(32).fill(0xff), y },
    ]
    for (const unique of bad) {
      expect(() => publicKeyOf(withPoint(publicArea, unique))).toThrow(codeOf('TPM_KEY_INVALID'))
    }
  })

  it.each(['P-224', 'SM2-P256', 'BN-P256', 'curve25519'] as const)('on %s are refused by name', (curveID) => {
    const { publicArea } = eccSample()
    const key = { ...publicArea, parameters: { ...publicArea.parameters, curveID } }
    expect(() => publicKeyOf(key)).toThrow(codeOf('TPM_ALGORITHM_UNSUPPORTED', { algorithm: curveID }))
  })
})

/** A point whose x coordinate starts with a zero byte: one key in 256 has one. */
function leadingZeroPoint(): EccPublic['unique'] {
  for (;;) {
    const { unique } = eccSample().publicArea
    if (unique.x[0] === 0) return unique
  }
}

it('other objects have no public key', () => {
  const hmac: TpmtPublic = {
    type: 'keyedhash',
    nameAlg: 'sha256',
    objectAttributes: akTemplates['rsa-2048'].objectAttributes,
    authPolicy: new Uint8Array(),
    parameters: { scheme: { scheme: 'null' } },
    unique: new Uint8Array(32),
  }
  expect(() => publicKeyOf(hmac)).toThrow(codeOf('TPM_KEY_INVALID', { path: 'type' }))
})
