import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { CompactSign, compactVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { fromBase64url, toBase64url, utf8 } from '../../src/bytes/index.js'
import { compactJws, jwsSigningInput, parseJws, verifyJws } from '../../src/jose/index.js'
import { reasonOf, thrownBy } from './thrown.js'

const options = { what: 'token', typ: 'test+jwt', maxLength: 2_000 }
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const header = { alg: 'ES256', typ: 'test+jwt', kid: 'k' }
const payload = { sub: 'host', list: [1, { a: 'ä😀' }] }

const signWith = (key: KeyObject, input: string) =>
  new Uint8Array(sign('sha256', utf8(input), { key, dsaEncoding: 'ieee-p1363' }))
const make = (head: object = header, body: unknown = payload, key = keys.privateKey) => {
  const input = jwsSigningInput(head as Record<string, unknown>, body)
  return compactJws(input, signWith(key, input))
}
const good = make()
const [head64, body64, signature64] = good.split('.') as [string, string, string]
const accepts = (token: string, key: KeyObject = keys.publicKey) => verifyJws(parseJws(token, options), key)
const reasonFor = (token: string) => reasonOf(thrownBy(() => parseJws(token, options)))
const encode = (text: string) => toBase64url(utf8(text))

describe('with the jose library', () => {
  it('jose verifies what we sign', async () => {
    const { payload: read, protectedHeader } = await compactVerify(good, keys.publicKey, {
      algorithms: ['ES256'],
    })
    expect(JSON.parse(new TextDecoder().decode(read))).toEqual(payload)
    expect(protectedHeader).toEqual(header)
  })

  it('we verify what jose signs, whatever the payload', async () => {
    for (const bytes of [new Uint8Array(), utf8('{}'), new Uint8Array(500).fill(255)]) {
      const token = await new CompactSign(bytes).setProtectedHeader(header).sign(keys.privateKey)
      const jws = parseJws(token, options)
      expect(jws.payload).toEqual(bytes)
      expect(jws.header).toEqual(header)
      expect(verifyJws(jws, keys.publicKey)).toBe(true)
    }
  })
})

describe('parseJws', () => {
  it('gives the parts as they were received', () => {
    const jws = parseJws(good, options)
    expect(jws.algorithm).toBe('ES256')
    expect(jws.payload).toEqual(utf8(JSON.stringify(payload)))
    expect(jws.signingInput).toEqual(utf8(`${head64}.${body64}`))
    expect(jws.signature).toHaveLength(64)
  })

  it.each([
    ['none', { ...header, alg: 'none' }],
    ['none in capitals', { ...header, alg: 'NONE' }],
    ['HS256', { ...header, alg: 'HS256' }],
    ['RS256', { ...header, alg: 'RS256' }],
    ['ES384', { ...header, alg: 'ES384' }],
    ['ES256K', { ...header, alg: 'ES256K' }],
    ['es256', { ...header, alg: 'es256' }],
    ['a list', { ...header, alg: ['ES256'] }],
    ['no alg', { typ: header.typ }],
    ['a member of every object', { ...header, alg: 'constructor' }],
    ['the prototype', { ...header, alg: '__proto__' }],
  ])('refuses alg %s', (_, head) => {
    expect(reasonFor(make(head))).toBe('expected alg ES256')
  })

  it('refuses a MAC made with the public key', () => {
    const input = jwsSigningInput({ ...header, alg: 'HS256' }, payload)
    const pem = keys.publicKey.export({ format: 'pem', type: 'spki' })
    const mac = createHmac('sha256', pem).update(input).digest()
    expect(reasonFor(compactJws(input, new Uint8Array(mac)))).toBe('expected alg ES256')
  })

  it.each([
    ['another', { ...header, typ: 'JWT' }],
    ['none', { alg: 'ES256' }],
    ['another case', { ...header, typ: 'Test+JWT' }],
    ['with a prefix', { ...header, typ: 'application/test+jwt' }],
    ['a list', { ...header, typ: ['test+jwt'] }],
  ])('refuses typ %s', (_, head) => {
    expect(reasonFor(make(head))).toBe('expected typ test+jwt')
  })

  it.each([
    ['an extension that exists', { ...header, crit: ['b64'], b64: false }],
    ['nothing', { ...header, crit: [] }],
    ['null', { ...header, crit: null }],
    ['a name that is understood', { ...header, crit: ['exp'], exp: 1 }],
  ])('refuses crit with %s', (_, head) => {
    expect(reasonFor(make(head))).toBe('it has critical extensions')
  })

  it('does not follow b64 that is not critical (RFC 7797 asks for both)', () => {
    expect(parseJws(make({ ...header, b64: false }), options).payload).toEqual(utf8(JSON.stringify(payload)))
  })

  it.each([
    ['twice', `{"alg":"none","typ":"test+jwt","alg":"ES256"}`],
    ['twice, once escaped', `{"alg":"ES256","typ":"test+jwt","\\u0061lg":"none"}`],
    ['twice within jwk', `{"alg":"ES256","typ":"test+jwt","jwk":{"x":1,"x":2}}`],
  ])('refuses a header member that is there %s', (_, text) => {
    const error = thrownBy(() => parseJws(`${encode(text)}.${body64}.${signature64}`, options))
    expect(error.context).toEqual({ what: 'token header', reason: 'it has a member name twice' })
  })

  it('refuses a header nested too deeply with a typed error', () => {
    const deep = encode(`{"a":${'['.repeat(6_000)}${']'.repeat(6_000)}}`)
    const error = thrownBy(() => parseJws(`${deep}..`, { ...options, maxLength: 100_000 }))
    expect(error.code).toBe('JOSE_INVALID')
  })

  it.each([
    ['no part', ''],
    ['one part', head64],
    ['two parts', `${head64}.${body64}`],
    ['four parts', `${good}.`],
    ['a JWE', 'a.b.c.d.e'],
    ['the JSON serialisation', JSON.stringify({ payload: body64, signature: signature64 })],
  ])('refuses %s', (_, token) => {
    expect(reasonFor(token)).toBe('expected three parts')
  })

  it.each([
    ['padding', `${head64}.${body64}.${signature64}==`],
    ['base64 letters', `${head64}.${body64}.+${signature64.slice(1)}`],
    ['white space at the end', `${good}\n`],
    ['white space at the start', ` ${good}`],
    ['a length that no bytes have', `${head64}.A.${signature64}`],
    [
      'bits behind the last byte',
      `${head64}.${body64}.${signature64.slice(0, -1)}${signature64.endsWith('B') ? 'C' : 'B'}`,
    ],
    ['letters that look alike', `${head64}.${body64}.\u0410${signature64.slice(1)}`],
  ])('refuses a part with %s', (_, token) => {
    expect(reasonFor(token)).toBe('a part is not base64url')
  })

  it('holds the limit of length exactly', () => {
    const exact = { ...options, maxLength: good.length }
    expect(parseJws(good, exact).algorithm).toBe('ES256')
    const error = thrownBy(() => parseJws(good, { ...exact, maxLength: good.length - 1 }))
    expect(reasonOf(error)).toBe(`it is longer than ${good.length - 1} characters`)
  })

  it('accepts no truncation', () => {
    for (let length = 0; length < good.length; length++) {
      const cut = good.slice(0, length)
      let accepted = false
      try {
        accepted = accepts(cut)
      } catch {
        expect(thrownBy(() => parseJws(cut, options)).code).toBe('JOSE_INVALID')
      }
      expect(accepted).toBe(false)
    }
  })
})

describe('verifyJws', () => {
  it('accepts its own', () => {
    expect(accepts(good)).toBe(true)
    expect(accepts(good, keys.privateKey)).toBe(true)
  })

  it.each<[string, KeyObject]>([
    ['another key', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey],
  ])('refuses %s', (_, key) => {
    expect(accepts(good, key)).toBe(false)
  })

  it('refuses a signature on another curve of the same length', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    expect(accepts(make(header, payload, other.privateKey), other.publicKey)).toBe(false)
  })

  it('refuses an ECDSA signature in DER', () => {
    const input = jwsSigningInput(header, payload)
    const der = sign('sha256', utf8(input), keys.privateKey)
    expect(accepts(compactJws(input, new Uint8Array(der)))).toBe(false)
  })

  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
  const hex = (r: string, s: string) => new Uint8Array(Buffer.from(r + s, 'hex'))
  const zero = '00'.repeat(32)
  const realR = Buffer.from(fromBase64url(signature64)).toString('hex').slice(0, 64)
  const realS = Buffer.from(fromBase64url(signature64)).toString('hex').slice(64)
  it.each([
    ['r = s = 0 (CVE-2022-21449)', hex(zero, zero)],
    ['r = 0', hex(zero, realS)],
    ['s = 0', hex(realR, zero)],
    ['r = n', hex(order, realS)],
    ['s = n', hex(realR, order)],
    ['r = s = n', hex(order, order)],
    ['all bits set', new Uint8Array(64).fill(255)],
    ['r and s swapped', hex(realS, realR)],
    ['no bytes', new Uint8Array()],
    ['63 bytes', fromBase64url(signature64).subarray(1)],
    ['65 bytes', new Uint8Array([...fromBase64url(signature64), 0])],
    ['r and s of 33 bytes', hex(`00${realR}`, `00${realS}`)],
    ['96 bytes', new Uint8Array(96)],
  ])('refuses a signature with %s', (_, signature) => {
    expect(accepts(compactJws(`${head64}.${body64}`, signature))).toBe(false)
  })

  it('refuses every change of a single bit of payload or signature', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.nat(), fc.integer({ min: 0, max: 7 }), (body, at, bit) => {
        const bytes = fromBase64url(body ? body64 : signature64)
        bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << bit)
        const changed = toBase64url(bytes)
        const token = body ? `${head64}.${changed}.${signature64}` : `${head64}.${body64}.${changed}`
        expect(accepts(token)).toBe(false)
      }),
    )
  })

  it('throws nothing but JOSE_INVALID, and accepts nothing, for any text', () => {
    const part = fc.oneof(
      fc.string(),
      fc.uint8Array().map(toBase64url),
      fc.constantFrom(head64, body64, signature64),
    )
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const token = parts.join('.')
        fc.pre(token !== good)
        let accepted = false
        try {
          accepted = accepts(token)
        } catch {
          expect(thrownBy(() => accepts(token)).code).toBe('JOSE_INVALID')
        }
        expect(accepted).toBe(false)
      }),
    )
  })
})
