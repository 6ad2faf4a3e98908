import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { concatBytes, exportJwk, fromHex, SecretBytes, toHex, utf8 } from '@trusthold/core/bytes'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { plainKeyValue } from '../../src/protocol/index.js'
import { decodeMessage, item, tags } from '../../src/ttlv/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { allUses, attr, named, type Payload, type Talker, talk } from './talker.js'

let identities: TestIdentities
let embedded: Embedded
let talker: Talker
let now = 1_000_000
beforeAll(async () => {
  identities = await createIdentities()
  embedded = await startEmbedded(identities, { clock: { now: () => now * 1_000 } })
  talker = await talk(embedded, identities, '2.1')
})
afterAll(async () => {
  await talker[Symbol.asyncDispose]()
  await embedded.server.close()
  await identities.remove()
})
beforeEach(() => {
  now = 1_000_000
})

type Block = { keyFormatType: string; keyValue: unknown; keyWrappingData?: Payload } & Payload
const secret = (bytes: Uint8Array): SecretBytes => SecretBytes.from(bytes)
const active = attr('ActivationDate', 1n)
const isActive = [active, attr('CryptographicUsageMask', allUses)]

const blockOf = (got: Payload): Block => {
  const holder = Object.values(got).find(
    (value) => typeof value === 'object' && value !== null && 'keyBlock' in value,
  )
  return (holder as { keyBlock: Block }).keyBlock
}
const materialOf = (got: Payload): Uint8Array => {
  const { keyMaterial } = blockOf(got).keyValue as { keyMaterial: SecretBytes | { key: SecretBytes } }
  return (keyMaterial instanceof SecretBytes ? keyMaterial : keyMaterial.key).copy()
}
const get = (uniqueIdentifier: unknown, more: object = {}) => talker.ask('Get', { uniqueIdentifier, ...more })
const fields: Readonly<Record<string, string>> = {
  SymmetricKey: 'symmetricKey',
  PublicKey: 'publicKey',
  PrivateKey: 'privateKey',
  SecretData: 'secretData',
  SplitKey: 'splitKey',
}
const registration = (
  objectType: string,
  keyBlock: object,
  more: object = {},
  attributes: readonly object[] = [],
) => ({
  objectType,
  attributes,
  [fields[objectType] ?? '']: { ...more, keyBlock },
})
const register = async (...args: Parameters<typeof registration>): Promise<string> =>
  String((await talker.ask('Register', registration(...args)))['uniqueIdentifier'])
const raw = (bytes: Uint8Array, more: object = {}) => ({
  keyFormatType: 'Raw',
  keyValue: { keyMaterial: secret(bytes) },
  ...more,
})
const aes = { cryptographicAlgorithm: 'AES' }

async function attributesOf(uniqueIdentifier: unknown): Promise<{ name: string; value: unknown }[]> {
  const { attributes } = await talker.ask('GetAttributes', { uniqueIdentifier })
  return attributes as { name: string; value: unknown }[]
}
const valueIn = async (id: unknown, name: string): Promise<unknown> =>
  (await attributesOf(id)).find((attribute) => attribute.name === name)?.value

describe('created keys', () => {
  test.each([
    ['AES', 128, 16],
    ['AES', 192, 24],
    ['DES3', 168, 24],
    ['DES3', 192, 24],
    ['Camellia', 256, 32],
    ['ChaCha20Poly1305', 256, 32],
    ['HMAC_SHA256', 160, 20],
  ])('%s, %i bits', async (algorithm, bits, length) => {
    const { uniqueIdentifier } = await talker.ask('Create', {
      objectType: 'SymmetricKey',
      attributes: [
        attr('CryptographicAlgorithm', algorithm),
        attr('CryptographicLength', bits),
        attr('CryptographicUsageMask', 4),
      ],
    })
    const got = await get(uniqueIdentifier)
    expect(materialOf(got)).toHaveLength(length)
    expect(blockOf(got)).toMatchObject({ cryptographicAlgorithm: algorithm, cryptographicLength: bits })
    expect(await valueIn(uniqueIdentifier, 'CryptographicLength')).toBe(bits)
  })

  const given = {
    algorithm: attr('CryptographicAlgorithm', 'AES'),
    length: attr('CryptographicLength', 256),
    mask: attr('CryptographicUsageMask', 4),
  }
  test.each([
    ['no algorithm', [given.length, given.mask], 'InvalidField'],
    ['no length', [given.algorithm, given.mask], 'InvalidField'],
    ['no mask', [given.algorithm, given.length], 'InvalidField'],
    [
      'a length that AES lacks',
      [given.algorithm, attr('CryptographicLength', 512), given.mask],
      'InvalidField',
    ],
    [
      'an algorithm without keys of its own',
      [attr('CryptographicAlgorithm', 'RSA'), given.length, given.mask],
      'InvalidField',
    ],
    ['two lengths', [given.algorithm, given.length, given.length, given.mask], 'AttributeSingleValued'],
  ])('%s is refused', async (_, attributes, reason) => {
    expect(await talker.refused('Create', { objectType: 'SymmetricKey', attributes })).toBe(reason)
  })

  test('other objects are not created, and templates are not known', async () => {
    expect(await talker.refused('Create', { objectType: 'SecretData', attributes: [] })).toBe(
      'InvalidObjectType',
    )
    await using old = await talk(embedded, identities, '1.2')
    const name = [{ nameValue: 'template', nameType: 'UninterpretedTextString' }]
    const request = { objectType: 'SymmetricKey', templateAttribute: { name } }
    expect(await old.refused('Create', request)).toBe('FeatureNotSupported')
    const registering = { objectType: 'Template', templateAttribute: {}, template: { attribute: [] } }
    expect(await old.refused('Register', registering)).toBe('InvalidField')
  })
})

describe('key pairs', () => {
  const create = (common: object[], more: object = {}) => ({
    commonAttributes: common,
    privateKeyAttributes: [attr('CryptographicUsageMask', 1)],
    publicKeyAttributes: [attr('CryptographicUsageMask', 2)],
    ...more,
  })

  test.each([
    ['RSA', 2048, 'rsa'],
    ['EC', 256, 'ec'],
    ['ECDSA', 521, 'ec'],
  ])('%s, %i bits: the halves belong together and name each other', async (algorithm, bits, type) => {
    const made = await talker.ask(
      'CreateKeyPair',
      create([attr('CryptographicAlgorithm', algorithm), attr('CryptographicLength', bits)]),
    )
    const [privateId, publicId] = [made['privateKeyUniqueIdentifier'], made['publicKeyUniqueIdentifier']]
    const der = (bytes: Uint8Array) => Buffer.from(bytes)
    const privateKey = createPrivateKey({
      key: der(materialOf(await get(privateId))),
      format: 'der',
      type: 'pkcs8',
    })
    const publicKey = createPublicKey({
      key: der(materialOf(await get(publicId))),
      format: 'der',
      type: 'spki',
    })
    expect(privateKey.asymmetricKeyType).toBe(type)
    expect(createPublicKey(privateKey).equals(publicKey)).toBe(true)
    expect(await valueIn(privateId, 'Link')).toEqual({
      linkType: 'PublicKeyLink',
      linkedObjectIdentifier: publicId,
    })
    expect(await valueIn(publicId, 'Link')).toEqual({
      linkType: 'PrivateKeyLink',
      linkedObjectIdentifier: privateId,
    })
    expect(await valueIn(publicId, 'CryptographicAlgorithm')).toBe(algorithm)
    expect(await valueIn(privateId, 'CryptographicLength')).toBe(bits)
    expect(await valueIn(privateId, 'CryptographicUsageMask')).toBe(1)
  })

  test('a curve by its name; an attribute of one half wins over the common one', async () => {
    const domain = attr('CryptographicDomainParameters', { recommendedCurve: 'SECP256K1' })
    const common = [attr('CryptographicAlgorithm', 'EC'), domain, attr('ContactInformation', 'both')]
    const more = {
      publicKeyAttributes: [attr('CryptographicUsageMask', 2), attr('ContactInformation', 'mine')],
    }
    const made = await talker.ask('CreateKeyPair', create(common, more))
    const { publicKeyUniqueIdentifier: publicId, privateKeyUniqueIdentifier: privateId } = made
    const der = Buffer.from(materialOf(await get(publicId)))
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
    expect(publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp256k1')
    expect(await valueIn(publicId, 'ContactInformation')).toBe('mine')
    expect(await valueIn(privateId, 'ContactInformation')).toBe('both')
  })

  test('what is not made is refused', async () => {
    const cases = [
      [attr('CryptographicAlgorithm', 'RSA'), attr('CryptographicLength', 1024)],
      [attr('CryptographicAlgorithm', 'RSA')],
      [attr('CryptographicAlgorithm', 'DSA'), attr('CryptographicLength', 2048)],
      [attr('CryptographicLength', 2048)],
      [attr('CryptographicAlgorithm', 'EC'), attr('CryptographicLength', 100)],
      [
        attr('CryptographicAlgorithm', 'EC'),
        attr('CryptographicLength', 384),
        attr('CryptographicDomainParameters', { recommendedCurve: 'P_256' }),
      ],
    ]
    for (const common of cases)
      expect(await talker.refused('CreateKeyPair', create(common))).toBe('InvalidField')
    const rsa = [attr('CryptographicAlgorithm', 'RSA'), attr('CryptographicLength', 2048)]
    expect(await talker.refused('CreateKeyPair', create(rsa, { publicKeyAttributes: [] }))).toBe(
      'InvalidField',
    )
  })

  test('when one half is refused, nothing is left of the other', async () => {
    const taken = named('taken')
    await talker.createKey(taken)
    const free = named('free')
    const request = create([attr('CryptographicAlgorithm', 'EC'), attr('CryptographicLength', 256)], {
      privateKeyAttributes: [attr('CryptographicUsageMask', 1), taken],
      publicKeyAttributes: [attr('CryptographicUsageMask', 2), free],
    })
    expect(await talker.refused('CreateKeyPair', request)).toBe('NonUniqueNameAttribute')
    expect(await talker.ask('Locate', { attributes: [attr('ObjectType', 'PublicKey'), free] })).toEqual({
      locatedItems: 0,
    })
    await talker.createKey(free)
  })
})

describe('registered objects', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'spki' | 'sec1'): Uint8Array =>
    new Uint8Array(key.export({ format: 'der', type: type as 'pkcs1' }))
  const halves: readonly (readonly [string, string, Uint8Array, number])[] = [
    ['PrivateKey', 'PKCS_1', der(rsa.privateKey, 'pkcs1'), 2048],
    ['PrivateKey', 'PKCS_8', der(rsa.privateKey, 'pkcs8'), 2048],
    ['PublicKey', 'PKCS_1', der(rsa.publicKey, 'pkcs1'), 2048],
    ['PublicKey', 'X_509', der(rsa.publicKey, 'spki'), 2048],
    ['PrivateKey', 'ECPrivateKey', der(ec.privateKey, 'sec1'), 256],
    ['PrivateKey', 'PKCS_8', der(ec.privateKey, 'pkcs8'), 256],
    ['PublicKey', 'X_509', der(ec.publicKey, 'spki'), 256],
  ]

  test.each(halves)('a %s in %s comes back as it is', async (objectType, keyFormatType, bytes, bits) => {
    const id = await register(objectType, { keyFormatType, keyValue: { keyMaterial: secret(bytes) } })
    const got = await get(id)
    expect(blockOf(got).keyFormatType).toBe(keyFormatType)
    expect(toHex(materialOf(got))).toBe(toHex(bytes))
    expect(await valueIn(id, 'CryptographicLength')).toBe(bits)
    expect(await valueIn(id, 'CryptographicAlgorithm')).toBe(bits === 256 ? 'EC' : 'RSA')
  })

  test('keys of pairs come in each format that they have, and no other', async () => {
    const [rsaId, ecId] = [
      await register('PrivateKey', {
        keyFormatType: 'PKCS_8',
        keyValue: { keyMaterial: secret(der(rsa.privateKey, 'pkcs8')) },
      }),
      await register('PrivateKey', {
        keyFormatType: 'PKCS_8',
        keyValue: { keyMaterial: secret(der(ec.privateKey, 'pkcs8')) },
      }),
    ]
    const as = async (id: string, keyFormatType: string) =>
      toHex(materialOf(await get(id, { keyFormatType })))
    expect(await as(rsaId, 'PKCS_1')).toBe(toHex(der(rsa.privateKey, 'pkcs1')))
    expect(await as(ecId, 'ECPrivateKey')).toBe(toHex(der(ec.privateKey, 'sec1')))
    const refused = (id: string, keyFormatType: string) =>
      talker.refused('Get', { uniqueIdentifier: id, keyFormatType })
    for (const format of ['Raw', 'X_509', 'ECPrivateKey', 'TransparentRSAPrivateKey']) {
      expect(await refused(rsaId, format)).toBe('KeyFormatTypeNotSupported')
    }
    expect(await refused(ecId, 'PKCS_1')).toBe('KeyFormatTypeNotSupported')
    const compressed = { uniqueIdentifier: ecId, keyCompressionType: 'ECPublicKeyTypeX9_62CompressedPrime' }
    expect(await talker.refused('Get', compressed)).toBe('KeyCompressionTypeNotSupported')
  })

  test('an RSA key that is taken apart is put together', async () => {
    const jwk = exportJwk(rsa.privateKey)
    const number = (text: string | undefined): bigint =>
      BigInt(`0x${Buffer.from(text ?? '', 'base64url').toString('hex')}`)
    const secretNumber = (text: string | undefined): SecretBytes => {
      const bytes = Buffer.from(text ?? '', 'base64url')
      const padded = new Uint8Array(Math.ceil((bytes.length + 1) / 8) * 8)
      padded.set(bytes, padded.length - bytes.length)
      return SecretBytes.take(padded)
    }
    const material = {
      modulus: number(jwk.n),
      privateExponent: secretNumber(jwk.d),
      publicExponent: number(jwk.e),
      p: secretNumber(jwk.p),
      q: secretNumber(jwk.q),
      primeExponentP: secretNumber(jwk.dp),
      primeExponentQ: secretNumber(jwk.dq),
      crtCoefficient: secretNumber(jwk.qi),
    }
    const block = { keyFormatType: 'TransparentRSAPrivateKey', keyValue: { keyMaterial: material } }
    const got = await get(await register('PrivateKey', block))
    expect(toHex(materialOf(got))).toBe(toHex(der(rsa.privateKey, 'pkcs1')))
    const { p: _, ...incomplete } = material
    const without = { ...block, keyValue: { keyMaterial: incomplete } }
    expect(await talker.refused('Register', registration('PrivateKey', without))).toBe('MissingData')
    const keyMaterial = { modulus: number(jwk.n), publicExponent: number(jwk.e) }
    const publicBlock = { keyFormatType: 'TransparentRSAPublicKey', keyValue: { keyMaterial } }
    const publicKey = await get(await register('PublicKey', publicBlock))
    expect(toHex(materialOf(publicKey))).toBe(toHex(der(rsa.publicKey, 'pkcs1')))
    const dsa = {
      keyFormatType: 'TransparentDSAPublicKey',
      keyValue: { keyMaterial: { p: 3n, q: 5n, g: 7n, y: 9n } },
    }
    expect(await talker.refused('Register', registration('PublicKey', dsa))).toBe('KeyFormatTypeNotSupported')
  })

  test('a symmetric key comes raw and transparent, however it came', async () => {
    const bytes = fromHex('00112233445566778899aabbccddeeff')
    const transparent = {
      keyFormatType: 'TransparentSymmetricKey',
      keyValue: { keyMaterial: { key: secret(bytes) } },
      cryptographicAlgorithm: 'AES',
      cryptographicLength: 128,
    }
    for (const block of [raw(bytes, aes), transparent]) {
      const id = await register('SymmetricKey', block)
      for (const [format, more] of [
        ['Raw', {}],
        ['Raw', { keyFormatType: 'Raw' }],
        ['TransparentSymmetricKey', { keyFormatType: 'TransparentSymmetricKey' }],
      ] as const) {
        const got = await get(id, more)
        expect(blockOf(got).keyFormatType).toBe(format)
        expect(toHex(materialOf(got))).toBe(toHex(bytes))
      }
    }
  })

  const bytes16 = new Uint8Array(16).fill(1)
  const wrongs: readonly (readonly [string, ReturnType<typeof registration>, string])[] = [
    ['an AES key of 10 bytes', registration('SymmetricKey', raw(new Uint8Array(10), aes)), 'InvalidField'],
    [
      'a length that is not the key’s',
      registration('SymmetricKey', raw(bytes16, { ...aes, cryptographicLength: 256 })),
      'InvalidField',
    ],
    ['a key of no algorithm', registration('SymmetricKey', raw(bytes16)), 'MissingData'],
    ['an empty key', registration('SymmetricKey', raw(new Uint8Array(), aes)), 'InvalidField'],
    ['a block without a key', registration('SymmetricKey', { keyFormatType: 'Raw', ...aes }), 'MissingData'],
    [
      'attributes that contradict the block',
      registration('SymmetricKey', raw(bytes16, aes), {}, [attr('CryptographicAlgorithm', 'DES3')]),
      'InvalidField',
    ],
    [
      'a compressed key',
      registration(
        'SymmetricKey',
        raw(bytes16, { ...aes, keyCompressionType: 'ECPublicKeyTypeUncompressed' }),
      ),
      'KeyCompressionTypeNotSupported',
    ],
    [
      'a private key that is none',
      registration('PrivateKey', { keyFormatType: 'PKCS_8', keyValue: { keyMaterial: secret(bytes16) } }),
      'InvalidField',
    ],
    [
      'a private key in no format of one',
      registration('PrivateKey', raw(bytes16)),
      'KeyFormatTypeNotSupported',
    ],
    [
      'an object of another type',
      { ...registration('SymmetricKey', raw(bytes16, aes)), objectType: 'PublicKey' },
      'InvalidField',
    ],
    ['no object', { objectType: 'SymmetricKey', attributes: [] }, 'InvalidField'],
  ]
  test.each(wrongs)('%s is refused', async (_, request, reason) => {
    expect(await talker.refused('Register', request)).toBe(reason)
  })

  test('an RSA key is not taken for an EC key', async () => {
    const block = {
      keyFormatType: 'X_509',
      keyValue: { keyMaterial: secret(der(rsa.publicKey, 'spki')) },
      cryptographicAlgorithm: 'ECDSA',
    }
    expect(await talker.refused('Register', registration('PublicKey', block))).toBe('InvalidField')
    const short = { ...block, cryptographicAlgorithm: 'RSA', cryptographicLength: 1024 }
    expect(await talker.refused('Register', registration('PublicKey', short))).toBe('InvalidField')
    const ed25519 = generateKeyPairSync('ed25519').publicKey
    const other = { keyFormatType: 'X_509', keyValue: { keyMaterial: secret(der(ed25519, 'spki')) } }
    expect(await talker.refused('Register', registration('PublicKey', other))).toBe('InvalidField')
  })

  test('attributes that travel with a key count as those of the request', async () => {
    await using old = await talk(embedded, identities, '1.2')
    const block = raw(bytes16, aes)
    const keyBlock = {
      ...block,
      keyValue: { ...block.keyValue, attribute: [attr('ContactInformation', 'inside')] },
    }
    const request = { objectType: 'SymmetricKey', templateAttribute: {}, symmetricKey: { keyBlock } }
    const { uniqueIdentifier } = await old.ask('Register', request)
    expect(await valueIn(uniqueIdentifier, 'ContactInformation')).toBe('inside')
  })

  test('certificates, secrets, opaque objects, parts of keys and PGP keys are kept', async () => {
    const pem = identities.server.certificate.replace(/-----[^-]+-----|\s/g, '')
    const certificateValue = new Uint8Array(Buffer.from(pem, 'base64'))
    const certificate = { certificateType: 'X_509', certificateValue }
    const { uniqueIdentifier: id } = await talker.ask('Register', {
      objectType: 'Certificate',
      attributes: [],
      certificate,
    })
    expect(await get(id)).toMatchObject({ certificate })
    expect(await valueIn(id, 'CertificateLength')).toBe(certificateValue.length)
    expect(await valueIn(id, 'CryptographicAlgorithm')).toBe('EC')
    expect(await talker.refused('Get', { uniqueIdentifier: id, keyFormatType: 'X_509' })).toBe(
      'KeyFormatTypeNotSupported',
    )
    const bad = { certificateType: 'X_509', certificateValue: bytes16 }
    expect(
      await talker.refused('Register', { objectType: 'Certificate', attributes: [], certificate: bad }),
    ).toBe('InvalidField')

    const secretId = await register('SecretData', raw(utf8('password')), { secretDataType: 'Password' })
    expect(toHex(materialOf(await get(secretId)))).toBe(toHex(utf8('password')))
    const split = { splitKeyParts: 3, keyPartIdentifier: 1, splitKeyThreshold: 2, splitKeyMethod: 'XOR' }
    const splitId = await register('SplitKey', raw(bytes16, aes), split)
    expect((await get(splitId))['splitKey']).toMatchObject(split)
    const { uniqueIdentifier: opaque } = await talker.ask('Register', {
      objectType: 'OpaqueObject',
      attributes: [],
      opaqueObject: { opaqueDataType: 0x8000_0001, opaqueDataValue: secret(bytes16) },
    })
    const got = (await get(opaque))['opaqueObject'] as { opaqueDataValue: SecretBytes }
    expect(toHex(got.opaqueDataValue.copy())).toBe(toHex(bytes16))
    const { uniqueIdentifier: pgp } = await talker.ask('Register', {
      objectType: 'PGPKey',
      attributes: [],
      pgpKey: { pgpKeyVersion: 4, keyBlock: raw(bytes16) },
    })
    expect((await get(pgp))['pgpKey']).toMatchObject({ pgpKeyVersion: 4 })
    const csr = { certificateRequestType: 'PKCS_10', certificateRequestValue: bytes16 }
    const { uniqueIdentifier: request } = await talker.ask('Register', {
      objectType: 'CertificateRequest',
      attributes: [],
      certificateRequest: csr,
    })
    expect(await get(request)).toMatchObject({ certificateRequest: csr })
  })
})

describe('wrapped keys', () => {
  // RFC 3394, section 4.3.
  const kek = fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
  const plain = fromHex('00112233445566778899aabbccddeeff')
  const specification = (uniqueIdentifier: string, blockCipherMode: string, more: object = {}) => ({
    keyWrappingSpecification: {
      wrappingMethod: 'Encrypt',
      encryptionKeyInformation: { uniqueIdentifier, cryptographicParameters: { blockCipherMode } },
      encodingOption: 'NoEncoding',
      ...more,
    },
  })
  const wrappedOf = (got: Payload): Uint8Array => (blockOf(got).keyValue as SecretBytes).copy()
  const both = async (more: readonly object[] = []) =>
    [
      await register('SymmetricKey', raw(kek, aes), {}, isActive),
      await register('SymmetricKey', raw(plain, aes), {}, more),
    ] as const

  test('AES key wrap: RFC 3394; with padding: RFC 5649', async () => {
    const [wrapping, id] = await both()
    const got = await get(id, specification(wrapping, 'NISTKeyWrap'))
    expect(toHex(wrappedOf(got))).toBe('64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7')
    expect(blockOf(got).keyWrappingData).toEqual({
      wrappingMethod: 'Encrypt',
      encryptionKeyInformation: {
        uniqueIdentifier: wrapping,
        cryptographicParameters: { blockCipherMode: 'NISTKeyWrap' },
      },
      encodingOption: 'NoEncoding',
    })
    // RFC 5649, section 6.
    const kek24 = fromHex('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8')
    const padding = await register('SymmetricKey', raw(kek24, aes), {}, isActive)
    const password = await register('SecretData', raw(fromHex('466f7250617369')), {
      secretDataType: 'Password',
    })
    const padded = await get(password, specification(padding, 'AESKeyWrapPadding'))
    expect(toHex(wrappedOf(padded))).toBe('afbeb0f07dfbf5419200f2ccb50bb24f')
    const odd = { uniqueIdentifier: password, ...specification(padding, 'NISTKeyWrap') }
    expect(await talker.refused('Get', odd)).toBe('CryptographicFailure')
  })

  test('AES-GCM: the vector comes with it, the tag follows the key', async () => {
    const [wrapping, id] = await both()
    const got = await get(id, specification(wrapping, 'GCM'))
    const wrapped = wrappedOf(got)
    const { ivCounterNonce } = blockOf(got).keyWrappingData as { ivCounterNonce: Uint8Array }
    const decipher = createDecipheriv('aes-256-gcm', kek, ivCounterNonce).setAuthTag(wrapped.slice(-16))
    expect(toHex(concatBytes(decipher.update(wrapped.slice(0, -16)), decipher.final()))).toBe(toHex(plain))
  })

  test('without an Encoding Option the Key Value itself is wrapped, with attributes when they are asked for', async () => {
    const mark = {
      name: 'Custom',
      vendor: 'x',
      title: 'mark',
      value: item(tags.AttributeValue, 'TextString', 'a'),
    }
    const [wrapping, id] = await both([attr('ContactInformation', 'me'), mark])
    const unwrap = (wrapped: Uint8Array) => {
      const decipher = createDecipheriv('id-aes256-wrap', kek, new Uint8Array(8).fill(0xa6))
      return decodeMessage(plainKeyValue, concatBytes(decipher.update(wrapped), decipher.final()))
    }
    for (const encodingOption of [undefined, 'TTLVEncoding'] as const) {
      const more = encodingOption === undefined ? { encodingOption: undefined } : { encodingOption }
      const bare = unwrap(wrappedOf(await get(id, specification(wrapping, 'NISTKeyWrap', more))))
      expect((bare.keyMaterial as SecretBytes).copy()).toEqual(plain)
      expect(bare.attributes).toBeUndefined()
      const attributeName = ['Contact Information', 'x-mark']
      const full = unwrap(
        wrappedOf(await get(id, specification(wrapping, 'NISTKeyWrap', { ...more, attributeName }))),
      )
      expect(full.attributes?.map(({ name }) => name).sort()).toEqual(['ContactInformation', 'Custom'])
    }
    const contradiction = specification(wrapping, 'NISTKeyWrap', { attributeName: ['State'] })
    expect(await talker.refused('Get', { uniqueIdentifier: id, ...contradiction })).toBe(
      'EncodingOptionError',
    )
  })

  test('a private key is wrapped in its format', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const bytes = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))
    const id = await register('PrivateKey', {
      keyFormatType: 'PKCS_8',
      keyValue: { keyMaterial: secret(bytes) },
    })
    const [wrapping] = await both()
    const got = await get(id, specification(wrapping, 'AESKeyWrapPadding'))
    const decipher = createDecipheriv('id-aes256-wrap-pad', kek, fromHex('a65959a6'))
    expect(toHex(concatBytes(decipher.update(wrappedOf(got)), decipher.final()))).toBe(toHex(bytes))
  })

  test('what does not wrap is refused, and the wrapping key is named', async () => {
    const [wrapping, id] = await both()
    const refused = (specified: object) => talker.refused('Get', { uniqueIdentifier: id, ...specified })
    expect(await refused(specification('nobody', 'NISTKeyWrap'))).toBe('WrappingObjectNotFound')
    expect(await refused(specification(id, 'NISTKeyWrap'))).toBe('WrongKeyLifecycleState')
    const useless = await register('SymmetricKey', raw(kek, aes), {}, [
      active,
      attr('CryptographicUsageMask', 4),
    ])
    expect(await refused(specification(useless, 'NISTKeyWrap'))).toBe('IncompatibleCryptographicUsageMask')
    const archived = await talker.createKey(active)
    await talker.ask('Archive', { uniqueIdentifier: archived })
    expect(await refused(specification(archived, 'NISTKeyWrap'))).toBe('WrappingObjectArchived')
    const destroyed = await talker.createKey()
    await talker.ask('Destroy', { uniqueIdentifier: destroyed })
    expect(await refused(specification(destroyed, 'NISTKeyWrap'))).toBe('WrappingObjectDestroyed')
    expect(await refused(specification(wrapping, 'CBC'))).toBe('UnsupportedCryptographicParameters')
    const hmac = await register(
      'SymmetricKey',
      raw(kek, { cryptographicAlgorithm: 'HMAC_SHA256' }),
      {},
      isActive,
    )
    expect(await refused(specification(hmac, 'NISTKeyWrap'))).toBe('BadCryptographicParameters')
    const opaque = await register('SecretData', raw(kek), { secretDataType: 'Seed' }, isActive)
    expect(await refused(specification(opaque, 'NISTKeyWrap'))).toBe('IllegalObjectType')
    expect(await refused(specification(wrapping, 'NISTKeyWrap', { wrappingMethod: 'MACSign' }))).toBe(
      'FeatureNotSupported',
    )
    expect(
      await refused(specification(wrapping, 'NISTKeyWrap', { encryptionKeyInformation: undefined })),
    ).toBe('MissingData')
    const bare = { encryptionKeyInformation: { uniqueIdentifier: wrapping } }
    expect(await refused(specification(wrapping, 'NISTKeyWrap', bare))).toBe('MissingData')
    const transparent = {
      ...specification(wrapping, 'NISTKeyWrap', { encodingOption: undefined }),
      keyFormatType: 'TransparentSymmetricKey',
    }
    expect(await refused(transparent)).toBe('KeyFormatTypeNotSupported')
    await using old = await talk(embedded, identities, '1.0')
    expect(
      await old.refused('Get', { uniqueIdentifier: id, ...specification(wrapping, 'NISTKeyWrap') }),
    ).toBe('InvalidField')
  })

  test('a key that came wrapped stays so: it is returned, and neither opened, changed nor used', async () => {
    const wrapped = fromHex('64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7')
    const keyWrappingData = {
      wrappingMethod: 'Encrypt',
      encryptionKeyInformation: {
        uniqueIdentifier: 'elsewhere',
        cryptographicParameters: { blockCipherMode: 'NISTKeyWrap' },
      },
      encodingOption: 'NoEncoding',
    }
    const block = {
      keyFormatType: 'Raw',
      keyValue: secret(wrapped),
      ...aes,
      cryptographicLength: 128,
      keyWrappingData,
    }
    const id = await register('SymmetricKey', block, {}, isActive)
    const got = await get(id)
    expect(toHex(wrappedOf(got))).toBe(toHex(wrapped))
    expect(blockOf(got).keyWrappingData).toEqual(keyWrappingData)
    expect(await valueIn(id, 'CryptographicLength')).toBe(128)
    const [wrapping] = await both()
    const refused = (more: object) => talker.refused('Get', { uniqueIdentifier: id, ...more })
    expect(await refused(specification(wrapping, 'NISTKeyWrap'))).toBe('PermissionDenied')
    expect(await refused({ keyWrapType: 'NotWrapped' })).toBe('KeyWrapTypeNotSupported')
    expect(await refused({ keyFormatType: 'TransparentSymmetricKey' })).toBe('KeyFormatTypeNotSupported')
    const use = {
      uniqueIdentifier: id,
      cryptographicParameters: { blockCipherMode: 'CTR' },
      data: secret(plain),
    }
    expect(await talker.refused('Encrypt', use)).toBe('PermissionDenied')
  })
})

describe('re-keying', () => {
  test('the new key has what the old one had, and its names; both are linked, and it happens once', async () => {
    const mark = {
      name: 'Custom',
      vendor: 'x',
      title: 'mark',
      value: item(tags.AttributeValue, 'TextString', 'a'),
    }
    const name = named('rotating')
    const id = await talker.createKey(
      name,
      active,
      attr('ObjectGroup', 'g'),
      attr('ContactInformation', 'me'),
      mark,
    )
    now += 10
    const { uniqueIdentifier: next } = await talker.ask('ReKey', { uniqueIdentifier: id })
    expect(toHex(materialOf(await get(next)))).not.toBe(toHex(materialOf(await get(id))))
    const attributes = await attributesOf(next)
    for (const inherited of [
      'Name',
      'ObjectGroup',
      'ContactInformation',
      'Custom',
      'CryptographicUsageMask',
    ]) {
      expect(attributes.map((attribute) => attribute.name)).toContain(inherited)
    }
    expect(await valueIn(next, 'InitialDate')).toBe(BigInt(now))
    expect(await valueIn(next, 'State')).toBe('PreActive')
    expect(await valueIn(next, 'Link')).toEqual({
      linkType: 'ReplacedObjectLink',
      linkedObjectIdentifier: id,
    })
    expect(await valueIn(id, 'Link')).toEqual({
      linkType: 'ReplacementObjectLink',
      linkedObjectIdentifier: next,
    })
    expect(await valueIn(id, 'Name')).toBeUndefined()
    expect((await talker.ask('Locate', { attributes: [name] }))['uniqueIdentifier']).toEqual([next])
    await expect(talker.createKey(name)).rejects.toThrow('NonUniqueNameAttribute')
    expect(await talker.refused('ReKey', { uniqueIdentifier: id })).toBe('PermissionDenied')
    await talker.ask('ReKey', { uniqueIdentifier: next })
  })

  test('with an offset the dates move along; attributes of the request win', async () => {
    const on = (name: string, offset: number) => attr(name, BigInt(1_000_000 + offset))
    const id = await talker.createKey(
      on('ActivationDate', 0),
      on('ProcessStartDate', 5),
      on('ProtectStopDate', 50),
      on('DeactivationDate', 100),
    )
    now += 20
    const { uniqueIdentifier: next } = await talker.ask('ReKey', { uniqueIdentifier: id, offset: 10 })
    expect(await valueIn(next, 'ActivationDate')).toBe(BigInt(now + 10))
    expect(await valueIn(next, 'ProcessStartDate')).toBe(BigInt(now + 15))
    expect(await valueIn(next, 'ProtectStopDate')).toBe(BigInt(now + 60))
    expect(await valueIn(next, 'DeactivationDate')).toBe(BigInt(now + 110))
    const request = { uniqueIdentifier: next, offset: 0, attributes: [on('DeactivationDate', 5_000)] }
    const { uniqueIdentifier: last } = await talker.ask('ReKey', request)
    expect(await valueIn(last, 'DeactivationDate')).toBe(1_005_000n)
    expect(await valueIn(last, 'ActivationDate')).toBe(BigInt(now))
  })

  test('of many at a time one happens', async () => {
    const id = await talker.createKey(named('contended'), active)
    const talkers = await Promise.all(Array.from({ length: 5 }, () => talk(embedded, identities, '2.1')))
    const tries = await Promise.allSettled(talkers.map((each) => each.ask('ReKey', { uniqueIdentifier: id })))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await Promise.all(talkers.map((each) => each[Symbol.asyncDispose]()))
    const links = (await attributesOf(id)).filter(({ name }) => name === 'Link')
    expect(links).toHaveLength(1)
    expect((await talker.ask('Locate', { attributes: [named('contended')] }))['locatedItems']).toBe(1)
  })

  test('other objects are not re-keyed so', async () => {
    const id = await register('SecretData', raw(new Uint8Array(8)), { secretDataType: 'Seed' })
    expect(await talker.refused('ReKey', { uniqueIdentifier: id })).toBe('IllegalObjectType')
    expect(await talker.refused('ReKeyKeyPair', { privateKeyUniqueIdentifier: id })).toBe('IllegalObjectType')
  })

  test('a pair is replaced by a pair', async () => {
    const made = await talker.ask('CreateKeyPair', {
      commonAttributes: [attr('CryptographicAlgorithm', 'EC'), attr('CryptographicLength', 256)],
      privateKeyAttributes: [attr('CryptographicUsageMask', 1), named('private')],
      publicKeyAttributes: [attr('CryptographicUsageMask', 2), named('public')],
    })
    const { privateKeyUniqueIdentifier: old, publicKeyUniqueIdentifier: oldPublic } = made
    const next = await talker.ask('ReKeyKeyPair', { privateKeyUniqueIdentifier: old, offset: 0 })
    const { privateKeyUniqueIdentifier: privateId, publicKeyUniqueIdentifier: publicId } = next
    const links = async (id: unknown) =>
      (await attributesOf(id)).filter(({ name }) => name === 'Link').map(({ value }) => value)
    expect(await links(privateId)).toEqual([
      { linkType: 'PublicKeyLink', linkedObjectIdentifier: publicId },
      { linkType: 'ReplacedObjectLink', linkedObjectIdentifier: old },
    ])
    expect(await links(publicId)).toContainEqual({
      linkType: 'ReplacedObjectLink',
      linkedObjectIdentifier: oldPublic,
    })
    expect(await links(old)).toContainEqual({
      linkType: 'ReplacementObjectLink',
      linkedObjectIdentifier: privateId,
    })
    expect(await valueIn(publicId, 'State')).toBe('Active')
    expect(await valueIn(publicId, 'CryptographicUsageMask')).toBe(2)
    expect((await talker.ask('Locate', { attributes: [named('public')] }))['uniqueIdentifier']).toEqual([
      publicId,
    ])
    expect(await talker.refused('ReKeyKeyPair', { privateKeyUniqueIdentifier: old })).toBe('PermissionDenied')
  })
})

describe('import and export', () => {
  const bytes = new Uint8Array(16).fill(9)
  const importing = (uniqueIdentifier: string, attributes: readonly object[], more: object = {}) => ({
    uniqueIdentifier,
    objectType: 'SymmetricKey',
    attributes,
    symmetricKey: { keyBlock: raw(bytes, aes) },
    ...more,
  })

  test('what is exported is imported elsewhere with all that it has', async () => {
    const id = await talker.createKey(named('travelling'), active, attr('Comment', 'mine'))
    now += 5
    await talker.ask('Revoke', {
      uniqueIdentifier: id,
      revocationReason: { revocationReasonCode: 'Superseded' },
    })
    const exported = await talker.ask('Export', { uniqueIdentifier: id })
    await using elsewhere = await startEmbedded(identities, { clock: { now: () => now * 1_000 } })
    await using other = await talk(elsewhere, identities, '2.1')
    now += 5
    const { objectType, attributes, symmetricKey } = exported
    await other.ask('Import', { uniqueIdentifier: id, objectType, attributes, symmetricKey })
    const again = await other.ask('Export', { uniqueIdentifier: id })
    const byName = (list: unknown) =>
      Object.fromEntries((list as { name: string; value: unknown }[]).map(({ name, value }) => [name, value]))
    expect(byName(again['attributes'])).toEqual(byName(attributes))
    expect(materialOf(again)).toEqual(materialOf(await get(id)))
    expect((await other.ask('Locate', { attributes: [named('travelling')] }))['uniqueIdentifier']).toEqual([
      id,
    ])
  })

  test.each(['any text: / ~ .. é', 'x'.repeat(1_024), '..'])('an id may be %s', async (id) => {
    await talker.ask('Import', importing(id, []))
    expect(toHex(materialOf(await get(id)))).toBe(toHex(bytes))
    await talker.ask('Destroy', { uniqueIdentifier: id })
    expect(await talker.refused('Get', { uniqueIdentifier: id })).toBe('ObjectDestroyed')
  })

  test('an object is replaced only when that is asked for', async () => {
    await talker.ask('Import', importing('mine', [named('before')]))
    expect(await talker.refused('Import', importing('mine', []))).toBe('ObjectAlreadyExists')
    await talker.ask('Import', importing('mine', [named('after')], { replaceExisting: true }))
    expect(await valueIn('mine', 'Name')).toMatchObject({ nameValue: 'after' })
    await talker.createKey(named('before'))
    await using old = await talk(embedded, identities, '1.4')
    const { attributes, ...rest } = importing('mine', [])
    expect(await old.refused('Import', { ...rest, attribute: attributes })).toBe('ObjectAlreadyExists')
    await expect(talker.ask('Import', importing('other', [named('after')]))).rejects.toThrow(
      'NonUniqueNameAttribute',
    )
    const clash = importing('mine', [named('before')], { replaceExisting: true })
    expect(await talker.refused('Import', clash)).toBe('NonUniqueNameAttribute')
    expect(await valueIn('mine', 'Name')).toMatchObject({ nameValue: 'after' })
    await talker.ask('Destroy', { uniqueIdentifier: 'mine' })
    expect(await talker.refused('Import', importing('mine', []))).toBe('ObjectAlreadyExists')
    await talker.ask('Import', importing('mine', [], { replaceExisting: true }))
    const found = await talker.ask('Locate', {
      storageStatusMask: 5,
      attributes: [attr('UniqueIdentifier', 'mine')],
    })
    expect(found).toMatchObject({ locatedItems: 1 })
    expect(await valueIn('mine', 'State')).toBe('PreActive')
  })

  test('what contradicts itself is refused', async () => {
    expect(await talker.refused('Import', importing('', []))).toBe('InvalidField')
    expect(await talker.refused('Import', importing('y'.repeat(1_025), []))).toBe('InvalidField')
    expect(await talker.refused('Import', importing('state', [attr('State', 'Active')]))).toBe(
      'InvalidAttributeValue',
    )
    const dates = [attr('ActivationDate', 20n), attr('DeactivationDate', 10n)]
    expect(await talker.refused('Import', importing('dates', dates))).toBe('InvalidAttributeValue')
    expect(await talker.refused('Export', { uniqueIdentifier: 'dates' })).toBe('ItemNotFound')
  })
})
