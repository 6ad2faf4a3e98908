import { createCipheriv, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { describe, expect, it } from 'vitest'
import { fromBase64url, toBase64url, utf8 } from '../../src/bytes/index.js'
import {
  decryptWith,
  encryptTo,
  exportEcPublicJwk,
  openDirect,
  parseDirect,
  sealDirect,
} from '../../src/jose/index.js'
import { reasonOf, rejectionOf, thrownBy } from './thrown.js'

const key = new Uint8Array(32).fill(7)
const iv = new Uint8Array(12).fill(9)
const plaintext = utf8('the key inside')
const good = sealDirect(key, iv, { typ: 't', v: 1 }, plaintext)
const [head64, , iv64, text64, tag64] = good.split('.') as [string, string, string, string, string]
const open = (jwe: string, under = key) =>
  openDirect(under, parseDirect(jwe, 'sealed', 4_096), 'sealed').copy()
const reasonFor = (jwe: string) => reasonOf(thrownBy(() => open(jwe)))

/** A JWE by hand, so that header and lengths can be what sealDirect never writes. */
function craft(header: string, ivBytes: Uint8Array, cipherName = 'aes-256-gcm', tagLength = 16): string {
  const protectedHeader = toBase64url(utf8(header))
  const cipher = createCipheriv(
    cipherName as 'aes-256-gcm',
    key.subarray(0, cipherName.includes('128') ? 16 : 32),
    ivBytes,
    { authTagLength: tagLength },
  )
  cipher.setAAD(utf8(protectedHeader))
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
  const parts = [ivBytes, body, cipher.getAuthTag()].map((part) => toBase64url(new Uint8Array(part)))
  return `${protectedHeader}..${parts.join('.')}`
}

describe('sealDirect', () => {
  it('has pinned bytes', () => {
    expect(good).toBe(
      'eyJ0eXAiOiJ0IiwidiI6MSwiYWxnIjoiZGlyIiwiZW5jIjoiQTI1NkdDTSJ9..CQkJCQkJCQkJCQkJ.U-3htNWVuEHJDLhRgo8.L1A_JpDV4pTS3Z9-mV0xww',
    )
  })

  it('lets no header member stand in for alg or enc', () => {
    const jwe = sealDirect(key, iv, { alg: 'none', enc: 'A128GCM' }, plaintext)
    expect(parseDirect(jwe, 'sealed', 4_096).header).toMatchObject({ alg: 'dir', enc: 'A256GCM' })
  })

  it('jose opens what we seal', async () => {
    const { plaintext: opened, protectedHeader } = await compactDecrypt(good, key)
    expect(new Uint8Array(opened)).toEqual(plaintext)
    expect(protectedHeader).toEqual({ typ: 't', v: 1, alg: 'dir', enc: 'A256GCM' })
  })

  it('we open what jose seals', async () => {
    for (const length of [0, 1, 32, 512]) {
      const content = new Uint8Array(randomBytes(length))
      const jwe = await new CompactEncrypt(content)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 't' })
        .encrypt(key)
      expect(open(jwe)).toEqual(content)
    }
  })
})

describe('openDirect', () => {
  it('opens only under the key', () => {
    expect(open(good)).toEqual(plaintext)
    for (const wrong of [
      new Uint8Array(32),
      key.map((b, i) => (i === 31 ? b ^ 1 : b)),
      new Uint8Array(16),
      new Uint8Array(),
    ]) {
      const error = thrownBy(() => open(good, wrong))
      expect(error.context).toEqual({ what: 'sealed', reason: 'it does not open' })
    }
  })

  it.each([
    ['header', (bytes: Uint8Array) => `${toBase64url(bytes)}..${iv64}.${text64}.${tag64}`, head64],
    ['iv', (bytes: Uint8Array) => `${head64}..${toBase64url(bytes)}.${text64}.${tag64}`, iv64],
    ['ciphertext', (bytes: Uint8Array) => `${head64}..${iv64}.${toBase64url(bytes)}.${tag64}`, text64],
    ['tag', (bytes: Uint8Array) => `${head64}..${iv64}.${text64}.${toBase64url(bytes)}`, tag64],
  ])('refuses every change of a single bit of the %s', (_, join, part) => {
    const bytes = fromBase64url(part)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Uint8Array.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(thrownBy(() => open(join(changed))).code).toBe('JOSE_INVALID')
    }
  })

  it('refuses a header that says the same in other bytes', () => {
    const text = new TextDecoder().decode(fromBase64url(head64))
    const other = toBase64url(utf8(text.replace('{', '{ ')))
    expect(reasonFor(`${other}..${iv64}.${text64}.${tag64}`)).toBe('it does not open')
  })

  it('accepts no truncation', () => {
    for (let length = 0; length < good.length; length++) {
      expect(thrownBy(() => open(good.slice(0, length))).code).toBe('JOSE_INVALID')
    }
  })
})

describe('parseDirect', () => {
  const head = (more: object) => JSON.stringify({ alg: 'dir', enc: 'A256GCM', ...more })

  it.each([
    ['another enc', head({ enc: 'A128GCM' }), 'expected dir with A256GCM'],
    ['enc with CBC', head({ enc: 'A256CBC-HS512' }), 'expected dir with A256GCM'],
    ['another alg', head({ alg: 'A256KW' }), 'expected dir with A256GCM'],
    ['alg none', head({ alg: 'none' }), 'expected dir with A256GCM'],
    ['no alg', JSON.stringify({ enc: 'A256GCM' }), 'expected dir with A256GCM'],
    ['zip', head({ zip: 'DEF' }), 'it has extensions'],
    ['crit', head({ crit: ['exp'], exp: 1 }), 'it has extensions'],
    ['an empty crit', head({ crit: [] }), 'it has extensions'],
    ['a member twice', '{"alg":"dir","enc":"A256GCM","kid":"a","kid":"b"}', 'it has a member name twice'],
    [
      'a member twice, once escaped',
      '{"alg":"dir","enc":"A256GCM","kid":"a","k\\u0069d":"b"}',
      'it has a member name twice',
    ],
    ['no object', '[]', 'it is not an object'],
  ])('refuses %s', (_, header, reason) => {
    expect(reasonFor(craft(header, iv))).toBe(reason)
  })

  it('refuses IVs and tags of other lengths, also when they would open', () => {
    const wanted = 'expected an IV of 12 and a tag of 16 bytes'
    expect(reasonFor(craft(head({}), new Uint8Array(16)))).toBe(wanted)
    expect(reasonFor(craft(head({}), new Uint8Array(1)))).toBe(wanted)
    expect(reasonFor(craft(head({}), iv, 'aes-256-gcm', 12))).toBe(wanted)
    expect(reasonFor(craft(head({}), iv, 'aes-256-gcm', 4))).toBe(wanted)
    expect(reasonFor(`${head64}..${iv64}.${text64}.`)).toBe(wanted)
  })

  it.each([
    ['an encrypted key', `${head64}.AAAA.${iv64}.${text64}.${tag64}`, 'expected no encrypted key'],
    ['four parts', `${head64}.${iv64}.${text64}.${tag64}`, 'expected five parts'],
    ['six parts', `${good}.`, 'expected five parts'],
    ['padding', `${good}==`, 'a part is not base64url'],
    ['base64 letters', `${head64}..${iv64}.+/${text64.slice(2)}.${tag64}`, 'a part is not base64url'],
    [
      'bits behind the last byte',
      `${good.slice(0, -1)}${good.endsWith('B') ? 'C' : 'B'}`,
      'a part is not base64url',
    ],
  ])('refuses %s', (_, jwe, reason) => {
    expect(reasonFor(jwe)).toBe(reason)
  })

  it('holds the limit of length exactly', () => {
    expect(parseDirect(good, 'sealed', good.length).iv).toEqual(iv)
    expect(thrownBy(() => parseDirect(good, 'sealed', good.length - 1)).code).toBe('JOSE_INVALID')
  })

  it('throws nothing but JOSE_INVALID for any text', () => {
    const part = fc.oneof(
      fc.string(),
      fc.uint8Array().map(toBase64url),
      fc.constantFrom(head64, '', iv64, tag64),
    )
    fc.assert(
      fc.property(fc.array(part, { minLength: 3, maxLength: 6 }), (parts) => {
        expect(thrownBy(() => open(parts.join('.'))).code).toBe('JOSE_INVALID')
      }),
    )
  })
})

describe('encryptTo and decryptWith', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const recipient = exportEcPublicJwk(privateKey)
  const publicKey = createPublicKey(privateKey)
  const header = { typ: 'delivery', kid: 'host', provider: 'Finanzen ä😀' }

  it('opens what was encrypted', async () => {
    const jwe = await encryptTo(recipient, header, plaintext)
    const opened = await decryptWith(privateKey, jwe, header, 'delivered key')
    expect(opened.copy()).toEqual(plaintext)
    expect(`${opened}`).toBe('<redacted>')
  })

  it('jose opens what we encrypt, and we open what jose encrypts', async () => {
    const ours = await compactDecrypt(await encryptTo(recipient, header, plaintext), privateKey)
    expect(new Uint8Array(ours.plaintext)).toEqual(plaintext)
    expect(ours.protectedHeader).toMatchObject({ ...header, alg: 'ECDH-ES', enc: 'A256GCM' })
    const theirs = await new CompactEncrypt(plaintext)
      .setProtectedHeader({ ...header, alg: 'ECDH-ES', enc: 'A256GCM' })
      .encrypt(publicKey)
    expect((await decryptWith(privateKey, theirs, header, 'delivered key')).copy()).toEqual(plaintext)
  })

  it('uses a fresh ephemeral key every time', async () => {
    const made = await Promise.all([1, 2, 3].map(() => encryptTo(recipient, header, plaintext)))
    expect(new Set(made.map((jwe) => jwe.split('.')[0])).size).toBe(3)
  })

  it.each(['typ', 'kid', 'provider'] as const)('refuses another %s', async (name) => {
    const jwe = await encryptTo(recipient, { ...header, [name]: 'other' }, plaintext)
    const error = await rejectionOf(decryptWith(privateKey, jwe, header, 'delivered key'))
    expect(reasonOf(error)).toBe(`header member ${name} is not the expected one`)
  })

  it.each(['typ', 'kid', 'provider'] as const)('refuses a header without %s', async (name) => {
    const { [name]: _, ...rest } = header
    const jwe = await encryptTo(recipient, rest, plaintext)
    expect((await rejectionOf(decryptWith(privateKey, jwe, header, 'delivered key'))).code).toBe(
      'JOSE_INVALID',
    )
  })

  it('refuses every part that was changed', async () => {
    const parts = (await encryptTo(recipient, header, plaintext)).split('.')
    for (const [i, part] of parts.entries()) {
      const bytes = part === '' ? Uint8Array.of(1) : fromBase64url(part)
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      const changed = parts.with(i, toBase64url(bytes)).join('.')
      const error = await rejectionOf(decryptWith(privateKey, changed, header, 'delivered key'))
      expect(error.code).toBe('JOSE_INVALID')
    }
  })

  it('refuses other algorithms, compression and extensions', async () => {
    const direct = await new CompactEncrypt(plaintext)
      .setProtectedHeader({ ...header, alg: 'dir', enc: 'A256GCM' })
      .encrypt(key)
    const wrapped = await new CompactEncrypt(plaintext)
      .setProtectedHeader({ ...header, alg: 'ECDH-ES+A256KW', enc: 'A256GCM' })
      .encrypt(publicKey)
    const small = await new CompactEncrypt(plaintext)
      .setProtectedHeader({ ...header, alg: 'ECDH-ES', enc: 'A128GCM' })
      .encrypt(publicKey)
    const critical = await new CompactEncrypt(plaintext)
      .setProtectedHeader({ ...header, alg: 'ECDH-ES', enc: 'A256GCM', crit: ['x'], x: 1 })
      .encrypt(publicKey, { crit: { x: true } })
    for (const jwe of [direct, wrapped, small, critical, '', 'a.b.c.d.e', '....']) {
      const error = await rejectionOf(decryptWith(privateKey, jwe, header, 'delivered key'))
      expect(error.code).toBe('JOSE_INVALID')
    }
  })

  it('opens with no other key, of whatever kind', async () => {
    const jwe = await encryptTo(recipient, header, plaintext)
    for (const other of [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    ]) {
      expect((await rejectionOf(decryptWith(other, jwe, header, 'delivered key'))).code).toBe('JOSE_INVALID')
    }
  })

  it('refuses a recipient that is no point of the curve', async () => {
    const off = { ...recipient, y: recipient.x }
    expect((await rejectionOf(encryptTo(off, header, plaintext))).code).toBe('JOSE_INVALID')
  })
})
