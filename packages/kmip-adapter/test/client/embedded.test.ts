import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { SecretBytes, toHex } from '@trusthold/core/bytes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  aesCbc,
  aesGcm,
  commands,
  customAttribute,
  KmipClient,
  type KmipClientOptions,
  type KmipVersion,
  lastObject,
  plainName,
  privateKeyObject,
  secretDataObject,
  symmetricKeyObject,
  unwrapKey,
  userCredential,
} from '../../src/index.js'
import { kmipVersions } from '../../src/ttlv/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from '../server/embedded.js'

let identities: TestIdentities
let embedded: Embedded
beforeAll(async () => {
  identities = await createIdentities()
  embedded = await startEmbedded(identities, {
    authenticate: (credentials) =>
      credentials.every(({ credentialValue }) => {
        const value = credentialValue as { username: string; password: SecretBytes }
        return value.username === 'someone' && value.password.use((bytes) => toHex(bytes)) === '7077'
      }),
  })
})
afterAll(async () => {
  await embedded.server.close()
  await identities.remove()
})

const connect = (version: KmipVersion, more: Partial<KmipClientOptions> = {}) =>
  KmipClient.connect(embedded.clientOptions({ version, ...more }))
const refused = (kind: string) =>
  expect.objectContaining({ code: 'KMIP_RESULT', context: expect.objectContaining({ kind }) })
const tooOld = expect.objectContaining({ code: 'KMIP_VERSION' })
const hex = (value: SecretBytes | Uint8Array) =>
  value instanceof SecretBytes ? value.use(toHex) : toHex(value)
const text = new TextEncoder().encode('a text of some length')
const bytes = (length: number, value: number) => new Uint8Array(length).fill(value)

describe.each(kmipVersions)('the embedded server, version %s', (version) => {
  test('the life of a key', async () => {
    await using client = await connect(version)
    const id = await client.create({ algorithm: 'AES', length: 256, name: `life-${version}` }).activate()
    expect(await client.locate({ name: `life-${version}`, state: 'Active' })).toEqual([id])
    expect((await client.get(id)).material.length).toBe(32)
    await expect(client.destroy(id)).rejects.toThrow(refused('state'))
    await client.revoke(id, { reason: 'CessationOfOperation', message: 'done' })
    expect(await client.getAttributes(id, ['State', 'RevocationReason'])).toEqual({
      state: 'Deactivated',
      revocationReason: { revocationReasonCode: 'CessationOfOperation', revocationMessage: 'done' },
    })
    await client.destroy(id)
    await expect(client.get(id)).rejects.toThrow(refused('notFound'))
  })

  test('attributes of every sort', async () => {
    await using client = await connect(version)
    const id = await client.create({
      algorithm: 'AES',
      length: 128,
      attributes: { objectGroup: ['one', 'two'], custom: [customAttribute('x-Product', 'mine')] },
    })
    const link = { linkType: 'ParentLink', linkedObjectIdentifier: id } as const
    const isLinked = version >= '1.2'
    if (isLinked) await client.addAttribute(id, { name: 'Link', value: link })
    await client.addAttribute(id, { name: 'ContactInformation', value: 'someone' })
    await client.addAttribute(id, { name: 'Name', value: plainName(`first-${version}`) })
    await client.modifyAttribute(
      id,
      { name: 'ContactInformation', value: 'someone else' },
      { name: 'ContactInformation', value: 'someone' },
    )
    const found = await client.getAttributes(id)
    expect(found).toMatchObject({
      contactInformation: 'someone else',
      name: [plainName(`first-${version}`)],
      objectGroup: ['one', 'two'],
      ...(isLinked ? { link: [link] } : {}),
    })
    expect(found.custom?.map(({ vendor, title, value }) => [vendor, title, value.value])).toEqual([
      ['x', 'Product', 'mine'],
    ])
    expect(await client.getAttributeList(id)).toEqual(
      expect.arrayContaining(['ObjectGroup', 'ContactInformation', 'x-Product', 'State']),
    )
    const [own] = (await client.getAttributes(id, ['x-Product'])).custom ?? []
    expect(own?.value.value).toBe('mine')
    const current = { name: 'ObjectGroup', value: 'one' } as const
    await client.deleteAttribute(id, 'ObjectGroup', version < '2.0' ? { index: 0 } : { current })
    await client.deleteAttribute(id, 'x-Product')
    const left = await client.getAttributes(id, ['ObjectGroup', 'x-Product'])
    expect(left).toEqual({ objectGroup: ['two'] })
    const set = client.setAttribute(id, { name: 'ContactInformation', value: 'set' })
    if (version < '2.0') return await expect(set).rejects.toThrow(tooOld)
    await set
    expect(await client.getAttributes(id, ['ContactInformation'])).toEqual({ contactInformation: 'set' })
    return undefined
  })

  test('a batch in which the key that was made is activated', async () => {
    await using client = await connect(version)
    const [made, active, key] = await client.batch([
      commands.create({ algorithm: 'AES', length: 256 }),
      commands.activate(lastObject),
      commands.get(lastObject),
    ])
    if (made.status !== 'fulfilled') throw new Error('expected a key', { cause: made.reason })
    expect(active).toEqual({ status: 'fulfilled', value: made.value })
    expect(key).toMatchObject({ status: 'fulfilled', value: { id: made.value, length: 256 } })
    const undone = await client.batch(
      [commands.create({ algorithm: 'AES', length: 256, name: `undone-${version}` }), commands.get('none')],
      { onFailure: 'Continue' },
    )
    expect(undone.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  test('re-keying: the name moves, the old key stays', async () => {
    await using client = await connect(version)
    const name = `rotated-${version}`
    const id = await client.create({ algorithm: 'AES', length: 256, name }).activate()
    const next = await client.rekey(id, { offset: 0 })
    expect(await client.locate({ name })).toEqual([next])
    expect(hex((await client.get(next)).material)).not.toBe(hex((await client.get(id)).material))
    const pair = await client.createKeyPair({ algorithm: 'RSA', length: 2048 }).activate()
    const again = client.rekeyKeyPair(pair.privateKey)
    if (version < '1.1') return await expect(again).rejects.toThrow(tooOld)
    expect(Object.values(await again)).not.toContain(pair.privateKey)
    return undefined
  })

  test('the archive, leases and checks', async () => {
    await using client = await connect(version)
    const id = await client.create({ algorithm: 'AES', length: 256 }).activate()
    await client.archive(id)
    await expect(client.get(id)).rejects.toThrow(refused('state'))
    expect(await client.locate({ storageStatusMask: 2, algorithm: 'AES' })).toContain(id)
    await client.recover(id)
    expect((await client.get(id)).id).toBe(id)
    expect((await client.obtainLease(id)).lastChange).toBeInstanceOf(Date)
    expect(await client.check(id, { usage: ['Encrypt'] })).toEqual({ allowed: true })
    const forbidden = client.check(id, { usage: ['Sign'] }).then(({ allowed }) => allowed)
    expect(await forbidden.catch((error: unknown) => error)).not.toBe(true)
  })

  test('wrapping, in either form', async () => {
    await using client = await connect(version)
    const kek = bytes(32, 3)
    const wrappingKey = await client
      .register(symmetricKeyObject('AES', kek), { usage: ['WrapKey', 'UnwrapKey'] })
      .activate()
    const id = await client.create({ algorithm: 'AES', length: 256 })
    const plain = hex((await client.get(id)).material)
    for (const encoding of ['NoEncoding', 'TTLVEncoding'] as const) {
      if (version === '1.0' && encoding === 'NoEncoding') continue
      for (const mode of ['NISTKeyWrap', 'AESKeyWrapPadding'] as const) {
        const wrapped = await client.getWrapped(id, { wrappingKey, encoding, mode })
        expect(hex(unwrapKey(wrapped, SecretBytes.from(kek)))).toBe(plain)
      }
    }
  })

  test('derivation by PBKDF2', async () => {
    await using client = await connect(version)
    const base = await client
      .register(secretDataObject('Password', text), { usage: ['DeriveKey'] })
      .activate()
    const derived = await client.deriveKey({
      from: base,
      method: 'PBKDF2',
      parameters: {
        cryptographicParameters: { hashingAlgorithm: 'SHA_256' },
        salt: bytes(16, 1),
        iterationCount: 1000,
      },
      algorithm: 'AES',
      length: 256,
    })
    const { pbkdf2Sync } = await import('node:crypto')
    const expected = pbkdf2Sync(text, bytes(16, 1), 1000, 32, 'sha256')
    expect(hex((await client.get(derived)).material)).toBe(toHex(expected))
  })

  test('pages of a search', async () => {
    await using client = await connect(version)
    const attributes = { objectGroup: [`pages-${version}`] }
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.push(await client.create({ algorithm: 'AES', length: 128, attributes }))
    const all: string[] = []
    for await (const id of client.locateAll({ attributes, pageSize: 2 })) all.push(id)
    expect(all.toSorted()).toEqual(ids.toSorted())
  })

  test('credentials', async () => {
    const password = SecretBytes.from(Uint8Array.of(0x70, 0x77))
    await using known = await connect(version, { credentials: [userCredential('someone', password)] })
    expect(await known.locate({ name: 'nothing' })).toEqual([])
    await using other = await connect(version, { credentials: [userCredential('someone', 'else')] })
    await expect(other.locate({ name: 'nothing' })).rejects.toThrow(refused('authentication'))
  })

  test('what the server is', async () => {
    await using client = await connect(version)
    const { operation = [], vendorIdentification } = await client.query()
    expect(operation).toEqual(expect.arrayContaining(['Create', 'Get', 'Archive']))
    expect(vendorIdentification).toEqual(expect.any(String))
    const versions = client.discoverVersions()
    if (version === '1.0') await expect(versions).rejects.toThrow(tooOld)
    else expect([...(await versions)].toSorted()).toEqual([...kmipVersions])
    const ping = client.ping()
    if (version < '2.1') await expect(ping).rejects.toThrow(tooOld)
    else await ping
  })

  test('import and export', async () => {
    await using client = await connect(version)
    const object = symmetricKeyObject('AES', bytes(16, 6))
    const attributes = { cryptographicUsageMask: 12, objectGroup: ['imported'] }
    const imported = client.importObject(`own-${version}`, object, { attributes })
    if (version < '1.4') return await expect(imported).rejects.toThrow(tooOld)
    expect(await imported).toBe(`own-${version}`)
    await expect(client.importObject(`own-${version}`, object, { attributes })).rejects.toThrow(
      refused('invalid'),
    )
    await client.importObject(`own-${version}`, object, { attributes, replaceExisting: true })
    const exported = await client.exportObject(`own-${version}`)
    expect(exported.attributes).toMatchObject({ objectGroup: ['imported'], cryptographicUsageMask: 12 })
    expect(exported.object.objectType).toBe('SymmetricKey')
    return undefined
  })
})

describe.each(kmipVersions.filter((version) => version >= '1.2'))(
  'the embedded server computes, %s',
  (version) => {
    const key = bytes(32, 4)

    test('encryption', async () => {
      await using client = await connect(version)
      const id = await client
        .register(symmetricKeyObject('AES', key), { usage: ['Encrypt', 'Decrypt'] })
        .activate()
      const encrypted = await client.encrypt(id, text, { parameters: aesCbc, iv: bytes(16, 1) })
      const cipher = createCipheriv('aes-256-cbc', key, bytes(16, 1))
      expect(toHex(encrypted.data)).toBe(toHex(Buffer.concat([cipher.update(text), cipher.final()])))
      expect(hex((await client.decrypt(id, encrypted, { parameters: aesCbc })).data)).toBe(toHex(text))
      const options = { parameters: { ...aesGcm, randomIv: true }, additionalData: bytes(3, 9) }
      const sealed = client.encrypt(id, text, options)
      if (version < '1.4') return await expect(sealed).rejects.toThrow(refused('unsupported'))
      const { iv, tag } = await sealed
      expect([iv?.length, tag?.length]).toEqual([12, 16])
      expect(hex((await client.decrypt(id, await sealed, options)).data)).toBe(toHex(text))
      const other = { ...options, additionalData: bytes(3, 8) }
      await expect(client.decrypt(id, await sealed, other)).rejects.toMatchObject({ code: 'KMIP_RESULT' })
      return undefined
    })

    test('signatures, codes, hashes, random bytes', async () => {
      await using client = await connect(version)
      const parameters = {
        paddingMethod: 'PSS',
        hashingAlgorithm: 'SHA_256',
        cryptographicAlgorithm: 'RSA',
      } as const
      const pair = await client.createKeyPair({ algorithm: 'RSA', length: 2048 }).activate()
      const signature = await client.sign(pair.privateKey, { data: text }, parameters)
      expect(await client.verifySignature(pair.publicKey, { data: text }, signature, parameters)).toBe(true)
      expect(await client.verifySignature(pair.publicKey, { data: key }, signature, parameters)).toBe(false)
      // This server signs no digests, and a version before 1.4 cannot carry them.
      const digest = createHash('sha256').update(text).digest()
      const ofDigest = client.sign(pair.privateKey, { digest }, parameters)
      await expect(ofDigest).rejects.toThrow(refused('unsupported'))
      const hmac = { cryptographicAlgorithm: 'HMAC_SHA256' } as const
      const macKey = await client
        .register(symmetricKeyObject('HMAC_SHA256', key), { usage: ['MACGenerate', 'MACVerify'] })
        .activate()
      const code = await client.mac(macKey, text, hmac)
      expect(toHex(code)).toBe(createHmac('sha256', key).update(text).digest('hex'))
      expect(await client.verifyMac(macKey, text, code, hmac)).toBe(true)
      expect(await client.verifyMac(macKey, key, code, hmac)).toBe(false)
      expect(toHex(await client.hash(text, 'SHA_512'))).toBe(createHash('sha512').update(text).digest('hex'))
      expect((await client.randomBytes(20)).length).toBe(20)
      await expect(client.seedRandom(key)).rejects.toThrow(refused('unsupported'))
    })
  },
)

test('a private key that is registered comes back', async () => {
  await using client = await connect('2.1')
  const { generateKeyPairSync } = await import('node:crypto')
  const der = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  }).privateKey
  const form = { algorithm: 'EC', length: 256 } as const
  const id = await client.register(privateKeyObject(form, der), { usage: ['Sign'] })
  const { object } = await client.getObject(id)
  const { keyValue } = (object as { keyBlock: { keyValue: { keyMaterial: SecretBytes } } }).keyBlock
  expect(hex(keyValue.keyMaterial)).toBe(toHex(der))
})
