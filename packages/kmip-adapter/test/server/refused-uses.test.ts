import { utf8 } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { tags } from '../../src/ttlv/index.js'
import { aesKey, decrypt, encrypt, key, text } from './cipher-stage.js'
import { embedded, identities, secret, talker, useKeyServer } from './key-stage.js'
import { allUses, attr, talk } from './talker.js'

useKeyServer()

describe('what does not fit together', () => {
  const cases: readonly (readonly [string, object, string])[] = [
    ['no mode', {}, 'BadCryptographicParameters'],
    [
      'another algorithm',
      { blockCipherMode: 'CBC', cryptographicAlgorithm: 'DES3' },
      'BadCryptographicParameters',
    ],
    ['a mode that is not served', { blockCipherMode: 'XTS' }, 'UnsupportedCryptographicParameters'],
    [
      'a padding that is not served',
      { blockCipherMode: 'CBC', paddingMethod: 'ISO10126' },
      'UnsupportedCryptographicParameters',
    ],
  ]
  test.each(cases)('%s', async (_, cryptographicParameters, reason) => {
    const id = await key('AES', aesKey)
    const request = { uniqueIdentifier: id, cryptographicParameters, data: secret(text) }
    expect(await talker.refused('Encrypt', request)).toBe(reason)
  })

  test('an HMAC key does not encrypt, an AES key has no vector in ECB, additional data needs a tag', async () => {
    const mac = await key('HMAC_SHA256', aesKey)
    const aes = await key('AES', aesKey)
    const request = (id: string, mode: string, more: object = {}) => ({
      uniqueIdentifier: id,
      cryptographicParameters: { blockCipherMode: mode, paddingMethod: 'PKCS5' },
      data: secret(text),
      ...more,
    })
    expect(await talker.refused('Encrypt', request(mac, 'CBC'))).toBe('UnsupportedCryptographicParameters')
    const vector = { ivCounterNonce: new Uint8Array(16) }
    expect(await talker.refused('Encrypt', request(aes, 'ECB', vector))).toBe('InvalidField')
    const additional = { authenticatedEncryptionAdditionalData: utf8('a') }
    expect(await talker.refused('Encrypt', request(aes, 'CBC', additional))).toBe('InvalidField')
    const opening = { ...request(aes, 'CBC'), data: new Uint8Array(16) }
    expect(await talker.refused('Decrypt', opening)).toBe('MissingInitializationVector')
    expect(await talker.refused('Decrypt', { ...opening, ...vector, ...additional })).toBe('InvalidField')
    const ecb = { ...request(aes, 'ECB', vector), data: new Uint8Array(16) }
    expect(await talker.refused('Decrypt', ecb)).toBe('InvalidField')
    expect(await talker.refused('Encrypt', { uniqueIdentifier: aes })).toBe('MissingData')
  })

  test('data in parts is refused', async () => {
    const id = await key('AES', aesKey)
    const request = {
      uniqueIdentifier: id,
      cryptographicParameters: { blockCipherMode: 'CTR' },
      data: secret(text),
    }
    for (const more of [
      { initIndicator: true },
      { finalIndicator: true },
      { correlationValue: new Uint8Array(4) },
    ]) {
      expect(await talker.refused('Encrypt', { ...request, ...more })).toBe('FeatureNotSupported')
    }
    await talker.ask('Encrypt', { ...request, initIndicator: true, finalIndicator: true })
  })

  test('parameters of the key serve when the request has none', async () => {
    const id = await key('AES', aesKey, allUses, attr('CryptographicParameters', { blockCipherMode: 'CTR' }))
    await talker.ask('Encrypt', { uniqueIdentifier: id, data: secret(text) })
  })
})

describe('uses', () => {
  const mode = { cryptographicParameters: { blockCipherMode: 'CTR' } }
  const requests: readonly (readonly [string, number, object])[] = [
    ['Encrypt', 0x4, { ...mode, data: secret(text) }],
    ['Decrypt', 0x8, { ...mode, data: text, ivCounterNonce: new Uint8Array(16) }],
    ['MAC', 0x80, { data: text }],
    ['MACVerify', 0x100, { data: text, macData: new Uint8Array(16) }],
  ]
  test.each(requests)('%s takes its bit of the mask, and an active key', async (operation, bit, payload) => {
    const name = operation as 'Encrypt'
    const right = await key('AES', aesKey, bit)
    await talker.ask(name, { uniqueIdentifier: right, ...payload })
    const wrong = await key('AES', aesKey, 0xff_ffff & ~bit)
    const request = { uniqueIdentifier: wrong, ...payload }
    expect(await talker.refused(name, request)).toBe('IncompatibleCryptographicUsageMask')
    const waiting = await talker.createKey(attr('CryptographicUsageMask', bit))
    expect(await talker.refused(name, { uniqueIdentifier: waiting, ...payload })).toBe(
      'WrongKeyLifecycleState',
    )
  })

  test('Usage Limits count what is protected, not what is opened, and end it', async () => {
    const limits = (total: bigint, unit: string) =>
      attr('UsageLimits', { usageLimitsTotal: total, usageLimitsCount: total, usageLimitsUnit: unit })
    const once = await key('AES', aesKey, allUses, limits(2n, 'Object'))
    const parameters = { blockCipherMode: 'CTR' }
    const answer = await encrypt(once, parameters)
    for (let i = 0; i < 3; i++) await talker.ask('Decrypt', decrypt(once, parameters, answer))
    await encrypt(once, parameters)
    const request = { uniqueIdentifier: once, cryptographicParameters: parameters, data: secret(text) }
    expect(await talker.refused('Encrypt', request)).toBe('UsageLimitExceeded')
    const bytes = await key('AES', aesKey, allUses, limits(BigInt(text.length), 'Byte'))
    await encrypt(bytes, parameters)
    expect(
      await talker.refused('Encrypt', { ...request, uniqueIdentifier: bytes, data: secret(utf8('a')) }),
    ).toBe('UsageLimitExceeded')
  })

  test('Usage Limits are the client’s until something of them was used', async () => {
    const limits = (total: bigint) =>
      attr('UsageLimits', { usageLimitsTotal: total, usageLimitsCount: total, usageLimitsUnit: 'Object' })
    const id = await key('AES', aesKey, allUses, limits(1n))
    const raise = { uniqueIdentifier: id, newAttribute: [limits(2n)] }
    await talker.ask('ModifyAttribute', raise)
    await encrypt(id, { blockCipherMode: 'CTR' })
    for (const operation of ['ModifyAttribute', 'SetAttribute', 'AddAttribute'] as const) {
      expect(await talker.refused(operation, raise)).toBe('ReadOnlyAttribute')
    }
    const gone = { uniqueIdentifier: id, attributeReference: tags.UsageLimits }
    expect(await talker.refused('DeleteAttribute', gone)).toBe('ReadOnlyAttribute')
    const unused = await key('AES', aesKey, allUses, limits(1n))
    await talker.ask('DeleteAttribute', { ...gone, uniqueIdentifier: unused })
  })

  test('of many requests at a time no more pass than the limit allows', async () => {
    const limit = attr('UsageLimits', {
      usageLimitsTotal: 5n,
      usageLimitsCount: 5n,
      usageLimitsUnit: 'Object',
    })
    const id = await key('AES', aesKey, allUses, limit)
    const talkers = await Promise.all(Array.from({ length: 8 }, () => talk(embedded, identities, '2.1')))
    const request = {
      uniqueIdentifier: id,
      cryptographicParameters: { blockCipherMode: 'CTR' },
      data: secret(text),
    }
    const tries = await Promise.allSettled(talkers.map((each) => each.ask('Encrypt', request)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    await Promise.all(talkers.map((each) => each[Symbol.asyncDispose]()))
  })

  test('Check answers what is not allowed', async () => {
    const limits = attr('UsageLimits', {
      usageLimitsTotal: 5n,
      usageLimitsCount: 5n,
      usageLimitsUnit: 'Object',
    })
    const id = await key('AES', aesKey, 0xc, limits)
    const check = (more: object) => talker.ask('Check', { uniqueIdentifier: id, ...more })
    expect(await check({ cryptographicUsageMask: 0xc, usageLimitsCount: 5n, leaseTime: 3_600 })).toEqual({
      uniqueIdentifier: id,
    })
    expect(await check({ cryptographicUsageMask: 0x1c, usageLimitsCount: 6n, leaseTime: 3_601 })).toEqual({
      uniqueIdentifier: id,
      cryptographicUsageMask: 0x10,
      usageLimitsCount: 6n,
      leaseTime: 3_601,
    })
  })
})
