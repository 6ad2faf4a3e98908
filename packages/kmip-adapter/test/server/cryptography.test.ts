import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  sign,
  verify,
} from 'node:crypto'
import { concatBytes, fromHex, SecretBytes, toHex, utf8 } from '@trusthold/core/bytes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tags } from '../../src/ttlv/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { allUses, attr, type Payload, type Talker, talk } from './talker.js'

let identities: TestIdentities
let embedded: Embedded
let talker: Talker
beforeAll(async () => {
  identities = await createIdentities()
  embedded = await startEmbedded(identities)
  talker = await talk(embedded, identities, '2.1')
})
afterAll(async () => {
  await talker[Symbol.asyncDispose]()
  await embedded.server.close()
  await identities.remove()
})

const secret = (bytes: Uint8Array): SecretBytes => SecretBytes.from(bytes)
const bytesOf = (value: unknown): Uint8Array =>
  value instanceof SecretBytes ? value.copy() : (value as Uint8Array)
const hexOf = (value: unknown): string => toHex(bytesOf(value))
const active = attr('ActivationDate', 1n)

/** Registers a symmetric key, active. */
async function key(algorithm: string, bytes: Uint8Array, uses = allUses, ...more: object[]): Promise<string> {
  const { uniqueIdentifier } = await talker.ask('Register', {
    objectType: 'SymmetricKey',
    attributes: [attr('CryptographicUsageMask', uses), active, ...more],
    symmetricKey: {
      keyBlock: {
        keyFormatType: 'Raw',
        keyValue: { keyMaterial: secret(bytes) },
        cryptographicAlgorithm: algorithm,
        cryptographicLength: bytes.length * 8,
      },
    },
  })
  return String(uniqueIdentifier)
}

const aesKey = fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
const text = utf8('a text that is longer than two blocks, and no whole number of them')

const encrypt = (uniqueIdentifier: string, cryptographicParameters: object, more: object = {}, data = text) =>
  talker.ask('Encrypt', { uniqueIdentifier, cryptographicParameters, data: secret(data), ...more })

/** Decrypts what an Encrypt answered. */
const decrypt = (
  uniqueIdentifier: string,
  cryptographicParameters: object,
  answer: Payload,
  more: object = {},
) => ({
  uniqueIdentifier,
  cryptographicParameters,
  data: answer['data'],
  ...('ivCounterNonce' in answer ? { ivCounterNonce: answer['ivCounterNonce'] } : {}),
  ...('authenticatedEncryptionTag' in answer
    ? { authenticatedEncryptionTag: answer['authenticatedEncryptionTag'] }
    : {}),
  ...more,
})

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

describe('codes of messages', () => {
  // RFC 4493, section 4.
  const cmacKey = fromHex('2b7e151628aed2a6abf7158809cf4f3c')
  const message = fromHex(
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
      '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
  )
  test.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('CMAC over %i bytes', async (length, mac) => {
    const id = await key('AES', cmacKey)
    const data = message.subarray(0, length)
    const parameters = { blockCipherMode: 'CMAC', cryptographicAlgorithm: 'AES' }
    const request = { uniqueIdentifier: id, cryptographicParameters: parameters, data }
    expect(hexOf((await talker.ask('MAC', request))['macData'])).toBe(mac)
  })

  test.each([
    ['HMAC_SHA1', 'sha1'],
    ['HMAC_SHA256', 'sha256'],
    ['HMAC_SHA384', 'sha384'],
    ['HMAC_SHA512', 'sha512'],
    ['HMAC_SHA3_256', 'sha3-256'],
  ])('%s, verified too', async (algorithm, name) => {
    const id = await key(algorithm, aesKey)
    const { macData } = await talker.ask('MAC', { uniqueIdentifier: id, data: text })
    expect(hexOf(macData)).toBe(createHmac(name, aesKey).update(text).digest('hex'))
    const verifying = { uniqueIdentifier: id, data: text, macData }
    const validity = async (more: object) =>
      (await talker.ask('MACVerify', { ...verifying, ...more }))['validityIndicator']
    expect(await validity({})).toBe('Valid')
    expect(await validity({ data: utf8('another text') })).toBe('Invalid')
    expect(await validity({ macData: (macData as Uint8Array).subarray(1) })).toBe('Invalid')
  })

  test('what does not authenticate is refused', async () => {
    const id = await key('AES', aesKey)
    const request = (parameters: object) => ({
      uniqueIdentifier: id,
      cryptographicParameters: parameters,
      data: text,
    })
    expect(await talker.refused('MAC', request({ blockCipherMode: 'CBC' }))).toBe(
      'UnsupportedCryptographicParameters',
    )
    expect(await talker.refused('MAC', request({ cryptographicAlgorithm: 'HMAC_MD5' }))).toBe(
      'UnsupportedCryptographicParameters',
    )
    const hmac = await key('HMAC_SHA256', aesKey)
    const mixed = {
      uniqueIdentifier: hmac,
      cryptographicParameters: { cryptographicAlgorithm: 'AES' },
      data: text,
    }
    expect(await talker.refused('MAC', mixed)).toBe('BadCryptographicParameters')
  })
})

describe('signatures', () => {
  async function pair(
    attributes: object[],
    uses: readonly [number, number],
  ): Promise<readonly [string, string]> {
    const made = await talker.ask('CreateKeyPair', {
      commonAttributes: [...attributes, active],
      privateKeyAttributes: [attr('CryptographicUsageMask', uses[0])],
      publicKeyAttributes: [attr('CryptographicUsageMask', uses[1])],
    })
    return [String(made['privateKeyUniqueIdentifier']), String(made['publicKeyUniqueIdentifier'])]
  }
  const spkiOf = async (id: string) => {
    const got = await talker.ask('Get', { uniqueIdentifier: id, keyFormatType: 'X_509' })
    const { keyBlock } = got['publicKey'] as { keyBlock: { keyValue: { keyMaterial: SecretBytes } } }
    return createPublicKey({
      key: Buffer.from(keyBlock.keyValue.keyMaterial.copy()),
      format: 'der',
      type: 'spki',
    })
  }
  const rsa = [attr('CryptographicAlgorithm', 'RSA'), attr('CryptographicLength', 2048)]
  const ec = [attr('CryptographicAlgorithm', 'EC'), attr('CryptographicLength', 384)]
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }

  test.each([
    ['RSA, PKCS#1', rsa, { paddingMethod: 'PKCS1V1_5', hashingAlgorithm: 'SHA_256' }, 'sha256', {}],
    ['RSA, PSS', rsa, { paddingMethod: 'PSS', hashingAlgorithm: 'SHA_256' }, 'sha256', pss],
    [
      'RSA, PSS by name',
      rsa,
      { digitalSignatureAlgorithm: 'RSASSA_PSSPKCS_1V2_1', hashingAlgorithm: 'SHA_256' },
      'sha256',
      pss,
    ],
    ['RSA by name', rsa, { digitalSignatureAlgorithm: 'SHA_512WithRSAEncryptionPKCS_1V1_5' }, 'sha512', {}],
    ['ECDSA', ec, { hashingAlgorithm: 'SHA_384' }, 'sha384', {}],
    ['ECDSA by name', ec, { digitalSignatureAlgorithm: 'ECDSAWithSHA256' }, 'sha256', {}],
  ])('%s: Node verifies it, and so does the server', async (_, attributes, parameters, hash, options) => {
    const [privateKey, publicKey] = await pair(attributes, [1, 2])
    const request = { uniqueIdentifier: privateKey, cryptographicParameters: parameters, data: text }
    const { signatureData } = await talker.ask('Sign', request)
    expect(
      verify(hash, text, { key: await spkiOf(publicKey), ...options }, signatureData as Uint8Array),
    ).toBe(true)
    const verifying = {
      uniqueIdentifier: publicKey,
      cryptographicParameters: parameters,
      data: text,
      signatureData,
    }
    const validity = async (more: object) =>
      (await talker.ask('SignatureVerify', { ...verifying, ...more }))['validityIndicator']
    expect(await validity({})).toBe('Valid')
    expect(await validity({ data: utf8('another') })).toBe('Invalid')
    expect(await validity({ signatureData: new Uint8Array(256) })).toBe('Invalid')
    expect(await talker.refused('Sign', { ...request, uniqueIdentifier: publicKey })).toBe(
      'IncompatibleCryptographicUsageMask',
    )
  })

  test('RSA-OAEP, both ways', async () => {
    const [privateKey, publicKey] = await pair(rsa, [8, 4])
    const parameters = { paddingMethod: 'OAEP', hashingAlgorithm: 'SHA_256' }
    const answer = await encrypt(publicKey, parameters, {}, utf8('short'))
    const opened = await talker.ask('Decrypt', decrypt(privateKey, parameters, answer))
    expect(hexOf(opened['data'])).toBe(toHex(utf8('short')))
    const ours = publicEncrypt({ key: await spkiOf(publicKey), oaepHash: 'sha256' }, utf8('ours'))
    const theirs = {
      uniqueIdentifier: privateKey,
      cryptographicParameters: parameters,
      data: new Uint8Array(ours),
    }
    expect(hexOf((await talker.ask('Decrypt', theirs))['data'])).toBe(toHex(utf8('ours')))
    const wrong = { ...theirs, data: new Uint8Array(256) }
    expect(await talker.refused('Decrypt', wrong)).toBe('CryptographicFailure')
    const old = { ...theirs, cryptographicParameters: { paddingMethod: 'PKCS1V1_5' } }
    expect(await talker.refused('Decrypt', old)).toBe('UnsupportedCryptographicParameters')
    const long = {
      uniqueIdentifier: publicKey,
      cryptographicParameters: parameters,
      data: secret(new Uint8Array(300)),
    }
    expect(await talker.refused('Encrypt', long)).toBe('CryptographicFailure')
  })

  test('what does not fit together is refused', async () => {
    const [rsaKey] = await pair(rsa, [1, 2])
    const [ecKey] = await pair(ec, [1, 2])
    const ask = (id: string, cryptographicParameters: object, more: object = {}) =>
      talker.refused('Sign', { uniqueIdentifier: id, cryptographicParameters, data: text, ...more })
    expect(await ask(rsaKey, { hashingAlgorithm: 'SHA_256' })).toBe('BadCryptographicParameters')
    expect(await ask(rsaKey, { paddingMethod: 'PSS' })).toBe('BadCryptographicParameters')
    expect(await ask(rsaKey, { digitalSignatureAlgorithm: 'ECDSAWithSHA256' })).toBe(
      'BadCryptographicParameters',
    )
    expect(await ask(ecKey, { digitalSignatureAlgorithm: 'SHA_256WithRSAEncryptionPKCS_1V1_5' })).toBe(
      'BadCryptographicParameters',
    )
    expect(await ask(ecKey, { digitalSignatureAlgorithm: 'DSAWithSHA_1' })).toBe(
      'UnsupportedCryptographicParameters',
    )
    expect(await ask(ecKey, { hashingAlgorithm: 'MD5' })).toBe('UnsupportedCryptographicParameters')
    const both = { digitalSignatureAlgorithm: 'ECDSAWithSHA256', hashingAlgorithm: 'SHA_512' }
    expect(await ask(ecKey, both)).toBe('BadCryptographicParameters')
    expect(await ask(ecKey, { hashingAlgorithm: 'SHA_256' }, { digestedData: new Uint8Array(32) })).toBe(
      'FeatureNotSupported',
    )
  })

  test('a signature of a key that was registered elsewhere is verified', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { uniqueIdentifier } = await talker.ask('Register', {
      objectType: 'PublicKey',
      attributes: [attr('CryptographicUsageMask', 2), active],
      publicKey: {
        keyBlock: {
          keyFormatType: 'X_509',
          keyValue: { keyMaterial: secret(publicKey.export({ format: 'der', type: 'spki' })) },
          cryptographicAlgorithm: 'ECDSA',
          cryptographicLength: 256,
        },
      },
    })
    const answer = await talker.ask('SignatureVerify', {
      uniqueIdentifier,
      cryptographicParameters: { hashingAlgorithm: 'SHA_256' },
      data: text,
      signatureData: new Uint8Array(sign('sha256', text, privateKey)),
    })
    expect(answer['validityIndicator']).toBe('Valid')
  })
})

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

describe('without a key', () => {
  test('hashes', async () => {
    const hash = async (hashingAlgorithm: string) =>
      hexOf(
        (await talker.ask('Hash', { cryptographicParameters: { hashingAlgorithm }, data: utf8('abc') }))[
          'data'
        ],
      )
    expect(await hash('SHA_256')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(await hash('SHA_3_256')).toBe('3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532')
    const request = (parameters: object) => ({ cryptographicParameters: parameters, data: text })
    expect(await talker.refused('Hash', request({ hashingAlgorithm: 'MD5' }))).toBe(
      'UnsupportedCryptographicParameters',
    )
    expect(await talker.refused('Hash', request({}))).toBe('BadCryptographicParameters')
  })

  test('random bytes, as many as asked, up to a limit', async () => {
    const retrieve = (dataLength: number) => talker.ask('RNGRetrieve', { dataLength })
    const first = await retrieve(64)
    expect(bytesOf(first['data'])).toHaveLength(64)
    expect(hexOf((await retrieve(64))['data'])).not.toBe(hexOf(first['data']))
    for (const dataLength of [0, -1, 65_537]) {
      expect(await talker.refused('RNGRetrieve', { dataLength })).toBe('InvalidField')
    }
  })

  test('what is never deferred is not waited for, and a ping is answered', async () => {
    const asynchronousCorrelationValue = Uint8Array.of(1)
    expect(await talker.refused('Poll', { asynchronousCorrelationValue })).toBe(
      'InvalidAsynchronousCorrelationValue',
    )
    expect(await talker.ask('Cancel', { asynchronousCorrelationValue })).toMatchObject({
      cancellationResult: 'Unavailable',
    })
    expect(await talker.ask('Ping', {})).toEqual({})
    const id = await talker.createKey()
    expect(await talker.ask('ObtainLease', { uniqueIdentifier: id })).toMatchObject({ leaseTime: 3_600 })
  })
})
