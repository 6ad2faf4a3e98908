import { SecretBytes } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { aesCbc, aesGcm, type Command, commands } from '../../src/commands/index.js'
import { plain, secret } from '../items.js'
import { answered, encrypted, gcm, id, invalid, protocol, sent, unsupported } from './answered.js'

describe('encryption', () => {
  const data = plain(1, 2, 3)
  const encrypt = commands.encrypt('7', data, gcm)
  const tag = new Uint8Array(16).fill(9)

  test('of an authenticated mode has to come with its tag', async () => {
    const good = { ...id, data, authenticatedEncryptionTag: tag }
    expect(await answered(encrypt, good)).toEqual({ data, iv: gcm.iv, tag })
    await expect(answered(encrypt, { ...id, data })).rejects.toThrow(protocol)
    const short = { ...good, authenticatedEncryptionTag: tag.subarray(1) }
    await expect(answered(encrypt, short)).rejects.toThrow(protocol)
  })

  test('may have the tag at the end of the data, where decryption leaves it', async () => {
    const longer = { ...id, data: new Uint8Array(19) }
    const result = await answered(encrypt, longer)
    expect(result).toMatchObject({ data: longer.data, tag: 'appended' })
    expect(await sent(commands.decrypt('7', result, gcm), '1.4')).not.toHaveProperty(
      'authenticatedEncryptionTag',
    )
    await expect(answered(encrypt, { ...id, data: new Uint8Array(18) })).rejects.toThrow(protocol)
    const both = { ...longer, authenticatedEncryptionTag: tag.subarray(1) }
    await expect(answered(encrypt, both)).rejects.toThrow(protocol)
  })

  test.each([0, 1, 12, 15, 17])('is not decrypted with a tag of %i bytes where 16 are due', (length) => {
    const cut = { data, iv: gcm.iv, tag: new Uint8Array(length) }
    expect(() => commands.decrypt('7', cut, gcm)).toThrow(invalid)
  })

  test.each([-1, 0, 3, 17, 4.5])('knows no tag of %d bytes', (tagLength) => {
    const options = { parameters: { ...aesGcm, tagLength }, iv: gcm.iv }
    expect(() => commands.encrypt('7', data, options)).toThrow(invalid)
    expect(() => commands.decrypt('7', { data, tag: 'appended' }, options)).toThrow(invalid)
  })

  test('of an authenticated mode is as long as what is inside', async () => {
    const longer = { ...id, data: plain(1, 2, 3, 4), authenticatedEncryptionTag: tag }
    await expect(answered(encrypt, longer)).rejects.toThrow(protocol)
    const decrypt = commands.decrypt('7', { data, tag }, gcm)
    await expect(answered(decrypt, { ...id, data: secret(1, 2) })).rejects.toThrow(protocol)
    expect((await answered(decrypt, { ...id, data: secret(1, 2, 3) })).data.length).toBe(3)
  })

  test('whose tag is at the end of the data is not believed when the tag was decrypted too', async () => {
    const appended = { data: new Uint8Array(19), iv: gcm.iv, tag: 'appended' } as const
    const decrypt = commands.decrypt('7', appended, gcm)
    const unchecked = SecretBytes.take(new Uint8Array(19))
    await expect(answered(decrypt, { ...id, data: unchecked })).rejects.toThrow(protocol)
    expect((await answered(decrypt, { ...id, data: secret(1, 2, 3) })).data.length).toBe(3)
  })

  test('by the mode that the key has of its own keeps the tag that came', async () => {
    const own = commands.encrypt('7', data, { parameters: {} })
    expect(await answered(own, { ...id, data, authenticatedEncryptionTag: tag })).toEqual({ data, tag })
    expect(await answered(own, { ...id, data })).toEqual({ data })
    expect(await sent(commands.decrypt('7', { data, tag }, { parameters: {} }), '1.4')).toMatchObject({
      authenticatedEncryptionTag: tag,
    })
  })

  test.each([
    { blockCipherMode: 'GCM' },
    { blockCipherMode: 'CCM' },
    { blockCipherMode: 'AEAD' },
    { cryptographicAlgorithm: 'ChaCha20Poly1305' },
  ] as const)('is asked for since 1.4 only: %o', async (parameters) => {
    const command = commands.encrypt('7', data, { parameters })
    await expect(answered(command, { ...id, data }, '1.3')).rejects.toThrow(unsupported)
    await expect(answered(command, { ...id, data })).rejects.toThrow(protocol)
    const decrypt = commands.decrypt('7', { data, tag }, { parameters })
    await expect(answered(decrypt, { ...id, data: secret(1) }, '1.3')).rejects.toThrow(unsupported)
    expect(() => commands.decrypt('7', { data }, { parameters })).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
    )
  })

  test('uses the initialization vector that it was given, or says which', async () => {
    const answer = { ...id, data, authenticatedEncryptionTag: tag, ivCounterNonce: plain(1) }
    await expect(answered(encrypt, answer)).rejects.toThrow(protocol)
    const { iv: _, ...without } = gcm
    expect(await answered(commands.encrypt('7', data, without), answer)).toMatchObject({ iv: plain(1) })
    const { ivCounterNonce: __, ...unsaid } = answer
    await expect(answered(commands.encrypt('7', data, without), unsaid)).rejects.toThrow(protocol)
  })

  test('has to come with data', async () => {
    const cbc = { parameters: aesCbc }
    await expect(answered(commands.encrypt('7', data, cbc), id)).rejects.toThrow(protocol)
    await expect(answered(commands.decrypt('7', { data }, cbc), id)).rejects.toThrow(protocol)
  })

  test('in several parts', async () => {
    const first = commands.encrypt('7', data, { ...gcm, part: { first: true } })
    expect(first.operation.repeatable).toBe(false)
    expect(encrypt.operation.repeatable).toBe(true)
    expect(await sent(first, '1.4')).toMatchObject({ initIndicator: true })
    await expect(answered(first, { ...id, data })).rejects.toThrow(protocol)
    const begun = await answered(first, { ...id, correlationValue: plain(4) })
    expect(begun).toEqual({ data: plain(), iv: gcm.iv, correlationValue: plain(4) })
    const part = { last: true, correlationValue: plain(4) }
    const last = commands.encrypt('7', data, { ...gcm, part })
    expect(await sent(last, '1.4')).toMatchObject({ finalIndicator: true, correlationValue: plain(4) })
    await expect(answered(last, { ...id, data: new Uint8Array(19) })).rejects.toThrow(protocol)
    expect(await answered(last, { ...id, data, authenticatedEncryptionTag: tag })).toMatchObject({ tag })
    const decrypt = commands.decrypt('7', { data }, { ...gcm, part: { first: true } })
    expect(decrypt.operation.repeatable).toBe(false)
    expect(await answered(decrypt, { ...id, correlationValue: plain(4) })).toMatchObject({
      correlationValue: plain(4),
    })
    await expect(answered(decrypt, id)).rejects.toThrow(protocol)
    const cbc = commands.encrypt('7', data, { parameters: aesCbc, part: { first: true } })
    await expect(answered(cbc, { ...id, data }, '1.2')).rejects.toThrow(unsupported)
  })

  test('sends additional data unless there are none', async () => {
    const withNone = { ...gcm, additionalData: plain() }
    expect(await sent(commands.encrypt('7', data, withNone), '1.4')).not.toHaveProperty(
      'authenticatedEncryptionAdditionalData',
    )
    const withSome = { ...gcm, additionalData: plain(1) }
    expect(await sent(commands.decrypt('7', encrypted, withSome), '1.4')).toMatchObject({
      authenticatedEncryptionAdditionalData: plain(1),
      authenticatedEncryptionTag: encrypted.tag,
      ivCounterNonce: plain(2),
    })
  })
})

describe('signatures and codes', () => {
  const verifySignature = commands.verifySignature('7', { digest: plain(1) }, plain(2), {})
  const verifyMac = commands.verifyMac('7', plain(1), plain(2), {})

  test.each([verifySignature, verifyMac])('are valid only when the server says so: %#', async (command) => {
    expect(await answered(command, { ...id, validityIndicator: 'Valid' })).toBe(true)
    expect(await answered(command, { ...id, validityIndicator: 'Invalid' })).toBe(false)
    await expect(answered(command, { ...id, validityIndicator: 'Unknown' })).rejects.toThrow(protocol)
    await expect(answered(command, { ...id, validityIndicator: 99 })).rejects.toThrow(protocol)
    await expect(answered(command, id)).rejects.toThrow(protocol)
  })

  test('of digests need 1.4', async () => {
    await expect(answered(verifySignature, { ...id, validityIndicator: 'Valid' }, '1.3')).rejects.toThrow(
      unsupported,
    )
    expect(await sent(verifySignature, '1.4')).toMatchObject({ digestedData: plain(1) })
  })

  test.each<[Command<unknown>, object]>([
    [commands.sign('7', { data: plain(1) }, {}), id],
    [commands.sign('7', { data: plain(1) }, {}), { ...id, signatureData: plain() }],
    [commands.mac('7', plain(1), {}), id],
    [commands.hash(plain(1), 'SHA_256'), {}],
  ])('are not nothing: %#', async (command, payload) => {
    await expect(answered(command, payload)).rejects.toThrow(protocol)
  })

  test('a hash', async () => {
    expect(await answered(commands.hash(plain(1), 'SHA_256'), { data: plain(9) })).toEqual(plain(9))
    expect(await sent(commands.hash(plain(1), 'SHA_256'), '1.4')).toEqual({
      cryptographicParameters: { hashingAlgorithm: 'SHA_256' },
      data: plain(1),
    })
  })
})
