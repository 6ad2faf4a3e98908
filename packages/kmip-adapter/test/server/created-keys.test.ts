import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { blockOf, embedded, get, identities, materialOf, talker, useKeyServer, valueIn } from './key-stage.js'
import { attr, named, talk } from './talker.js'

useKeyServer()

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
