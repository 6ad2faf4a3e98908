import { createCipheriv } from 'node:crypto'
import { fromHex, SecretBytes, toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { commands, unwrapKey, type WrappedKey } from '../../src/commands/index.js'
import { plainKeyValue } from '../../src/protocol/index.js'
import { encodeMessage } from '../../src/ttlv/index.js'
import { plain, secret } from '../items.js'
import { answered, id, protocol, sent, unsupported } from './answered.js'

describe('a wrapped key', () => {
  const wrapping = { wrappingKey: 'kek', mode: 'NISTKeyWrap', encoding: 'NoEncoding' } as const
  const by = {
    uniqueIdentifier: 'kek',
    cryptographicParameters: { blockCipherMode: 'NISTKeyWrap' },
  }
  const data = {
    wrappingMethod: 'Encrypt',
    encryptionKeyInformation: by,
    encodingOption: 'NoEncoding',
  }
  const answer = (change: object, keyWrappingData: object | undefined = data) => ({
    objectType: 'SymmetricKey',
    ...id,
    symmetricKey: {
      keyBlock: {
        keyFormatType: 'Raw',
        keyValue: secret(1, 2),
        cryptographicAlgorithm: 'AES',
        cryptographicLength: 128,
        ...(keyWrappingData === undefined ? {} : { keyWrappingData }),
        ...change,
      },
    },
  })
  const getWrapped = commands.getWrapped('7', { wrappingKey: 'kek' })

  test('comes as bytes, or within a structure', async () => {
    const expected = { id: '7', algorithm: 'AES', length: 128, wrapped: plain(1, 2), wrapping }
    expect(await answered(getWrapped, answer({}))).toMatchObject(expected)
    const structured = answer({ keyValue: { keyMaterial: secret(1, 2) } })
    expect(await answered(getWrapped, structured)).toMatchObject(expected)
  })

  test.each([
    ['in the clear', answer({}, {})],
    ['without a value', answer({ keyValue: undefined })],
    ['by a MAC', answer({}, { ...data, wrappingMethod: 'MACSign' })],
    ['by another key', answer({}, { ...data, encryptionKeyInformation: { ...by, uniqueIdentifier: 'x' } })],
    ['by no key', answer({}, { ...data, encryptionKeyInformation: undefined })],
    [
      'in another mode',
      answer(
        {},
        {
          ...data,
          encryptionKeyInformation: { ...by, cryptographicParameters: { blockCipherMode: 'GCM' } },
        },
      ),
    ],
    ['in another form', answer({}, { ...data, encodingOption: undefined })],
    ['as another type', { ...answer({}), objectType: 'SecretData' }],
  ])('%s is refused', async (label, payload) => {
    const { symmetricKey } = payload
    const clear = { ...symmetricKey.keyBlock }
    if (label === 'in the clear') delete (clear as { keyWrappingData?: unknown }).keyWrappingData
    await expect(answered(getWrapped, { ...payload, symmetricKey: { keyBlock: clear } })).rejects.toThrow(
      protocol,
    )
  })

  test('that is no key is refused', async () => {
    const certificate = { certificateType: 'X_509', certificateValue: plain(1) }
    await expect(answered(getWrapped, { objectType: 'Certificate', ...id, certificate })).rejects.toThrow(
      protocol,
    )
  })

  test('by its bytes needs 1.1', async () => {
    await expect(answered(getWrapped, answer({}), '1.0')).rejects.toThrow(unsupported)
    const encoded = commands.getWrapped('7', { wrappingKey: 'kek', encoding: 'TTLVEncoding' })
    const { encodingOption: _, ...bare } = data
    expect(await answered(encoded, answer({}, bare), '1.0')).toMatchObject({
      wrapping: { encoding: 'TTLVEncoding' },
    })
    expect(await sent(encoded, '1.0')).toEqual({
      ...id,
      keyWrappingSpecification: { wrappingMethod: 'Encrypt', encryptionKeyInformation: by },
    })
    expect(await sent(encoded, '1.1')).toMatchObject({
      keyWrappingSpecification: { encodingOption: 'TTLVEncoding' },
    })
  })

  const key = (wrapped: Uint8Array, change: object = {}, how: object = {}): WrappedKey => ({
    id: '7',
    objectType: 'SymmetricKey',
    format: 'Raw',
    algorithm: 'AES',
    length: 128,
    wrapped,
    wrapping: { ...wrapping, ...how },
    ...change,
  })
  const kek = SecretBytes.from(fromHex('000102030405060708090a0b0c0d0e0f'))
  const known = fromHex('1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5')

  test('is opened: RFC 3394, section 4.1', () => {
    expect(unwrapKey(key(known), kek).use(toHex)).toBe('00112233445566778899aabbccddeeff')
  })

  test('is opened: RFC 5649, section 6, 7 octets', () => {
    const padded = key(
      fromHex('afbeb0f07dfbf5419200f2ccb50bb24f'),
      { length: 56, objectType: 'SecretData' },
      { mode: 'AESKeyWrapPadding' },
    )
    const wrappingKey = SecretBytes.from(fromHex('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'))
    expect(unwrapKey(padded, wrappingKey).use(toHex)).toBe('466f7250617369')
  })

  test('is opened when its key value was wrapped', () => {
    const value = encodeMessage(plainKeyValue, { keyMaterial: SecretBytes.from(new Uint8Array(16).fill(6)) })
    const cipher = createCipheriv('id-aes128-wrap', kek.copy(), Buffer.alloc(8, 0xa6))
    const wrapped = Buffer.concat([cipher.update(value), cipher.final()])
    expect(unwrapKey(key(wrapped, {}, { encoding: 'TTLVEncoding' }), kek).use(toHex)).toBe('06'.repeat(16))
  })

  test.each([
    ['changed', key(known.map((byte, i) => (i === 3 ? byte ^ 1 : byte))), kek, 'KMIP_PROTOCOL'],
    ['cut', key(known.subarray(8)), kek, 'KMIP_PROTOCOL'],
    ['of another length', key(known, { length: 256 }), kek, 'KMIP_PROTOCOL'],
    ['by another key', key(known), secret(...new Uint8Array(16)), 'KMIP_PROTOCOL'],
    ['by a key of a wrong length', key(known), secret(1), 'ARGUMENT_INVALID'],
    ['in another mode', key(known, {}, { mode: 'GCM' }), kek, 'ARGUMENT_INVALID'],
    ['without its key value', key(known, {}, { encoding: 'TTLVEncoding' }), kek, 'CODEC_VALUE'],
  ] as const)('that is %s does not open', (_, wrapped, wrappingKey, code) => {
    expect(() => unwrapKey(wrapped, wrappingKey)).toThrow(expect.objectContaining({ code }))
  })

  test('of which the server does not say the length opens', () => {
    expect(unwrapKey(key(known, { length: undefined }), kek).length).toBe(16)
    expect(unwrapKey(key(known, { length: 112, algorithm: 'DES3' }), kek).length).toBe(16)
  })
})
