import { createDecipheriv, generateKeyPairSync } from 'node:crypto'
import { concatBytes, fromHex, type SecretBytes, toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { plainKeyValue } from '../../src/protocol/index.js'
import { decodeMessage, item, tags } from '../../src/ttlv/index.js'
import {
  active,
  aes,
  blockOf,
  embedded,
  get,
  identities,
  isActive,
  raw,
  register,
  secret,
  talker,
  useKeyServer,
  valueIn,
} from './key-stage.js'
import { attr, type Payload, talk } from './talker.js'

useKeyServer()

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
