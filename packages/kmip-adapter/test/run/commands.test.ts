import { createCipheriv } from 'node:crypto'
import { fromHex, SecretBytes, toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import {
  aesCbc,
  aesGcm,
  type Command,
  commands,
  customAttribute,
  symmetricKeyObject,
  unwrapKey,
  type WrappedKey,
} from '../../src/commands/index.js'
import { plainKeyValue, plainName } from '../../src/protocol/index.js'
import { locateAll, type PagedFilter } from '../../src/run/index.js'
import { readAnswer } from '../../src/run/read-answer.js'
import { encodeMessage, type KmipVersion } from '../../src/ttlv/index.js'
import { plain, secret } from '../items.js'
import { scriptRunner, success } from './scripted-transport.js'

const protocol = expect.objectContaining({ code: 'KMIP_PROTOCOL' })
const unsupported = expect.objectContaining({
  code: 'KMIP_RESULT',
  context: expect.objectContaining({ kind: 'unsupported' }),
})

/** Runs a command against one answer. */
function answered<T>(command: Command<T>, payload: object, version: KmipVersion = '1.4'): Promise<T> {
  return scriptRunner(version, () => [success(command.operation.name, payload)]).runner.run(command)
}

/** The payload that a command sends. */
async function sent(command: Command<unknown>, version: KmipVersion, answer: object = {}): Promise<unknown> {
  const { runner, requests } = scriptRunner(version, () => [success(command.operation.name, answer)])
  await runner.run(command).catch(() => undefined)
  return requests[0]?.batchItem?.[0]?.requestPayload
}

const id = { uniqueIdentifier: '7' }
const raw = { keyFormatType: 'Raw', keyValue: { keyMaterial: secret(1) } } as const
const gcm = { parameters: aesGcm, iv: new Uint8Array(12) }
const encrypted = { data: plain(1), iv: plain(2), tag: new Uint8Array(16).fill(3) }

describe('an answer about another object is not believed', () => {
  const other = { uniqueIdentifier: '8' }
  test.each<[Command<unknown>, object]>([
    [commands.activate('7'), {}],
    [commands.revoke('7', { reason: 'Unspecified' }), {}],
    [commands.destroy('7'), {}],
    [commands.archive('7'), {}],
    [commands.recover('7'), {}],
    [commands.obtainLease('7'), { leaseTime: 1, lastChangeDate: 1n }],
    [commands.check('7', {}), {}],
    [commands.getAttributes('7'), {}],
    [commands.getAttributeList('7'), {}],
    [commands.addAttribute('7', { name: 'Comment', value: 'c' }), {}],
    [commands.modifyAttribute('7', { name: 'Comment', value: 'c' }), {}],
    [commands.deleteAttribute('7', 'Comment'), {}],
    [commands.get('7'), { objectType: 'SymmetricKey', symmetricKey: { keyBlock: raw } }],
    [commands.getObject('7'), { objectType: 'SymmetricKey', symmetricKey: { keyBlock: raw } }],
    [commands.exportObject('7'), { objectType: 'SymmetricKey', symmetricKey: { keyBlock: raw } }],
    [commands.importObject('7', symmetricKeyObject('AES', new Uint8Array(16))), {}],
    [commands.encrypt('7', plain(1), { parameters: aesCbc }), { data: plain(1) }],
    [commands.decrypt('7', encrypted, { parameters: aesCbc }), { data: secret(1) }],
    [commands.sign('7', { data: plain(1) }, {}), { signatureData: plain(1) }],
    [commands.verifySignature('7', { data: plain(1) }, plain(2), {}), { validityIndicator: 'Valid' }],
    [commands.mac('7', plain(1), {}), { macData: plain(1) }],
    [commands.verifyMac('7', plain(1), plain(2), {}), { validityIndicator: 'Valid' }],
  ])('%#', async (command, payload) => {
    await answered(command, { ...id, ...payload })
    await expect(answered(command, { ...other, ...payload })).rejects.toThrow(protocol)
  })
})

test('a command about an object has its id', () => {
  const refused = expect.objectContaining({ code: 'ARGUMENT_INVALID' })
  expect(() => commands.activate('')).toThrow(refused)
  expect(() => commands.activate(undefined as never)).toThrow(refused)
  expect(() => commands.deriveKey({ from: [], method: 'HASH' })).toThrow(refused)
})

test('the secrets of an answer that is not believed are overwritten', () => {
  const payload = () => ({
    ...id,
    objectType: 'SymmetricKey',
    symmetricKey: { keyBlock: { keyFormatType: 'Raw', keyValue: { keyMaterial: secret(1) } } },
  })
  const isWiped = (command: Command<unknown>, answer: ReturnType<typeof payload>): boolean => {
    expect(() => readAnswer(command, '7', answer)).toThrow(protocol)
    return answer.symmetricKey.keyBlock.keyValue.keyMaterial.wiped
  }
  expect(isWiped(commands.getObject('7'), { ...payload(), uniqueIdentifier: '8' })).toBe(true)
  expect(isWiped(commands.getWrapped('7', { wrappingKey: 'kek' }), payload())).toBe(true)
  const good = payload()
  readAnswer(commands.getObject('7'), '7', good)
  expect(good.symmetricKey.keyBlock.keyValue.keyMaterial.wiped).toBe(false)
})

describe('new objects', () => {
  const pair = (privateKeyUniqueIdentifier: string, publicKeyUniqueIdentifier: string) => ({
    privateKeyUniqueIdentifier,
    publicKeyUniqueIdentifier,
  })
  test.each<[Command<unknown>, object]>([
    [commands.create({ algorithm: 'AES', length: 128 }), { objectType: 'PublicKey', ...id }],
    [
      commands.create({ algorithm: 'AES', length: 128 }),
      { objectType: 'SymmetricKey', uniqueIdentifier: '' },
    ],
    [commands.register(symmetricKeyObject('AES', plain(1))), { uniqueIdentifier: '' }],
    [commands.rekey('7'), id],
    [commands.rekey('7'), { uniqueIdentifier: '' }],
    [commands.rekeyKeyPair('7'), pair('7', '9')],
    [commands.rekeyKeyPair('7'), pair('8', '')],
    [commands.createKeyPair({ algorithm: 'RSA', length: 2048 }), pair('8', '8')],
    [commands.createKeyPair({ algorithm: 'RSA', length: 2048 }), pair('', '8')],
    [commands.deriveKey({ from: ['6', '7'], method: 'HASH' }), id],
    [commands.deriveKey({ from: '6', method: 'HASH' }), { uniqueIdentifier: '' }],
  ])('have to be new ones, with ids: %#', async (command, payload) => {
    await expect(answered(command, payload)).rejects.toThrow(protocol)
  })

  test('get what is described, in the form of the version', async () => {
    const create = commands.create({
      algorithm: 'AES',
      length: 256,
      usage: ['WrapKey'],
      name: 'n',
      attributes: {
        objectGroup: ['a', 'b'],
        contactInformation: 'c',
        custom: [customAttribute('x-Own', 1)],
      },
    })
    const attributes = [
      { name: 'CryptographicAlgorithm', value: 'AES' },
      { name: 'CryptographicLength', value: 256 },
      { name: 'CryptographicUsageMask', value: 0x10 },
      { name: 'Name', value: plainName('n') },
      { name: 'ObjectGroup', value: 'a' },
      { name: 'ObjectGroup', value: 'b' },
      { name: 'ContactInformation', value: 'c' },
      expect.objectContaining({ name: 'Custom', vendor: 'x', title: 'Own' }),
    ]
    expect(await sent(create, '2.1')).toEqual({ objectType: 'SymmetricKey', attributes })
    const numbered = attributes.map((one, i) => (i === 5 ? { ...one, index: 1 } : one))
    expect(await sent(create, '1.0')).toEqual({
      objectType: 'SymmetricKey',
      templateAttribute: { attribute: numbered },
    })
  })

  test('get no attribute that there is not', () => {
    expect(() =>
      commands.create({ algorithm: 'AES', length: 256, attributes: { nmae: [] } as never }),
    ).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })

  test.each([
    ['text', 'TextString', 'text'],
    [5, 'Integer', 5],
    [5n, 'LongInteger', 5n],
    [true, 'Boolean', true],
    [new Date(5_000), 'DateTime', 5n],
    [plain(5), 'ByteString', plain(5)],
  ] as const)('get attributes of their own: %s', (value, type, written) => {
    expect(customAttribute('x-Own', value).value).toMatchObject({ type, value: written })
  })

  test('that are imported in place of others can be imported twice', () => {
    const object = symmetricKeyObject('AES', plain(1))
    expect(commands.importObject('7', object).operation.repeatable).toBe(false)
    expect(commands.importObject('7', object, { replaceExisting: true }).operation.repeatable).toBe(true)
  })
})

const invalid = expect.objectContaining({ code: 'ARGUMENT_INVALID' })

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

describe('what else is asked', () => {
  test('random bytes are as many as were wanted', async () => {
    const random = await answered(commands.randomBytes(2), { data: secret(1, 2) })
    expect(random.use(toHex)).toBe('0102')
    await expect(answered(commands.randomBytes(2), { data: secret(1) })).rejects.toThrow(protocol)
    expect(await answered(commands.seedRandom(plain(1, 2)), { dataLength: 2 })).toBe(2)
  })

  test('a check is passed when nothing comes back', async () => {
    const check = commands.check('7', { usage: ['Encrypt'], amount: 5n, lease: 60 })
    expect(await sent(check, '1.4')).toEqual({
      ...id,
      cryptographicUsageMask: 4,
      usageLimitsCount: 5n,
      leaseTime: 60,
    })
    expect(await answered(check, id)).toEqual({ allowed: true })
    expect(await answered(check, { ...id, usageLimitsCount: 3n })).toEqual({ allowed: false, amount: 3n })
    expect(await answered(check, { ...id, cryptographicUsageMask: 0 })).toEqual({ allowed: false, usage: 0 })
    expect(await answered(check, { ...id, leaseTime: 0 })).toEqual({ allowed: false, lease: 0 })
  })

  test('a lease', async () => {
    const lease = await answered(commands.obtainLease('7'), { ...id, leaseTime: 60, lastChangeDate: 5n })
    expect(lease).toEqual({ seconds: 60, lastChange: new Date(5_000) })
  })

  test('the versions of the server, those that are not known here too', async () => {
    const protocolVersion = [{ protocolVersionMajor: 3, protocolVersionMinor: 0 }]
    expect(await answered(commands.discoverVersions(), { protocolVersion })).toEqual(['3.0'])
    expect(await answered(commands.discoverVersions(), {})).toEqual([])
  })

  test('nothing', async () => {
    expect(await answered(commands.ping(), {}, '2.1')).toBeUndefined()
    await expect(answered(commands.ping(), {}, '2.0')).rejects.toMatchObject({ code: 'KMIP_VERSION' })
  })

  test('a revocation says why', async () => {
    const revoke = commands.revoke('7', {
      reason: 'KeyCompromise',
      occurred: new Date(5_999),
      message: 'lost',
    })
    expect(await sent(revoke, '1.0')).toEqual({
      ...id,
      revocationReason: { revocationReasonCode: 'KeyCompromise', revocationMessage: 'lost' },
      compromiseOccurrenceDate: 5n,
    })
  })

  test('attributes that a version has', async () => {
    const wanted = [
      'State',
      'x-Own',
      'Description',
      { vendorIdentification: 'v', attributeName: 'n' },
    ] as const
    const get = commands.getAttributes('7', wanted)
    expect(await sent(get, '1.3')).toEqual({ ...id, attributeName: ['State', 'x-Own'] })
    expect(await sent(get, '2.0')).toEqual({
      ...id,
      attributeReference: [
        0x42_008d,
        { vendorIdentification: 'x', attributeName: 'Own' },
        0x42_00fc,
        { vendorIdentification: 'v', attributeName: 'n' },
      ],
    })
    expect(await sent(commands.getAttributes('7', ['Description']), '1.3')).toEqual({
      ...id,
      attributeName: ['Unique Identifier'],
    })
    expect(await sent(commands.getAttributes('7'), '1.3')).toEqual(id)
  })

  test('the list of attributes has the keys by which they are asked for', async () => {
    const list = commands.getAttributeList('7')
    const attributeName = ['Unique Identifier', 'x-Own', 'Something Else']
    expect(await answered(list, { ...id, attributeName })).toEqual([
      'UniqueIdentifier',
      'x-Own',
      'Something Else',
    ])
    const attributeReference = [
      0x42_008d,
      0x54_0001,
      { vendorIdentification: 'y', attributeName: 'Own' },
      { vendorIdentification: 'v', attributeName: 'n' },
    ]
    expect(await answered(list, { ...id, attributeReference })).toEqual([
      'State',
      0x54_0001,
      'y-Own',
      { vendorIdentification: 'v', attributeName: 'n' },
    ])
  })

  test('to delete an attribute', async () => {
    const one = commands.deleteAttribute('7', 'Name', {
      index: 2,
      current: { name: 'Name', value: plainName('n') },
    })
    expect(await sent(one, '1.4')).toEqual({ ...id, attributeName: 'Name', attributeIndex: 2 })
    expect(await sent(one, '2.0')).toEqual({
      ...id,
      currentAttribute: [{ name: 'Name', value: plainName('n') }],
    })
    const every = commands.deleteAttribute('7', 'x-Own')
    expect(await sent(every, '1.4')).toEqual({ ...id, attributeName: 'x-Own' })
    expect(await sent(every, '2.0')).toEqual({
      ...id,
      attributeReference: { vendorIdentification: 'x', attributeName: 'Own' },
    })
    const foreign = commands.deleteAttribute('7', { vendorIdentification: 'v', attributeName: 'n' })
    await expect(answered(foreign, id)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })
})

describe('a search', () => {
  const search = (
    version: KmipVersion,
    all: readonly string[],
    server: { pages: boolean; total?: boolean; cap?: number },
  ) => {
    const { runner, transport, requests } = scriptRunner(version, ({ batchItem }) => {
      const { maximumItems = all.length, offsetItems = 0 } = (batchItem?.[0]?.requestPayload ?? {}) as {
        maximumItems?: number
        offsetItems?: number
      }
      const start = server.pages ? offsetItems : 0
      const uniqueIdentifier = all.slice(start, start + Math.min(maximumItems, server.cap ?? maximumItems))
      return [success('Locate', { uniqueIdentifier, ...(server.total ? { locatedItems: all.length } : {}) })]
    })
    const list = async (filter: PagedFilter) => {
      const found = []
      for await (const one of locateAll(runner, transport, filter, {})) found.push(one)
      return found
    }
    return { list, requests }
  }
  const all = ['a', 'b', 'c', 'd', 'e']

  test.each([
    ['that counts', { pages: true, total: true }, 3],
    ['that does not count', { pages: true }, 4],
    ['that gives fewer than were asked for', { pages: true, cap: 1 }, 6],
  ] as const)('page by page in a server %s', async (_, server, requests) => {
    const { list, requests: asked } = search('1.3', all, server)
    expect(await list({ pageSize: 2 })).toEqual(all)
    expect(asked).toHaveLength(requests)
  })

  test('ends in a server that knows no pages', async () => {
    const { list, requests } = search('1.4', all, { pages: false })
    expect(await list({ pageSize: 2 })).toEqual(['a', 'b'])
    expect(requests).toHaveLength(2)
    expect(await list({})).toEqual(all)
  })

  test('before 1.3 is one page', async () => {
    const { list, requests } = search('1.2', all, { pages: false })
    expect(await list({ pageSize: 2 })).toEqual(all)
    expect(requests).toHaveLength(1)
  })

  test('gives no more than were asked for', async () => {
    const found = await answered(commands.locate({ maximumItems: 1 }), { uniqueIdentifier: ['a', 'b'] })
    expect(found).toEqual(['a'])
  })

  test('by all that a filter can say', async () => {
    const between = { InitialDate: [new Date(1_000), new Date(2_000)] } as const
    const locate = commands.locate({
      name: 'n',
      objectType: 'SymmetricKey',
      algorithm: 'AES',
      length: 256,
      state: 'Active',
      between,
      attributes: { objectGroup: ['g', 'h'] },
      storageStatusMask: 3,
      objectGroupMember: 'GroupMemberFresh',
      offsetItems: 0,
    })
    expect(await sent(locate, '2.0')).toEqual({
      offsetItems: 0,
      storageStatusMask: 3,
      objectGroupMember: 'GroupMemberFresh',
      attributes: [
        { name: 'Name', value: plainName('n') },
        { name: 'ObjectType', value: 'SymmetricKey' },
        { name: 'CryptographicAlgorithm', value: 'AES' },
        { name: 'CryptographicLength', value: 256 },
        { name: 'State', value: 'Active' },
        { name: 'InitialDate', value: 1n },
        { name: 'InitialDate', value: 2n },
        { name: 'ObjectGroup', value: 'g' },
        { name: 'ObjectGroup', value: 'h' },
      ],
    })
    await expect(answered(locate, {}, '1.2')).rejects.toThrow(unsupported)
  })
})

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
