import {
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  verify,
  X509Certificate,
} from 'node:crypto'
import { SecretBytes, toHex } from '@trusthold/core/bytes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  aesCbc,
  aesGcm,
  type CryptographicParameters,
  certificateObject,
  commands,
  customAttribute,
  deviceCredential,
  KmipClient,
  type KmipVersion,
  lastObject,
  opaqueObject,
  plainName,
  privateKeyObject,
  publicKeyObject,
  secretDataObject,
  symmetricKeyObject,
  unwrapKey,
  userCredential,
} from '../../src/index.js'
import { optionsFor, type PyKmip, startPyKmip } from '../peer.js'

let server: PyKmip
beforeAll(async () => {
  server = await startPyKmip()
})
afterAll(() => server.stop())

const connect = (version: KmipVersion, more = {}) =>
  KmipClient.connect(optionsFor(server, { version, ...more }))
const refused = (kind: string) =>
  expect.objectContaining({ code: 'KMIP_RESULT', context: expect.objectContaining({ kind }) })
const hex = (value: SecretBytes | Uint8Array) =>
  value instanceof SecretBytes ? value.use(toHex) : toHex(value)

const versions = ['1.0', '1.1', '1.2', '1.3', '1.4', '2.0'] as const
const cryptographic = versions.filter((version) => version >= '1.2')
const rsaSha256: CryptographicParameters = {
  paddingMethod: 'PSS',
  hashingAlgorithm: 'SHA_256',
  cryptographicAlgorithm: 'RSA',
}

describe.each(versions)('PyKMIP, version %s', (version) => {
  test('keeps objects of every type and gives them back', async () => {
    await using client = await connect(version)
    const pair = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'pkcs1', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    })
    const key = new Uint8Array(16).fill(7)
    const der = new X509Certificate(server.clientCertificate).raw
    const kept = [
      [symmetricKeyObject('AES', key), { usage: ['Encrypt'] }, key],
      [
        privateKeyObject({ algorithm: 'RSA', length: 2048 }, pair.privateKey),
        { usage: ['Sign'] },
        pair.privateKey,
      ],
      [
        publicKeyObject({ algorithm: 'RSA', length: 2048, format: 'PKCS_1' }, pair.publicKey),
        { usage: ['Verify'] },
        pair.publicKey,
      ],
      [
        secretDataObject('Password', new Uint8Array([1, 2, 3])),
        { usage: ['Verify'] },
        new Uint8Array([1, 2, 3]),
      ],
    ] as const
    for (const [object, description, bytes] of kept) {
      const id = await client.register(object, description)
      const found = await client.getObject(id)
      expect(found.objectType).toBe(object.objectType)
      if (!('keyBlock' in found.object)) throw new Error('expected a key block')
      const { keyValue } = found.object.keyBlock
      if (keyValue === undefined || !('keyMaterial' in keyValue)) throw new Error('expected a key value')
      expect(hex(keyValue.keyMaterial as SecretBytes)).toBe(toHex(bytes))
    }
    const certificate = await client.getObject(await client.register(certificateObject(der)))
    expect(certificate).toMatchObject({ objectType: 'Certificate', object: { certificateType: 'X_509' } })
    expect((certificate.object as { certificateValue: Uint8Array }).certificateValue).toEqual(
      new Uint8Array(der),
    )
    const opaque = await client.getObject(await client.register(opaqueObject(key)))
    expect(hex((opaque.object as { opaqueDataValue: SecretBytes }).opaqueDataValue)).toBe(toHex(key))
  })

  test('makes a pair of keys, active', async () => {
    await using client = await connect(version)
    const made = client.createKeyPair({ algorithm: 'RSA', length: 2048, publicKey: { name: 'public' } })
    const { privateKey, publicKey } = await made.activate()
    expect(await client.getAttributes(privateKey, ['ObjectType', 'State', 'CryptographicUsageMask'])).toEqual(
      {
        objectType: 'PrivateKey',
        state: 'Active',
        cryptographicUsageMask: 1,
      },
    )
    expect(await client.getAttributes(publicKey)).toMatchObject({
      objectType: 'PublicKey',
      state: 'Active',
      cryptographicUsageMask: 2,
      name: [plainName('public')],
    })
  })

  test('derives a key as we do', async () => {
    await using client = await connect(version)
    const base = await client
      .register(symmetricKeyObject('AES', new Uint8Array(16).fill(1)), { usage: ['DeriveKey'] })
      .activate()
    const id = await client.deriveKey({
      from: base,
      method: 'HMAC',
      parameters: {
        cryptographicParameters: { hashingAlgorithm: 'SHA_256' },
        derivationData: SecretBytes.from(new Uint8Array([5])),
        salt: new Uint8Array(32).fill(9),
      },
      algorithm: 'AES',
      length: 128,
    })
    // HKDF of RFC 5869: the salt keys the first HMAC, and the data are the info.
    const prk = createHmac('sha256', new Uint8Array(32).fill(9)).update(new Uint8Array(16).fill(1)).digest()
    const okm = createHmac('sha256', prk)
      .update(new Uint8Array([5, 1]))
      .digest()
      .subarray(0, 16)
    expect(hex((await client.get(id)).material)).toBe(toHex(okm))
  })

  test('says which attributes an object has, and gives those asked for', async () => {
    await using client = await connect(version)
    const id = await client.create({ algorithm: 'AES', length: 256, name: 'listed' })
    const list = await client.getAttributeList(id)
    expect(list).toEqual(
      expect.arrayContaining(['UniqueIdentifier', 'Name', 'CryptographicAlgorithm', 'State']),
    )
    const asked = await client.getAttributes(id, ['Name', 'CryptographicLength'])
    expect(asked).toEqual({ name: [plainName('listed')], cryptographicLength: 256 })
    // The server would never answer if it were asked for what its version does not have.
    const later = await client.getAttributes(id, version < '2.0' ? ['QuantumSafe'] : ['OperationPolicyName'])
    expect(later).toEqual({ uniqueIdentifier: id })
  })

  test('changes attributes', async () => {
    await using client = await connect(version)
    // In 2.0, this server cannot make an object with two.
    const groups = version < '2.0' ? ['one', 'two'] : ['one']
    const id = await client.create({
      algorithm: 'AES',
      length: 256,
      name: 'before',
      attributes: { objectGroup: groups },
    })
    const before = { name: 'Name', value: plainName('before'), index: 0 } as const
    const { index: _, ...current } = before
    const after = {
      name: 'Name',
      value: plainName('after'),
      ...(version < '2.0' ? { index: 0 } : {}),
    } as const
    await client.modifyAttribute(id, after, current)
    expect((await client.getAttributes(id, ['Name'])).name).toEqual([plainName('after')])
    const last = { name: 'ObjectGroup', value: groups.at(-1) as string } as const
    const instance = version < '2.0' ? { index: 1 } : { current: last }
    await client.deleteAttribute(id, 'ObjectGroup', instance)
    const { objectGroup = [] } = await client.getAttributes(id)
    expect(objectGroup).toEqual(groups.slice(0, -1))
    if (version >= '2.0') {
      await client.setAttribute(id, { name: 'Sensitive', value: true })
      expect(await client.getAttributes(id, ['Sensitive'])).toEqual({ sensitive: true })
    } else {
      await expect(client.setAttribute(id, { name: 'State', value: 'Active' })).rejects.toThrow(
        expect.objectContaining({ code: 'KMIP_VERSION' }),
      )
    }
  })

  test('finds by date and page by page', async () => {
    await using client = await connect(version)
    const objectGroup = [`group-${version}`]
    const ids = []
    for (let i = 0; i < 5; i++) {
      ids.push(await client.create({ algorithm: 'AES', length: 128, attributes: { objectGroup } }))
    }
    const filter = { attributes: { objectGroup } }
    expect((await client.locate(filter)).toSorted()).toEqual(ids.toSorted())
    expect(await client.locate({ ...filter, maximumItems: 2 })).toHaveLength(2)
    const all = []
    for await (const id of client.locateAll({ ...filter, pageSize: 2 })) all.push(id)
    expect(all.toSorted()).toEqual(ids.toSorted())
    const range = [new Date(0), new Date(1000)] as const
    expect(await client.locate({ ...filter, between: { InitialDate: range } })).toEqual([])
    if (version < '1.3') {
      await expect(client.locate({ ...filter, offsetItems: 1 })).rejects.toThrow(refused('unsupported'))
    }
  })

  test('wraps a key, which we unwrap', async () => {
    await using client = await connect(version)
    const kek = new Uint8Array(32).fill(3)
    const wrappingKey = await client
      .register(symmetricKeyObject('AES', kek), { usage: ['WrapKey', 'UnwrapKey'] })
      .activate()
    const id = await client.create({ algorithm: 'AES', length: 256 })
    if (version === '1.0') {
      await expect(client.getWrapped(id, { wrappingKey })).rejects.toThrow(refused('unsupported'))
      return
    }
    const wrapped = await client.getWrapped(id, { wrappingKey })
    expect(wrapped).toMatchObject({ id, objectType: 'SymmetricKey', format: 'Raw', length: 256 })
    expect(wrapped.wrapped).toHaveLength(40)
    const opened = unwrapKey(wrapped, SecretBytes.from(kek))
    expect(hex(opened)).toBe(hex((await client.get(id)).material))
    expect(() => unwrapKey(wrapped, SecretBytes.from(new Uint8Array(32)))).toThrow(
      expect.objectContaining({ code: 'KMIP_PROTOCOL' }),
    )
  })

  test('takes credentials', async () => {
    const credentials =
      version === '1.0'
        ? [userCredential('someone', 'a password')]
        : [userCredential('someone', 'a password'), deviceCredential({ deviceSerialNumber: '1' })]
    await using client = await connect(version, {
      credentials: credentials.slice(0, version < '1.2' ? 1 : 2),
    })
    expect(await client.locate({ name: 'nothing' })).toEqual([])
  })

  test('carries out a batch', async () => {
    await using client = await connect(version)
    const id = await client.create({ algorithm: 'AES', length: 256 })
    const [attributes, missing, skipped] = await client.batch([
      commands.getAttributes(id, ['State']),
      commands.get('999999'),
      commands.activate(id),
    ])
    expect(attributes).toEqual({ status: 'fulfilled', value: { state: 'PreActive' } })
    expect(missing).toEqual({ status: 'rejected', reason: refused('notFound') })
    expect(skipped).toMatchObject({ status: 'rejected', reason: { context: { status: 'not carried out' } } })
    const [, continued] = await client.batch([commands.get('999999'), commands.activate(id)], {
      onFailure: 'Continue',
    })
    expect(continued).toEqual({ status: 'fulfilled', value: id })
    // This server cannot read Activate without an id: the whole message is refused.
    const placeholder = [
      commands.create({ algorithm: 'AES', length: 256 }),
      commands.activate(lastObject),
    ] as const
    await expect(client.batch(placeholder)).rejects.toThrow(refused('unsupported'))
  })

  test('what it does not have is not supported, however it says so', async () => {
    await using client = await connect(version)
    const id = await client.create({ algorithm: 'AES', length: 256 })
    const attempts = [
      () => client.rekey(id),
      () => client.archive(id),
      () => client.recover(id),
      () => client.obtainLease(id),
      () => client.check(id, { usage: ['Encrypt'] }),
      () => client.addAttribute(id, customAttribute('x-Product', 'mine')),
      ...(version < '1.1' ? [] : [() => client.rekeyKeyPair(id)]),
      ...(version < '1.2'
        ? []
        : [() => client.hash(new Uint8Array([1]), 'SHA_256'), () => client.randomBytes(8)]),
      ...(version < '1.4' ? [] : [() => client.exportObject(id)]),
    ]
    for (const attempt of attempts) await expect(attempt()).rejects.toThrow(refused('unsupported'))
  })
})

describe.each(cryptographic)('PyKMIP computes, version %s', (version) => {
  const key = new Uint8Array(32).fill(4)
  const iv = new Uint8Array(16).fill(5)
  const text = new TextEncoder().encode('a text of some length')

  test('AES-CBC', async () => {
    await using client = await connect(version)
    const id = await client
      .register(symmetricKeyObject('AES', key), { usage: ['Encrypt', 'Decrypt'] })
      .activate()
    const encrypted = await client.encrypt(id, text, { parameters: aesCbc, iv })
    const cipher = createCipheriv('aes-256-cbc', key, iv)
    expect(toHex(encrypted.data)).toBe(toHex(Buffer.concat([cipher.update(text), cipher.final()])))
    expect(encrypted.tag).toBeUndefined()
    const { data } = await client.decrypt(id, encrypted, { parameters: aesCbc })
    expect(hex(data)).toBe(toHex(text))
  })

  test('AES-GCM, if the tag is not lost', async () => {
    await using client = await connect(version)
    const id = await client
      .register(symmetricKeyObject('AES', key), { usage: ['Encrypt', 'Decrypt'] })
      .activate()
    const additionalData = new Uint8Array([1, 2, 3])
    const options = { parameters: aesGcm, additionalData }
    const nonce = iv.subarray(0, 12)
    if (version < '1.4') {
      await expect(client.encrypt(id, text, { ...options, iv: nonce })).rejects.toThrow(
        refused('unsupported'),
      )
      await expect(
        client.decrypt(id, { data: text, iv: nonce, tag: iv }, { parameters: aesGcm }),
      ).rejects.toThrow(refused('unsupported'))
      return
    }
    const encrypted = await client.encrypt(id, text, { ...options, iv: nonce })
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additionalData)
    const expected = Buffer.concat([cipher.update(text), cipher.final()])
    expect([toHex(encrypted.data), toHex(encrypted.tag as Uint8Array)]).toEqual([
      toHex(expected),
      toHex(cipher.getAuthTag()),
    ])
    expect(hex((await client.decrypt(id, encrypted, options)).data)).toBe(toHex(text))
    const changed = { ...encrypted, tag: new Uint8Array(16) }
    await expect(client.decrypt(id, changed, options)).rejects.toThrow(
      expect.objectContaining({ code: 'KMIP_RESULT' }),
    )
  })

  test('signatures', async () => {
    await using client = await connect(version)
    const { privateKey, publicKey } = await client
      .createKeyPair({ algorithm: 'RSA', length: 2048 })
      .activate()
    const signature = await client.sign(privateKey, { data: text }, rsaSha256)
    const { object } = await client.getObject(publicKey)
    const { keyValue } = (object as { keyBlock: { keyValue: { keyMaterial: SecretBytes } } }).keyBlock
    const pem = createPublicKey({
      key: Buffer.from(keyValue.keyMaterial.copy()),
      format: 'der',
      type: 'pkcs1',
    })
    expect(verify('sha256', text, { key: pem, padding: 6 }, signature)).toBe(true)
    expect(await client.verifySignature(publicKey, { data: text }, signature, rsaSha256)).toBe(true)
    const other = text.slice().fill(0, 0, 1)
    expect(await client.verifySignature(publicKey, { data: other }, signature, rsaSha256)).toBe(false)
    if (version < '1.4') {
      const digest = createHash('sha256').update(text).digest()
      await expect(client.sign(privateKey, { digest }, rsaSha256)).rejects.toThrow(refused('unsupported'))
    }
  })

  test('MAC', async () => {
    await using client = await connect(version)
    const id = await client
      .register(symmetricKeyObject('HMAC_SHA256', key), { usage: ['MACGenerate'] })
      .activate()
    const code = await client.mac(id, text, { cryptographicAlgorithm: 'HMAC_SHA256' })
    expect(toHex(code)).toBe(createHmac('sha256', key).update(text).digest('hex'))
  })
})
