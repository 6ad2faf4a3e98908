import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes, fromHex, toHex, utf8 } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { aesKey, decrypt, encrypt, hexOf, key, text } from './cipher-stage.js'
import { embedded, identities, secret, talker, useKeyServer } from './key-stage.js'
import { talk } from './talker.js'

useKeyServer()

const ciphers = [
  ['AES', 16, 'CBC', 'aes-128-cbc', 16],
  ['AES', 24, 'CFB', 'aes-192-cfb', 16],
  ['AES', 32, 'CBC', 'aes-256-cbc', 16],
  ['AES', 32, 'ECB', 'aes-256-ecb', 0],
  ['AES', 32, 'OFB', 'aes-256-ofb', 16],
  ['AES', 32, 'CTR', 'aes-256-ctr', 16],
  ['DES3', 24, 'CBC', 'des-ede3-cbc', 8],
  ['DES3', 24, 'ECB', 'des-ede3', 0],
  ['Camellia', 32, 'CBC', 'camellia-256-cbc', 16],
  ['Camellia', 16, 'CTR', 'camellia-128-ctr', 16],
] as const

describe('modes that only encrypt', () => {
  test.each(ciphers)(
    '%s of %i bytes, %s: as Node does it, and back',
    async (algorithm, length, mode, name, ivLength) => {
      const bytes = Uint8Array.from({ length }, (_, i) => 7 * i + 1)
      const id = await key(algorithm, bytes)
      const padded = mode === 'CBC' || mode === 'ECB'
      const parameters = { blockCipherMode: mode, ...(padded ? { paddingMethod: 'PKCS5' } : {}) }
      const answer = await encrypt(id, parameters)
      const iv = answer['ivCounterNonce'] as Uint8Array | undefined
      expect(iv?.length ?? 0).toBe(ivLength)
      const cipher = createCipheriv(name, bytes, iv ?? null)
      expect(hexOf(answer['data'])).toBe(toHex(concatBytes(cipher.update(text), cipher.final())))
      expect(hexOf((await talker.ask('Decrypt', decrypt(id, parameters, answer)))['data'])).toBe(toHex(text))
    },
  )

  test('an initialization vector that is given is used and not told again; random ones differ', async () => {
    const id = await key('AES', aesKey)
    const parameters = { blockCipherMode: 'CTR' }
    const iv = fromHex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')
    const plain = fromHex('6bc1bee22e409f96e93d7e117393172a')
    const given = await encrypt(id, parameters, { ivCounterNonce: iv }, plain)
    expect(given).not.toHaveProperty('ivCounterNonce')
    const again = await encrypt(id, parameters, { ivCounterNonce: iv }, plain)
    expect(hexOf(again['data'])).toBe(hexOf(given['data']))
    const random = [await encrypt(id, parameters), await encrypt(id, parameters)]
    expect(hexOf(random[0]?.['ivCounterNonce'])).not.toBe(hexOf(random[1]?.['ivCounterNonce']))
  })

  test('ANSI X9.23 pads with zeros and the count', async () => {
    const id = await key('AES', aesKey)
    const parameters = { blockCipherMode: 'CBC', paddingMethod: 'ANSIX9_23' }
    const answer = await encrypt(id, parameters, {}, utf8('abc'))
    const decipher = createDecipheriv('aes-256-cbc', aesKey, answer['ivCounterNonce'] as Uint8Array)
    decipher.setAutoPadding(false)
    const padded = concatBytes(decipher.update(answer['data'] as Uint8Array), decipher.final())
    expect(toHex(padded)).toBe(`616263${'00'.repeat(12)}0d`)
    expect(hexOf((await talker.ask('Decrypt', decrypt(id, parameters, answer)))['data'])).toBe('616263')
    const wrong = createCipheriv('aes-256-cbc', aesKey, answer['ivCounterNonce'] as Uint8Array)
    wrong.setAutoPadding(false)
    const data = concatBytes(wrong.update(fromHex(`616263${'00'.repeat(11)}010d`)), wrong.final())
    expect(await talker.refused('Decrypt', { ...decrypt(id, parameters, answer), data })).toBe(
      'CryptographicFailure',
    )
  })

  test.each(['00', '11', 'ff'])('padding that ends with %s is refused as a wrong key is', async (last) => {
    const id = await key('AES', aesKey)
    const iv = new Uint8Array(16)
    const cipher = createCipheriv('aes-256-cbc', aesKey, iv).setAutoPadding(false)
    const data = concatBytes(cipher.update(fromHex(`${'61'.repeat(15)}${last}`)), cipher.final())
    const parameters = { blockCipherMode: 'CBC', paddingMethod: 'PKCS5' }
    const request = { uniqueIdentifier: id, cryptographicParameters: parameters, data, ivCounterNonce: iv }
    expect(await talker.refused('Decrypt', request)).toBe('CryptographicFailure')
  })

  test('without padding, data is of whole blocks', async () => {
    const id = await key('AES', aesKey)
    const parameters = { blockCipherMode: 'CBC' }
    const ask = (data: Uint8Array) => ({
      uniqueIdentifier: id,
      cryptographicParameters: parameters,
      data: secret(data),
    })
    expect(await talker.refused('Encrypt', ask(text))).toBe('InvalidField')
    const answer = await talker.ask('Encrypt', ask(new Uint8Array(32)))
    expect(answer['data']).toHaveLength(32)
    const cut = { ...decrypt(id, parameters, answer), data: (answer['data'] as Uint8Array).subarray(1) }
    expect(await talker.refused('Decrypt', cut)).toBe('CryptographicFailure')
  })
})

describe('modes that authenticate', () => {
  const gcm = { blockCipherMode: 'GCM', tagLength: 16 }
  const additional = { authenticatedEncryptionAdditionalData: utf8('context') }

  test('AES-GCM is as Node does it', async () => {
    const id = await key('AES', aesKey)
    const answer = await encrypt(id, gcm, additional)
    const decipher = createDecipheriv('aes-256-gcm', aesKey, answer['ivCounterNonce'] as Uint8Array)
    decipher.setAAD(utf8('context')).setAuthTag(answer['authenticatedEncryptionTag'] as Uint8Array)
    expect(toHex(concatBytes(decipher.update(answer['data'] as Uint8Array), decipher.final()))).toBe(
      toHex(text),
    )
    const opened = await talker.ask('Decrypt', decrypt(id, gcm, answer, additional))
    expect(hexOf(opened['data'])).toBe(toHex(text))
  })

  test('whatever was changed is one refusal', async () => {
    const id = await key('AES', aesKey)
    const other = await key(
      'AES',
      aesKey.map((byte) => byte ^ 1),
    )
    const answer = await encrypt(id, gcm, additional)
    const good = decrypt(id, gcm, answer, additional)
    const flip = (name: string) => ({
      [name]: (answer[name] as Uint8Array).map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
    })
    const wrongs = [
      { ...good, ...flip('data') },
      { ...good, ...flip('ivCounterNonce') },
      { ...good, ...flip('authenticatedEncryptionTag') },
      {
        ...good,
        authenticatedEncryptionTag: (answer['authenticatedEncryptionTag'] as Uint8Array).subarray(0, 12),
      },
      { ...good, authenticatedEncryptionTag: new Uint8Array() },
      { ...good, authenticatedEncryptionAdditionalData: utf8('contexts') },
      { ...good, uniqueIdentifier: other },
    ]
    for (const wrong of wrongs) expect(await talker.refused('Decrypt', wrong)).toBe('CryptographicFailure')
    const without = decrypt(id, gcm, answer)
    expect(await talker.refused('Decrypt', without)).toBe('CryptographicFailure')
    await talker.ask('Decrypt', good)
  })

  test('tags of 12 to 16 bytes are made, and opened as such only', async () => {
    const id = await key('AES', aesKey)
    for (const tagLength of [12, 13, 14, 15, 16]) {
      const parameters = { blockCipherMode: 'GCM', tagLength }
      const answer = await encrypt(id, parameters)
      expect(answer['authenticatedEncryptionTag']).toHaveLength(tagLength)
      await talker.ask('Decrypt', decrypt(id, parameters, answer))
      const other = { blockCipherMode: 'GCM', tagLength: tagLength === 16 ? 12 : 16 }
      expect(await talker.refused('Decrypt', decrypt(id, other, answer))).toBe('CryptographicFailure')
    }
    for (const tagLength of [0, 4, 8, 11, 17]) {
      const request = { uniqueIdentifier: id, cryptographicParameters: { blockCipherMode: 'GCM', tagLength } }
      expect(await talker.refused('Encrypt', { ...request, data: secret(text) })).toBe('InvalidField')
    }
  })

  test('vectors of other lengths than 12 bytes are refused', async () => {
    const id = await key('AES', aesKey)
    const request = { uniqueIdentifier: id, cryptographicParameters: gcm, data: secret(text) }
    for (const length of [0, 1, 8, 13, 16]) {
      expect(await talker.refused('Encrypt', { ...request, ivCounterNonce: new Uint8Array(length) })).toBe(
        'InvalidField',
      )
    }
    const long = { ...request, cryptographicParameters: { ...gcm, ivLength: 128 } }
    expect(await talker.refused('Encrypt', long)).toBe('InvalidField')
    await talker.ask('Encrypt', { ...request, cryptographicParameters: { ...gcm, ivLength: 96 } })
  })

  test.each(['1.2', '1.3'] as const)('KMIP %s: the tag follows the data', async (version) => {
    await using early = await talk(embedded, identities, version)
    const id = await key('AES', aesKey)
    const parameters = { blockCipherMode: 'GCM', tagLength: 16 }
    const request = { uniqueIdentifier: id, cryptographicParameters: parameters }
    const answer = await early.ask('Encrypt', { ...request, data: secret(text) })
    expect(answer).not.toHaveProperty('authenticatedEncryptionTag')
    expect(answer['data']).toHaveLength(text.length + 16)
    const opened = await early.ask('Decrypt', decrypt(id, parameters, answer))
    expect(hexOf(opened['data'])).toBe(toHex(text))
    const short = { ...decrypt(id, parameters, answer), data: new Uint8Array(15) }
    expect(await early.refused('Decrypt', short)).toBe('CryptographicFailure')
  })

  test('ChaCha20-Poly1305 needs no mode', async () => {
    const id = await key('ChaCha20Poly1305', aesKey)
    for (const parameters of [{}, { blockCipherMode: 'AEAD' }]) {
      const answer = await encrypt(id, parameters, additional)
      const opened = await talker.ask('Decrypt', decrypt(id, parameters, answer, additional))
      expect(hexOf(opened['data'])).toBe(toHex(text))
    }
    const request = {
      uniqueIdentifier: id,
      cryptographicParameters: { blockCipherMode: 'GCM' },
      data: secret(text),
    }
    expect(await talker.refused('Encrypt', request)).toBe('UnsupportedCryptographicParameters')
  })
})
