import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { exportJwk } from '../../src/bytes/index.js'

describe('the JWK of a key', () => {
  test.each([
    ['EC', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['Ed25519', () => generateKeyPairSync('ed25519')],
  ])('%s, private and public', (_, generate) => {
    const { privateKey } = generate()
    const jwk = exportJwk(privateKey)
    const { d, p, q, dp, dq, qi, ...halves } = jwk
    expect(d).toEqual(expect.any(String))
    expect(exportJwk(createPublicKey(privateKey))).toEqual(halves)
    expect(createPublicKey({ key: halves, format: 'jwk' }).equals(createPublicKey(privateKey))).toBe(true)
  })

  test('none of a secret key', () => {
    expect(() => exportJwk(createSecretKey(new Uint8Array(32)))).toThrow()
  })
})
