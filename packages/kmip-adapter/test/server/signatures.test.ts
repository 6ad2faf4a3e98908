import {
  constants,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  sign,
  verify,
} from 'node:crypto'
import { fromHex, type SecretBytes, toHex, utf8 } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { aesKey, decrypt, encrypt, hexOf, key, text } from './cipher-stage.js'
import { active, secret, talker, useKeyServer } from './key-stage.js'
import { attr } from './talker.js'

useKeyServer()

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
