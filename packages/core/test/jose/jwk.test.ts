import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import { exportEcPublicJwk, importEcPublicJwk, parseEcPublicJwk, thumbprint } from '../../src/jose/index.js'
import { reasonOf, thrownBy } from './thrown.js'

/** The P-256 key of RFC 7517 appendix A.1. */
const known = {
  kty: 'EC',
  crv: 'P-256',
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
} as const

describe('thumbprint', () => {
  it('is the SHA-256 of the required members in order (RFC 7638)', () => {
    const canonical = `{"crv":"P-256","kty":"EC","x":"${known.x}","y":"${known.y}"}`
    expect(thumbprint(known)).toBe(createHash('sha256').update(canonical).digest('base64url'))
    expect(thumbprint(known)).toBe('cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s')
  })

  it('is the one that jose computes', async () => {
    for (let i = 0; i < 8; i++) {
      const { publicKey } = await generateKeyPair('ES256', { extractable: true })
      const jwk = await exportJWK(publicKey)
      expect(thumbprint(parseEcPublicJwk(jwk))).toBe(await calculateJwkThumbprint(jwk, 'sha256'))
    }
  })

  it('does not depend on further members or their order', () => {
    const odd = parseEcPublicJwk({ use: 'enc', key_ops: ['sign'], kid: 'x', ...known, alg: 'none' })
    expect(odd).toEqual(known)
    expect(thumbprint(odd)).toBe(thumbprint(known))
  })
})

describe('parseEcPublicJwk', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'it is not an object'],
    ['null', null, 'it is not an object'],
    ['a text', 'EC', 'it is not an object'],
    ['a list', [], 'expected an EC key on P-256'],
    ['no members', {}, 'expected an EC key on P-256'],
    ['an RSA key', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }, 'expected an EC key on P-256'],
    ['an octet key', { kty: 'oct', k: 'AAAA' }, 'expected an EC key on P-256'],
    ['kty of a key pair on a curve', { ...known, kty: 'OKP' }, 'expected an EC key on P-256'],
    ['P-384', { ...known, crv: 'P-384' }, 'expected an EC key on P-256'],
    ['secp256k1', { ...known, crv: 'secp256k1' }, 'expected an EC key on P-256'],
    ['another spelling of the curve', { ...known, crv: 'p-256' }, 'expected an EC key on P-256'],
    ['a private key', { ...known, d: known.x }, 'it is a private key'],
    ['a private key without value', { ...known, d: undefined }, 'it is a private key'],
    ['no x', { ...known, x: undefined }, 'expected coordinates of 32 bytes'],
    ['x as a number', { ...known, x: 1 }, 'expected coordinates of 32 bytes'],
    ['x as a list that looks like a text', { ...known, x: [known.x] }, 'expected coordinates of 32 bytes'],
    ['a short y', { ...known, y: known.y.slice(1) }, 'expected coordinates of 32 bytes'],
    ['a padded x', { ...known, x: `${known.x}=` }, 'expected coordinates of 32 bytes'],
    ['a leading zero byte', { ...known, x: `AA${known.x}` }, 'expected coordinates of 32 bytes'],
    ['base64 letters', { ...known, x: `+${known.x.slice(1)}` }, 'coordinates are not base64url'],
    ['white space', { ...known, x: ` ${known.x.slice(1)}` }, 'coordinates are not base64url'],
    [
      'bits behind the last byte',
      { ...known, x: `${known.x.slice(0, -1)}5` },
      'coordinates are not base64url',
    ],
  ])('refuses %s', (_, value, reason) => {
    const error = thrownBy(() => parseEcPublicJwk(value, 'proof key'))
    expect([error.code, error.context]).toEqual(['JOSE_INVALID', { what: 'proof key', reason }])
  })
})

describe('importEcPublicJwk', () => {
  it.each([
    ['a point off the curve', { ...known, y: known.x }],
    ['x and y swapped', { ...known, x: known.y, y: known.x }],
    ['the origin', { ...known, x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['x = p, which is 0 in the field', { ...known, x: '_____wAAAAEAAAAAAAAAAAAAAAD_______________8' }],
  ])('refuses %s', (_, jwk) => {
    expect(reasonOf(thrownBy(() => importEcPublicJwk(parseEcPublicJwk(jwk))))).toBe(
      'it is not a point of P-256',
    )
  })

  it('gives the key that exportEcPublicJwk came from', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = exportEcPublicJwk(privateKey)
    expect(exportEcPublicJwk(publicKey)).toEqual(jwk)
    expect(importEcPublicJwk(jwk).equals(publicKey)).toBe(true)
    expect(jwk).not.toHaveProperty('d')
  })

  it.each([
    ['x', 'AFVDiUrz0A7X10Cr29dclrBod7eH219w7qeLkKjXwAo', 'u0yFo9jqKe-q-iRAaRLdhNWxTcMr9lbvbGvVil2UP5I'],
    ['y', 'mGriUG8f8QTQQjCGHY9LSY9LxMbQCbMPdUTcEpuC0o0', 'ADzMwKZGDgrjKKTZfTx7YdhvxiicGJ8lJREMRBuwfpc'],
  ])('keeps the zero byte that %s starts with', (_, x, y) => {
    const jwk = { kty: 'EC', crv: 'P-256', x, y } as const
    expect(exportEcPublicJwk(importEcPublicJwk(parseEcPublicJwk(jwk)))).toEqual(jwk)
  })

  it('exports no other kind of key', () => {
    for (const key of [
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
      createPublicKey(generateKeyPairSync('ed25519').privateKey),
    ]) {
      expect(thrownBy(() => exportEcPublicJwk(key)).code).toBe('JOSE_INVALID')
    }
  })
})
