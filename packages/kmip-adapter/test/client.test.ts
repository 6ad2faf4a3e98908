import { randomUUID } from 'node:crypto'
import { toHex } from '@trusthold/core/bytes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KmipClient } from '../src/client.js'
import type { KmipClientOptions } from '../src/client-options.js'
import { optionsFor, type PyKmip, startPyKmip } from './peer.js'

let server: PyKmip
beforeAll(async () => {
  server = await startPyKmip()
})
afterAll(() => server.stop())

const connect = (more: Partial<KmipClientOptions> = {}) => KmipClient.connect(optionsFor(server, more))
const result = (kind: string) =>
  expect.objectContaining({ code: 'KMIP_RESULT', context: expect.objectContaining({ kind }) })

describe.each(['1.0', '1.1', '1.2', '1.3', '1.4', '2.0'] as const)('PyKMIP, version %s', (version) => {
  test.each([
    ['pinned', { version }],
    ['negotiated', { versions: [version] }],
  ])('the life of a key, %s', async (_, options) => {
    await using client = await connect(options)
    expect(await client.version()).toBe(version)
    const name = `key-${randomUUID()}`
    const id = await client.create({ algorithm: 'AES', length: 256, name })
    expect(await client.getAttributes(id, ['State'])).toEqual({ state: 'PreActive' })
    expect(await client.activate(id)).toBe(id)
    expect(await client.getAttributes(id)).toMatchObject({
      uniqueIdentifier: id,
      name: [{ nameValue: name, nameType: 'UninterpretedTextString' }],
      objectType: 'SymmetricKey',
      cryptographicAlgorithm: 'AES',
      cryptographicLength: 256,
      cryptographicUsageMask: 0xc,
      state: 'Active',
    })
    expect(await client.locate({ name })).toEqual([id])
    expect(
      await client.locate({
        name,
        state: 'Active',
        algorithm: 'AES',
        length: 256,
        objectType: 'SymmetricKey',
      }),
    ).toEqual([id])
    expect(await client.locate({ name, state: 'PreActive' })).toEqual([])
    const key = await client.get(id)
    expect(key).toMatchObject({ id, algorithm: 'AES', length: 256 })
    expect(key.material.length).toBe(32)
    await expect(client.destroy(id)).rejects.toThrow(result('state'))
    await expect(client.activate(id)).rejects.toThrow(result('state'))
    await client.revoke(id, { reason: 'KeyCompromise', occurred: new Date('2024-01-02T03:04:05Z') })
    expect(await client.getAttributes(id, ['State'])).toEqual({ state: 'Compromised' })
    const again = await client.get(id)
    expect(again.material.use(toHex)).toBe(key.material.use(toHex))
    await client.destroy(id)
    await expect(client.get(id)).rejects.toThrow(result('notFound'))
    expect(await client.locate({ name })).toEqual([])
  })

  test('Query', async () => {
    await using client = await connect({ version })
    const answer = await client.query([
      'QueryOperations',
      'QueryObjects',
      'QueryServerInformation',
      'QueryCapabilities',
    ])
    expect(answer.operation).toEqual(expect.arrayContaining(['Create', 'Get', 'Locate']))
    expect(answer.vendorIdentification).toMatch(/^PyKMIP/)
  })
})

test('by itself it speaks 1.4', async () => {
  await using client = await connect()
  expect(await client.version()).toBe('1.4')
})

test('a version that the server does not have', async () => {
  await expect(connect({ versions: ['2.1'] })).rejects.toThrow(
    expect.objectContaining({ code: 'KMIP_VERSION' }),
  )
})

test('a key is made and activated in one line', async () => {
  await using client = await connect()
  const id = await client.create({ algorithm: 'AES', length: 256 }).activate()
  expect(await client.getAttributes(id, ['State'])).toEqual({ state: 'Active' })
})

test('an object without an id is never asked for', async () => {
  await using client = await connect()
  const refused = expect.objectContaining({ code: 'ARGUMENT_INVALID' })
  await expect(client.get('')).rejects.toThrow(refused)
  await expect(client.destroy('')).rejects.toThrow(refused)
  await expect(client.activate('')).rejects.toThrow(refused)
  await expect(client.getAttributes('')).rejects.toThrow(refused)
  await expect(client.revoke('', { reason: 'Unspecified' })).rejects.toThrow(refused)
})

test('a key that the server cannot make', async () => {
  await using client = await connect()
  await expect(client.create({ algorithm: 'AES', length: 255 })).rejects.toMatchObject({
    code: 'KMIP_RESULT',
  })
})

test('a restart of the server costs nothing that can be asked twice', async () => {
  const own = await startPyKmip()
  try {
    await using client = await KmipClient.connect(optionsFor(own))
    const id = await client.create({ algorithm: 'AES', length: 128 }).activate()
    const before = (await client.get(id)).material.use(toHex)
    await own.restart()
    expect((await client.get(id)).material.use(toHex)).toBe(before)
  } finally {
    await own.stop()
  }
})

test('two servers over one database: the second answers when the first is gone', async () => {
  const first = await startPyKmip()
  const second = await startPyKmip({ authority: first.authority, database: first.database })
  try {
    const servers = [first, second].map(({ host, port }) => ({ host, port }))
    await using client = await KmipClient.connect(optionsFor(first, { servers }))
    const id = await client.create({ algorithm: 'AES', length: 256 }).activate()
    const before = (await client.get(id)).material.use(toHex)
    process.kill(-first.pid, 'SIGKILL')
    expect((await client.get(id)).material.use(toHex)).toBe(before)
  } finally {
    await second.stop()
    await first.stop()
  }
})

describe('clients that PyKMIP refuses', () => {
  test.each([
    ['expired', { subject: '/O=Example/CN=old', usage: ['clientAuth'], expired: true }, 'TRANSPORT_FAILED'],
    ['for servers only', { subject: '/O=Example/CN=server', usage: ['serverAuth'] }, 'TRANSPORT_FAILED'],
    ['of no use', { subject: '/O=Example/CN=none' }, 'KMIP_RESULT'],
    ['without a name', { subject: '/O=Example', usage: ['clientAuth'] }, 'KMIP_RESULT'],
    ['of two names', { subject: '/O=Example/CN=one/CN=two', usage: ['clientAuth'] }, 'KMIP_RESULT'],
  ] as const)('%s', async (_, subject, code) => {
    const { certificate, privateKey } = await server.authority.issue(subject)
    const tls = {
      clientCertificate: certificate,
      clientPrivateKey: privateKey,
      trustedCertificates: [server.ca],
    }
    const error = await connect({ tls }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code })
    if (code === 'KMIP_RESULT') expect(error).toMatchObject({ context: { kind: 'authentication' } })
  })
})
