import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { exportJwk, fromHex, SecretBytes, toHex, utf8 } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import {
  aes,
  blockOf,
  embedded,
  get,
  identities,
  materialOf,
  raw,
  register,
  registration,
  secret,
  talker,
  useKeyServer,
  valueIn,
} from './key-stage.js'
import { attr, talk } from './talker.js'

useKeyServer()

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
