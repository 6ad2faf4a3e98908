import {
  createECDH,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, exportJwk, fromHex, toHex, utf8 } from '../../../src/bytes/index.js'
import {
  createImaKeyring,
  imaKeyId,
  parseImaLog,
  readFileSignature,
  type SignatureResult,
  verifyFileSignature,
} from '../../../src/measured-boot/index.js'
import { type BuiltImaEntry, imaList } from '../../../src/testing/index.js'

const content = utf8('what was measured')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const curves = ['P-256', 'P-384', 'P-521', 'secp256k1'] as const
const ecKeys = new Map(curves.map((namedCurve) => [namedCurve, generateKeyPairSync('ec', { namedCurve })]))

/** Numbers of algorithms in headers (enum hash_algo). */
const ids: Record<string, number> = { sha1: 2, sha256: 4, sha384: 5, sha512: 6, sha224: 7, 'sha3-256': 20 }

interface Made {
  readonly key: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  readonly algorithm?: string
  readonly type?: number
  readonly version?: number
  readonly signed?: Uint8Array
}

/** An attribute as evmctl writes it: type, version, algorithm, key, size, signature. */
function attributeOf({
  key,
  algorithm = 'sha256',
  type = 3,
  version = 2,
  signed = content,
}: Made): Uint8Array {
  const signature = Uint8Array.from(sign(algorithm, signed, key.privateKey))
  return withSignature(signature, imaKeyId(key.publicKey), algorithm, type, version)
}

function withSignature(signature: Uint8Array, keyId: string, algorithm = 'sha256', type = 3, version = 2) {
  const size = Uint8Array.of(signature.length >> 8, signature.length & 0xff)
  return concatBytes(Uint8Array.of(type, version, ids[algorithm] ?? 0), fromHex(keyId), size, signature)
}

function digestField(algorithm: string, kind = ''): Uint8Array {
  return concatBytes(utf8(`${kind}${algorithm}:\0`), createHash(algorithm).update(content).digest())
}

function judge(
  signature: Uint8Array,
  keys: readonly KeyObject[],
  change: Partial<BuiltImaEntry> = {},
  allowSha1 = false,
) {
  const fields = [digestField('sha256'), '/usr/bin/signed\0', signature]
  const { binary } = imaList()
    .entry({ template: 'ima-sig', fields, ...change })
    .build()
  const [entry] = parseImaLog(binary).events
  if (entry === undefined) throw new Error('the list is empty')
  return verifyFileSignature(entry, createImaKeyring(keys.map((key) => ({ key }))), { allowSha1 })
}

const bad = (reason: RegExp): unknown => ({
  outcome: 'bad',
  keyId: expect.any(String) as string,
  reason: expect.stringMatching(reason) as string,
})

/** Changes any byte of the signature in an attribute. */
function expectChangesBad(good: Uint8Array, key: KeyObject, numRuns: number): void {
  const place = fc.integer({ min: 9, max: good.length - 1 })
  fc.assert(
    fc.property(place, fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Uint8Array.from(good)
      changed[at] = (changed[at] as number) ^ flip
      expect(judge(changed, [key])).toEqual(bad(/is not a signature of key/))
    }),
    { numRuns },
  )
}

describe('RSA', () => {
  test.each(['sha256', 'sha384', 'sha512', 'sha3-256'])('over %s', (algorithm) => {
    const change = {
      fields: [digestField(algorithm), '/x\0', attributeOf({ key: rsa, algorithm })],
    }
    const keyId = imaKeyId(rsa.publicKey)
    expect(judge(new Uint8Array(), [rsa.publicKey], change)).toEqual({
      outcome: 'verified',
      key: keyId,
      keyId,
    })
    expect(judge(new Uint8Array(), [], change)).toMatchObject({ outcome: 'unknown-key', keyId })
    expect(judge(new Uint8Array(), [otherRsa.publicKey], change)).toMatchObject({ outcome: 'unknown-key' })
  })

  test('any changed bit of the signature is bad', () => {
    const good = attributeOf({ key: rsa })
    expectChangesBad(good, rsa.publicKey, 50)
  })

  test('a signature of another length, or above the modulus, is bad', () => {
    const keyId = imaKeyId(rsa.publicKey)
    for (const signature of [new Uint8Array(255), new Uint8Array(257), new Uint8Array(256).fill(0xff)]) {
      expect(judge(withSignature(signature, keyId), [rsa.publicKey])).toEqual(bad(/is not a signature/))
    }
  })

  test('a signature that lost a zero at its start is bad', () => {
    for (let i = 0; i < 10_000; i++) {
      const signature = Uint8Array.from(sign('sha256', utf8(String(i)), rsa.privateKey))
      if (signature[0] !== 0) continue
      const digest = concatBytes(utf8('sha256:\0'), createHash('sha256').update(String(i)).digest())
      const keyId = imaKeyId(rsa.publicKey)
      const fieldsWith = (value: Uint8Array) => ({ fields: [digest, '/x\0', withSignature(value, keyId)] })
      const whole = judge(new Uint8Array(), [rsa.publicKey], fieldsWith(signature))
      expect(whole).toMatchObject({ outcome: 'verified' })
      const shorter = judge(new Uint8Array(), [rsa.publicKey], fieldsWith(signature.slice(1)))
      expect(shorter).toEqual(bad(/is not a signature/))
      return
    }
    throw new Error('no signature starts with a zero')
  }, 60_000)

  test('a message that only looks alike is bad', () => {
    const digest = createHash('sha256').update(content).digest()
    const info = concatBytes(fromHex('3031300d060960864801650304020105000420'), digest)
    const key = rsa.privateKey
    const privately = (message: Uint8Array): Uint8Array => Uint8Array.from(rawRsa(message, key))
    const keyId = imaKeyId(rsa.publicKey)
    const padded = (...tail: readonly Uint8Array[]): Uint8Array => {
      const end = concatBytes(Uint8Array.of(0), ...tail)
      return concatBytes(Uint8Array.of(0, 1), new Uint8Array(254 - end.length).fill(0xff), end)
    }
    expect(judge(withSignature(privately(padded(info)), keyId), [rsa.publicKey])).toMatchObject({
      outcome: 'verified',
    })
    // Bytes after the digest, or a parameter left out: what lax verifiers took (CVE-2006-4339 and later).
    const trailing = concatBytes(
      Uint8Array.of(0, 1),
      new Uint8Array(8).fill(0xff),
      Uint8Array.of(0),
      info,
      new Uint8Array(256 - 11 - info.length),
    )
    const without = concatBytes(fromHex('302f300b0609608648016503040201'), fromHex('0420'), digest)
    for (const message of [trailing, padded(without), padded(digest)]) {
      expect(judge(withSignature(privately(message), keyId), [rsa.publicKey])).toEqual(
        bad(/is not a signature/),
      )
    }
  })
})

/** m^d mod n, by the private key's numbers. */
function rawRsa(message: Uint8Array, key: KeyObject): Buffer {
  const { n = '', d = '' } = exportJwk(key)
  const number = (text: string): bigint => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`)
  const result = power(BigInt(`0x${toHex(message)}`), number(d), number(n))
  return Buffer.from(result.toString(16).padStart(512, '0'), 'hex')
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [square, result] = [base, 1n]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

/** Both numbers of a signature that has them one after the other. */
function numbersOf(joined: Uint8Array): readonly [bigint, bigint] {
  const half = joined.length / 2
  return [BigInt(`0x${toHex(joined.slice(0, half))}`), BigInt(`0x${toHex(joined.slice(half))}`)]
}

/** A sequence of positive integers in DER, of less than 128 bytes. */
function derOf(...numbers: readonly bigint[]): Uint8Array {
  const element = (tag: number, content: Uint8Array) =>
    concatBytes(Uint8Array.of(tag, content.length), content)
  const integers = numbers.map((number) => {
    const digits = number.toString(16)
    const hex = digits.length % 2 === 0 ? digits : `0${digits}`
    return element(2, fromHex(hex >= '8' ? `00${hex}` : hex))
  })
  return element(0x30, concatBytes(...integers))
}

describe('ECDSA', () => {
  test.each(curves.flatMap((curve) => ['sha256', 'sha384', 'sha512'].map((hash) => [curve, hash] as const)))(
    'on %s over %s',
    (curve, algorithm) => {
      const key = ecKeys.get(curve)
      if (key === undefined) throw new Error('no key')
      for (let i = 0; i < 8; i++) {
        const attribute = attributeOf({ key, algorithm })
        const change = { fields: [digestField(algorithm), '/x\0', attribute] }
        expect(judge(attribute, [key.publicKey], change)).toMatchObject({ outcome: 'verified' })
        const other = concatBytes(utf8(`${algorithm}:\0`), createHash(algorithm).update('else').digest())
        const changed = { fields: [other, '/x\0', attribute] }
        expect(judge(attribute, [key.publicKey], changed)).toEqual(bad(/is not a signature/))
      }
    },
  )

  test('any changed bit of the signature is bad', () => {
    const key = ecKeys.get('P-256')
    if (key === undefined) throw new Error('no key')
    const good = attributeOf({ key })
    expectChangesBad(good, key.publicKey, 200)
  })

  test('a good signature in another encoding than DER is bad', () => {
    const key = ecKeys.get('P-256')
    if (key === undefined) throw new Error('no key')
    const joined = sign('sha256', content, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
    const [r, s] = [joined.subarray(0, 32), joined.subarray(32)]
    const element = (tag: number, value: Uint8Array): Uint8Array =>
      concatBytes(Uint8Array.of(tag, value.length), value)
    // The shortest form: without zeros before it, but for one where the number would else be negative.
    const shortest = (value: Uint8Array): Uint8Array => {
      const start = value.findIndex((byte) => byte !== 0)
      const bare = value.slice(start)
      return (bare[0] as number) < 0x80 ? bare : concatBytes(Uint8Array.of(0), bare)
    }
    const integer = (value: Uint8Array): Uint8Array => element(2, shortest(value))
    const body = concatBytes(integer(r), integer(s))
    const der = element(0x30, body)
    const keyId = imaKeyId(key.publicKey)
    const outcome = (bytes: Uint8Array) => judge(withSignature(bytes, keyId), [key.publicKey]).outcome
    expect(outcome(der)).toBe('verified')
    const zero = Uint8Array.of(0)
    for (const other of [
      element(0x30, concatBytes(element(2, concatBytes(zero, shortest(r))), integer(s))),
      element(0x30, concatBytes(integer(r), element(2, concatBytes(zero, shortest(s))))),
      element(0x30, concatBytes(body, zero)),
      concatBytes(der, zero),
      concatBytes(Uint8Array.of(0x30, 0x81, body.length), body),
      concatBytes(Uint8Array.of(0x30, 0x80), body, zero, zero),
      element(0x31, body),
      element(0x30, concatBytes(element(3, shortest(r)), integer(s))),
    ]) {
      expect(outcome(other)).toBe('bad')
    }
  })

  test('an integer is not read as negative, nor as positive where it is', () => {
    const key = ecKeys.get('P-256')
    if (key === undefined) throw new Error('no key')
    for (let i = 0; i < 64; i++) {
      const der = Uint8Array.from(sign('sha256', content, key.privateKey))
      // Where the first integer has a zero before it, it is left out: the rest would be a negative number.
      if (der[4] !== 0) continue
      const negative = concatBytes(
        Uint8Array.of(0x30, (der[1] as number) - 1, 2, (der[3] as number) - 1),
        der.slice(5),
      )
      expect(judge(withSignature(negative, imaKeyId(key.publicKey)), [key.publicKey]).outcome).toBe('bad')
      return
    }
    throw new Error('no integer was large')
  })

  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'

  test('a good signature with the order added to one of its numbers is bad', () => {
    const key = ecKeys.get('P-256')
    if (key === undefined) throw new Error('no key')
    const [r, s] = numbersOf(sign('sha256', content, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }))
    const outcome = (...numbers: readonly [bigint, bigint]) =>
      judge(withSignature(derOf(...numbers), imaKeyId(key.publicKey)), [key.publicKey]).outcome
    const n = BigInt(`0x${order}`)
    expect(outcome(r, s)).toBe('verified')
    expect([outcome(r + n, s), outcome(r, s + n), outcome(16n * r, s), outcome(r, 16n * s)]).toEqual(
      Array(4).fill('bad'),
    )
  })

  test('one whose first number would only be right if it were cut to its size is bad', () => {
    const key = ecKeys.get('P-256')
    if (key === undefined) throw new Error('no key')
    const n = BigInt(`0x${order}`)
    const number = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes)}`)
    const hashed = (message: Uint8Array) => number(createHash('sha256').update(message).digest())
    const { d = '' } = exportJwk(key.privateKey)
    for (let k = 2n; k < 100n; k++) {
      const point = createECDH('prime256v1')
      point.setPrivateKey(k.toString(16).padStart(64, '0'), 'hex')
      const r = number(point.getPublicKey().subarray(1, 33))
      if (r >> 252n === 0n) continue
      // With 16 r for r in the factor, and r in the equation.
      const difference = (hashed(content) - hashed(new Uint8Array(0)) + n) * power(16n, n - 2n, n)
      const sum = hashed(new Uint8Array(0)) + r * number(Buffer.from(d, 'base64url')) + difference
      const s = (power(k, n - 2n, n) * sum) % n
      const signature = withSignature(derOf(16n * r, s), imaKeyId(key.publicKey))
      expect(judge(signature, [key.publicKey])).toEqual(bad(/is not a signature/))
      return
    }
    throw new Error('no number was large')
  })

  test('one for which the digest would move the key to its double, or to nowhere, is bad', () => {
    const key = ecKeys.get('P-256')
    if (key === undefined) throw new Error('no key')
    const n = BigInt(`0x${order}`)
    const { d = '' } = exportJwk(key.privateKey)
    const hashed = (message: Uint8Array) => BigInt(`0x${createHash('sha256').update(message).digest('hex')}`)
    const difference = hashed(content) - hashed(new Uint8Array(0))
    // By Fermat, the private key's inverse: r = (e - f) / d moves Q by itself.
    const inverse = power(BigInt(`0x${Buffer.from(d, 'base64url').toString('hex')}`), n - 2n, n)
    const r = (((difference * inverse) % n) + n) % n
    for (const number of [r, n - r]) {
      const signature = withSignature(derOf(number, 1n), imaKeyId(key.publicKey))
      expect(judge(signature, [key.publicKey])).toEqual(bad(/is not a signature/))
    }
  })

  test.each([
    ['another curve', () => generateKeyPairSync('ec', { namedCurve: 'prime192v1' })],
    ['another kind', () => generateKeyPairSync('ed25519')],
  ])('a key of %s in a keyring of the caller verifies nothing', (_, generate) => {
    const keyId = 'deadbeef'
    const keyring = { find: () => [{ key: generate().publicKey, keyId, name: 'other' }] }
    const fields = [digestField('sha256'), '/x\0', withSignature(derOf(1n, 1n), keyId)]
    const [entry] = parseImaLog(imaList().entry({ template: 'ima-sig', fields }).build().binary).events
    if (entry === undefined) throw new Error('the list is empty')
    expect(verifyFileSignature(entry, keyring)).toEqual(bad(/is not a signature/))
  })

  test.each([
    ['r = 0', '3006020100020101'],
    ['s = 0', '3006020101020100'],
    ['r = n', `3026022100${order}020101`],
    ['s = n', `3026020101022100${order}`],
    ['a negative r', '3006020181020101'],
    ['an r with a zero too many', '300702020001020101'],
    ['an empty r', '30050200020101'],
    ['bytes after it', '300602010102010100'],
    ['bytes within it', '30070201010201010a'],
    ['a length in two bytes', '308106020101020101'],
    ['a length beyond its end', '3007020101020101'],
    ['a length of indefinite form', '30800201010201010000'],
    ['no sequence', '020101020101'],
    ['another second element', '3006020101030101'],
    ['one integer', '3003020101'],
    ['nothing', ''],
  ])('%s is bad', (_, der) => {
    const key = ecKeys.get('P-256')?.publicKey
    if (key === undefined) throw new Error('no key')
    expect(judge(withSignature(fromHex(der), imaKeyId(key)), [key])).toEqual(bad(/is not a signature/))
  })
})

describe('kinds', () => {
  const key = rsa

  test('version 3 is over the digest with type and algorithm before it', () => {
    const digest = createHash('sha256').update(content).digest()
    const fileId = (type: number): Uint8Array => concatBytes(Uint8Array.of(type, 4), digest)
    const verity = attributeOf({ key, type: 6, version: 3, signed: fileId(6) })
    const plain = attributeOf({ key, type: 3, version: 3, signed: fileId(3) })
    const v2 = (kind: string, signature: Uint8Array) => ({
      template: 'ima-sigv2',
      fields: [digestField('sha256', kind), '/x\0', signature],
    })
    const keys = [key.publicKey]
    expect(judge(verity, keys, v2('verity:', verity))).toMatchObject({ outcome: 'verified' })
    expect(judge(plain, keys, v2('ima:', plain))).toMatchObject({ outcome: 'verified' })
    expect(judge(verity, keys)).toMatchObject({ outcome: 'verified' })
    // What is signed for a file's content says nothing of a tree with the same digest, and the other way round.
    expect(judge(verity, keys, v2('ima:', verity))).toEqual(
      bad(/of kind verity, the entry has one of kind ima/),
    )
    expect(judge(plain, keys, v2('verity:', plain))).toEqual(
      bad(/of kind ima, the entry has one of kind verity/),
    )
    const old = attributeOf({ key })
    expect(judge(old, keys, v2('verity:', old))).toEqual(bad(/of kind ima/))
    const swapped = attributeOf({ key, type: 6, version: 3, signed: fileId(3) })
    expect(judge(swapped, keys, v2('verity:', swapped))).toEqual(bad(/is not a signature/))
  })

  test('the algorithm has to be that of the entry', () => {
    const attribute = attributeOf({ key, algorithm: 'sha512' })
    expect(judge(attribute, [key.publicKey])).toEqual(bad(/over a digest of sha512, the entry has "sha256"/))
    const fields = ['sha256', '/x\0', attributeOf({ key })]
    expect(judge(attribute, [key.publicKey], { fields })).toEqual(bad(/the entry has "none"/))
    const short = [utf8('sha256:\0abc'), '/x\0', attributeOf({ key })]
    expect(judge(attribute, [key.publicKey], { fields: short })).toMatchObject({ outcome: 'bad' })
  })

  test('SHA-1 is accepted on request', () => {
    const fields = [digestField('sha1'), '/x\0', attributeOf({ key, algorithm: 'sha1' })]
    expect(judge(new Uint8Array(), [key.publicKey], { fields })).toEqual({
      outcome: 'unsupported',
      reason: 'a signature over a digest of sha1 is not accepted',
    })
    expect(judge(new Uint8Array(), [key.publicKey], { fields }, true)).toMatchObject({ outcome: 'verified' })
  })

  const keyId = imaKeyId(key.publicKey)
  test.each<[string, Uint8Array, SignatureResult['outcome'], RegExp]>([
    ['EVM', withSignature(new Uint8Array(9), keyId, 'sha256', 5), 'unsupported', /portable signature of EVM/],
    ['a hash', fromHex('0404aabb'), 'unsupported', /attribute of type 4, which is none/],
    ['another type', attributeOf({ key, type: 7 }), 'unsupported', /attribute of type 7, which is none/],
    ['version 1', withSignature(new Uint8Array(9), keyId, 'sha256', 3, 1), 'unsupported', /version 1/],
    ['version 4', withSignature(new Uint8Array(9), keyId, 'sha256', 3, 4), 'unsupported', /version 4/],
    ['verity of version 2', withSignature(new Uint8Array(9), keyId, 'sha256', 6), 'unsupported', /version 2/],
    ['an unknown hash', withSignature(new Uint8Array(9), keyId, 'other'), 'unsupported', /algorithm 0/],
    ['SHA-224', withSignature(new Uint8Array(9), keyId, 'sha224'), 'unsupported', /sha224 is not accepted/],
    ['a cut header', fromHex('030204aabb'), 'bad', /signature_v2_hdr.keyId/],
    ['a cut signature', withSignature(new Uint8Array(9), keyId).slice(0, -1), 'bad', /signature_v2_hdr/],
    [
      'bytes after it',
      concatBytes(withSignature(new Uint8Array(9), keyId), Uint8Array.of(0)),
      'bad',
      /unread/,
    ],
    ['too long', withSignature(new Uint8Array(2049), keyId), 'bad', /above the limit of 2048/],
    ['nothing', new Uint8Array(), 'unsigned', /no signature/],
  ])('%s', (_, attribute, outcome, reason) => {
    const result = judge(attribute, [key.publicKey])
    expect(result.outcome).toBe(outcome)
    expect('reason' in result && result.reason).toMatch(reason)
  })

  test('a violation is never signed', () => {
    expect(judge(attributeOf({ key }), [key.publicKey], { violation: true }).outcome).toBe('unsigned')
  })

  test('an appended signature is told from none', () => {
    const modsig = (appended: string, signature: Uint8Array | string) => ({
      template: 'ima-modsig',
      fields: [
        digestField('sha256'),
        '/x\0',
        signature,
        appended === '' ? '' : digestField('sha512'),
        appended,
      ],
    })
    expect(judge(new Uint8Array(), [], modsig('pkcs7', ''))).toEqual({
      outcome: 'unsupported',
      reason: 'it has only an appended signature (PKCS#7), which is not verified here',
    })
    expect(judge(new Uint8Array(), [], modsig('', '')).outcome).toBe('unsigned')
    const both = modsig('pkcs7', attributeOf({ key }))
    expect(judge(new Uint8Array(), [key.publicKey], both).outcome).toBe('verified')
  })

  test('of a template without signatures there is none', () => {
    const fields = [digestField('sha256'), '/x\0']
    expect(judge(new Uint8Array(), [], { template: 'ima-ng', fields }).outcome).toBe('unsigned')
  })

  test('any attribute is read, or it is said why not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(3, 5, 6, 0), (rest, type) => {
        const read = readFileSignature(concatBytes(Uint8Array.of(type), rest))
        expect('keyId' in read || 'unsupported' in read || 'malformed' in read).toBe(true)
      }),
    )
  })
})

describe('keyring', () => {
  test('keys are found by the end of the identifier that certificates have', () => {
    const der = rsa.publicKey.export({ type: 'pkcs1', format: 'der' })
    expect(imaKeyId(rsa.publicKey)).toBe(createHash('sha1').update(der).digest('hex').slice(-8))
    const key = ecKeys.get('P-521')?.publicKey as KeyObject
    const { x = '', y = '' } = exportJwk(key)
    const point = concatBytes(Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url'))
    expect(imaKeyId(key)).toBe(createHash('sha1').update(point).digest('hex').slice(-8))
  })

  test('two keys of the same identifier are both tried', () => {
    const keyring = createImaKeyring([
      { key: otherRsa.publicKey, keyId: 'DEADBEEF', name: 'first' },
      { key: rsa.publicKey, keyId: 'deadbeef', name: 'second' },
    ])
    const signature = withSignature(Uint8Array.from(sign('sha256', content, rsa.privateKey)), 'deadbeef')
    const fields = [digestField('sha256'), '/x\0', signature]
    const [entry] = parseImaLog(imaList().entry({ template: 'ima-sig', fields }).build().binary).events
    if (entry === undefined) throw new Error('the list is empty')
    expect(verifyFileSignature(entry, keyring)).toEqual({
      outcome: 'verified',
      key: 'second',
      keyId: 'deadbeef',
    })
  })

  test.each<[string, () => KeyObject, RegExp]>([
    ['a private key', () => rsa.privateKey, /not a public key/],
    ['RSA of 1024 bits', () => generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, /1024 bits/],
    [
      'an exponent of 3',
      () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey,
      /exponent/,
    ],
    ['an unknown curve', () => generateKeyPairSync('ec', { namedCurve: 'prime192v1' }).publicKey, /curve/],
    ['Ed25519', () => generateKeyPairSync('ed25519').publicKey, /ed25519/],
    ['RSA for PSS', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey, /rsa-pss/],
    ['a modulus of 20,000 bits', hugeKey, /bits/],
  ])('%s is refused', (_, make, reason) => {
    expect(() => createImaKeyring([{ key: make() }])).toThrow(reason)
  })

  test('an identifier is eight digits', () => {
    for (const keyId of ['', 'deadbee', 'deadbeef0', 'deadbeeg']) {
      expect(() => createImaKeyring([{ key: rsa.publicKey, keyId }])).toThrow(/eight hexadecimal digits/)
    }
  })
})

/** A key that would take seconds to compute with. */
function hugeKey(): KeyObject {
  const n = Buffer.alloc(2500, 0xff).toString('base64url')
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' })
}
