import { createCipheriv, createHmac } from 'node:crypto'
import { concatBytes, fromHex, type SecretBytes, toHex, utf8 } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { aesKey, hexOf, key, text } from './cipher-stage.js'
import { active, embedded, identities, secret, talker, useKeyServer } from './key-stage.js'
import { attr, talk } from './talker.js'

useKeyServer()

describe('derived keys', () => {
  const derive = (base: readonly string[], method: string, parameters: object, more: object = {}) => ({
    objectType: 'SymmetricKey',
    uniqueIdentifier: base,
    derivationMethod: method,
    derivationParameters: parameters,
    attributes: [
      attr('CryptographicAlgorithm', 'HMAC_SHA1'),
      attr('CryptographicLength', 160),
      attr('CryptographicUsageMask', 0x80),
    ],
    ...more,
  })
  const lengthOf = (bits: number): object => ({
    attributes: [attr('CryptographicAlgorithm', 'HMAC_SHA1'), attr('CryptographicLength', bits)],
  })
  const materialOf = async (uniqueIdentifier: unknown, field = 'symmetricKey'): Promise<string> => {
    const got = await talker.ask('Get', { uniqueIdentifier })
    return hexOf(
      (got[field] as { keyBlock: { keyValue: { keyMaterial: SecretBytes } } }).keyBlock.keyValue.keyMaterial,
    )
  }
  const hashing = (hashingAlgorithm: string): object => ({ cryptographicParameters: { hashingAlgorithm } })

  test('PBKDF2: RFC 6070', async () => {
    const base = await key('HMAC_SHA1', utf8('password'))
    const parameters = { ...hashing('SHA_1'), salt: utf8('salt'), iterationCount: 4_096 }
    const { uniqueIdentifier } = await talker.ask('DeriveKey', derive([base], 'PBKDF2', parameters))
    expect(await materialOf(uniqueIdentifier)).toBe('4b007901b765489abead49d926f721d065a429c1')
  })

  test('HKDF: RFC 5869, case 1', async () => {
    const base = await key('HMAC_SHA256', fromHex('0b'.repeat(22)))
    const parameters = {
      ...hashing('SHA_256'),
      salt: fromHex('000102030405060708090a0b0c'),
      derivationData: secret(fromHex('f0f1f2f3f4f5f6f7f8f9')),
    }
    const request = derive([base], 'HKDF', parameters, lengthOf(336))
    const { uniqueIdentifier } = await talker.ask('DeriveKey', request)
    expect(await materialOf(uniqueIdentifier)).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    )
  })

  test('HASH, HMAC, ENCRYPT and the counter mode of SP 800-108', async () => {
    const base = await key('AES', aesKey)
    const data = { derivationData: secret(text) }
    const made = async (method: string, parameters: object, bits: number) => {
      const { uniqueIdentifier } = await talker.ask(
        'DeriveKey',
        derive([base], method, parameters, lengthOf(bits)),
      )
      return materialOf(uniqueIdentifier)
    }
    const hmac = (...parts: Uint8Array[]) =>
      createHmac('sha256', aesKey)
        .update(concatBytes(...parts))
        .digest('hex')
    expect(await made('HMAC', { ...hashing('SHA_256'), ...data }, 256)).toBe(hmac(text))
    expect(await made('HASH', hashing('SHA_256'), 128)).toBe('630dcd2966c4336691125448bbb25b4f')
    const counter = `${hmac(fromHex('00000001'), text)}${hmac(fromHex('00000002'), text)}`
    expect(await made('NIST800_108_C', { ...hashing('SHA_256'), ...data }, 384)).toBe(counter.slice(0, 96))
    const cipher = createCipheriv('aes-256-cbc', aesKey, new Uint8Array(16))
    const encrypted = toHex(concatBytes(cipher.update(text), cipher.final()))
    const parameters = {
      cryptographicParameters: { blockCipherMode: 'CBC', paddingMethod: 'PKCS5' },
      initializationVector: new Uint8Array(16),
      ...data,
    }
    expect(await made('ENCRYPT', parameters, 256)).toBe(encrypted.slice(0, 64))
  })

  test('data may come from a second object, secret data may be made, and both are linked', async () => {
    const base = await key('AES', aesKey)
    const { uniqueIdentifier: second } = await talker.ask('Register', {
      objectType: 'SecretData',
      attributes: [attr('CryptographicUsageMask', 0x200), active],
      secretData: {
        secretDataType: 'Seed',
        keyBlock: { keyFormatType: 'Raw', keyValue: { keyMaterial: secret(text) } },
      },
    })
    const request = derive([base, String(second)], 'HMAC', hashing('SHA_256'), {
      objectType: 'SecretData',
      attributes: [attr('CryptographicLength', 256)],
    })
    const { uniqueIdentifier } = await talker.ask('DeriveKey', request)
    expect(await materialOf(uniqueIdentifier, 'secretData')).toBe(
      createHmac('sha256', aesKey).update(text).digest('hex'),
    )
    const linksOf = async (id: unknown) => {
      const { attributes } = await talker.ask('GetAttributes', { uniqueIdentifier: id })
      return (attributes as { name: string; value: unknown }[])
        .filter(({ name }) => name === 'Link')
        .map(({ value }) => value)
    }
    expect(await linksOf(uniqueIdentifier)).toEqual([
      { linkType: 'DerivationBaseObjectLink', linkedObjectIdentifier: base },
    ])
    expect(await linksOf(base)).toEqual([
      { linkType: 'DerivedKeyLink', linkedObjectIdentifier: uniqueIdentifier },
    ])
  })

  test('what takes long keeps no other client waiting', async () => {
    await using other = await talk(embedded, identities, '2.1')
    const base = await key('HMAC_SHA1', utf8('password'))
    const parameters = { ...hashing('SHA_512'), salt: utf8('salt'), iterationCount: 300_000 }
    const pair = [attr('CryptographicAlgorithm', 'RSA'), attr('CryptographicLength', 4_096)]
    const half = { attributes: [attr('CryptographicUsageMask', 1)] }
    const long = [
      ['DeriveKey', derive([base], 'PBKDF2', parameters)],
      [
        'CreateKeyPair',
        {
          commonAttributes: pair,
          privateKeyAttributes: half.attributes,
          publicKeyAttributes: half.attributes,
        },
      ],
    ] as const
    for (const [operation, payload] of long) {
      const ends: string[] = []
      const slow = talker.ask(operation, payload).then(() => ends.push('slow'))
      const quick = other.ask('Ping', {}).then(() => ends.push('quick'))
      await Promise.all([slow, quick])
      expect(ends).toEqual(['quick', 'slow'])
    }
  })

  test('what cannot be derived is refused, and leaves nothing', async () => {
    const base = await key('AES', aesKey)
    const count = async () => (await talker.ask('Locate', {}))['locatedItems']
    const before = await count()
    const data = { derivationData: secret(text) }
    const cases: readonly (readonly [object, string])[] = [
      [derive([base], 'NIST800_108_F', hashing('SHA_256')), 'FeatureNotSupported'],
      [derive([base], 'HMAC', hashing('SHA_256')), 'MissingData'],
      [derive([base], 'HMAC', { ...hashing('MD5'), ...data }), 'UnsupportedCryptographicParameters'],
      [derive([base], 'HMAC', { ...hashing('SHA_1'), ...data }, lengthOf(168)), 'CryptographicFailure'],
      [derive([base], 'HMAC', { ...hashing('SHA_1'), ...data }, lengthOf(4)), 'InvalidField'],
      [derive([base], 'HMAC', { ...hashing('SHA_1'), ...data }, lengthOf(8 * 8_193)), 'InvalidField'],
      [derive([base], 'PBKDF2', hashing('SHA_1')), 'MissingData'],
      [derive([base], 'PBKDF2', { ...hashing('SHA_1'), salt: text, iterationCount: 0 }), 'InvalidField'],
      [
        derive([base], 'PBKDF2', { ...hashing('SHA_1'), salt: text, iterationCount: 2 ** 31 - 1 }),
        'InvalidField',
      ],
      [
        derive([base], 'PBKDF2', { ...hashing('SHA_1'), salt: text, iterationCount: 1e7 }, lengthOf(168)),
        'InvalidField',
      ],
      [derive([base, base, base], 'HMAC', { ...hashing('SHA_1'), ...data }), 'InvalidField'],
      [derive([base], 'HMAC', hashing('SHA_1'), { objectType: 'PrivateKey' }), 'InvalidObjectType'],
      [
        derive([await key('AES', aesKey, 0x4)], 'HASH', hashing('SHA_1')),
        'IncompatibleCryptographicUsageMask',
      ],
      [derive([await talker.createKey()], 'HASH', hashing('SHA_1')), 'WrongKeyLifecycleState'],
    ]
    const made = 2
    for (const [request, reason] of cases) expect(await talker.refused('DeriveKey', request)).toBe(reason)
    expect(await count()).toBe((before as number) + made)
  })
})
