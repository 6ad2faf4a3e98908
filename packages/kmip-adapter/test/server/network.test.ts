import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { makeSelfSignedCertificate } from '@trusthold/core/x509'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Identity } from '../../../../scripts/peers/certificate-authority.mjs'
import { responseMessage } from '../../src/messages/index.js'
import { createKmipServer, type KmipServerOptions } from '../../src/server/index.js'
import { decodeMessage } from '../../src/ttlv/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities, testKey } from './embedded.js'
import { connectRaw } from './raw-client.js'
import { requestFrame, talk } from './talker.js'

let identities: TestIdentities
beforeAll(async () => {
  identities = await createIdentities()
})
afterAll(() => identities.remove())

const start = (more: Partial<KmipServerOptions> = {}): Promise<Embedded> => startEmbedded(identities, more)
const connect = (embedded: Embedded, identity: Identity | undefined = identities.client, more: object = {}) =>
  connectRaw(embedded.port, identity, identities.authority.certificate, more)
const discover = requestFrame('1.4', [{ operation: 'DiscoverVersions', payload: {} }])

/** The reason of an answer that is about the whole message. */
function reasonOf(frame: Uint8Array | undefined): unknown {
  if (frame === undefined) return undefined
  const [item] = decodeMessage(responseMessage, frame).batchItem ?? []
  expect(item).not.toHaveProperty('operation')
  return item?.resultReason
}

describe('clients', () => {
  test('without a certificate are told so, and cut off', async () => {
    await using embedded = await start()
    await using client = await connectRaw(embedded.port, undefined, identities.authority.certificate)
    expect(reasonOf(await client.ask(discover))).toBe('AuthenticationNotSuccessful')
    await client.closed
  })

  test.each([
    ['of another authority', async () => (await strangers()).client],
    [
      'that has expired',
      () => identities.authority.issue({ subject: '/CN=old', usage: ['clientAuth'], expired: true }),
    ],
    [
      'that is for servers',
      () => identities.authority.issue({ subject: '/CN=server', usage: ['serverAuth'] }),
    ],
  ])('with a certificate %s are told so, whatever they send, and cut off', async (_, issue) => {
    await using embedded = await start()
    const identity = await issue()
    await using client = await connect(embedded, identity)
    expect(reasonOf(await client.ask(discover))).toBe('AuthenticationNotSuccessful')
    await client.closed
    await using other = await connect(embedded, identity)
    expect(reasonOf(await other.ask(Buffer.from('GET / HTTP/1.1\r\n\r\n')))).toBe(
      'AuthenticationNotSuccessful',
    )
    await other.closed
  })

  async function strangers(): Promise<TestIdentities> {
    const others = await createIdentities()
    await others.remove()
    return others
  }

  test('that signed their own certificate are let in when it is trusted itself', async () => {
    const own = makeSelfSignedCertificate({ hosts: ['client'], usage: 'client', now: Date.now() })
    const { tls } = await defaults()
    await using embedded = await start({ tls: { ...tls, clientCertificates: [own.certificate] } })
    await using talker = await talk(embedded, identities, '1.4', own)
    await talker.ask('DiscoverVersions', {})
    await using other = await connect(embedded)
    expect(reasonOf(await other.ask(discover))).toBe('AuthenticationNotSuccessful')
  })

  test('with TLS before 1.2 are refused', async () => {
    await using embedded = await start()
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    await using client = await connect(embedded, identities.client, old)
    await client.closed
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      await using talker = await connect(embedded, identities.client, {
        minVersion: version,
        maxVersion: version,
      })
      expect(talker.socket.getProtocol()).toBe(version)
      await talker.ask(discover)
    }
  })
})

async function defaults(): Promise<KmipServerOptions> {
  const embedded = await start()
  await embedded.server.close()
  return embedded.options
}

describe('bytes', () => {
  test.each([
    ['that are no message', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['of a response', Buffer.from('42007b0100000000', 'hex')],
    ['that claim 4 GiB', Buffer.from('42007801ffffffff', 'hex')],
  ])('%s are answered once, and the connection ends', async (_, bytes) => {
    await using embedded = await start()
    await using client = await connect(embedded)
    expect(reasonOf(await client.ask(bytes))).toBe('InvalidMessage')
    expect(await client.next()).toBeUndefined()
    await client.closed
  })

  test('above the limit are refused as soon as the header says so', async () => {
    await using embedded = await start({ limits: { requestBytes: 4_096 } })
    await using client = await connect(embedded)
    expect(reasonOf(await client.ask(Buffer.from('4200780100000ff9', 'hex')))).toBe('InvalidMessage')
    await client.closed
    await using other = await connect(embedded)
    other.socket.write(Buffer.from('4200780100000ff8', 'hex'))
    await other.ask(Buffer.concat([new Uint8Array(0xff8)]))
  })

  test('that come one by one, and requests that come all at once, are answered in order', async () => {
    await using embedded = await start()
    await using client = await connect(embedded)
    for (const byte of discover) client.socket.write(Uint8Array.of(byte))
    expect(await client.next()).toBeDefined()
    const versions = ['1.1', '1.2', '1.3', '1.4', '2.0'] as const
    const frames = versions.map((version) =>
      requestFrame(version, [{ operation: 'DiscoverVersions', payload: {} }]),
    )
    client.socket.write(Buffer.concat(frames))
    for (const version of versions) {
      const { responseHeader } = decodeMessage(responseMessage, (await client.next()) as Uint8Array)
      const { protocolVersionMajor, protocolVersionMinor } = responseHeader.protocolVersion
      expect(`${protocolVersionMajor}.${protocolVersionMinor}`).toBe(version)
    }
  })

  test('of a message that was cut anywhere are waited for, and then the time is up', async () => {
    await using embedded = await start({ limits: { request: 50 } })
    for (const length of [1, 7, 8, 9, discover.length - 1]) {
      await using client = await connect(embedded)
      client.socket.write(discover.subarray(0, length))
      expect(await client.next()).toBeUndefined()
      await client.closed
    }
  })

  test('that change at random never stop the server', async () => {
    const errors: unknown[] = []
    await using embedded = await start({ onError: (error) => errors.push(error) })
    let seed = 1
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return (seed >>> 8) % below
    }
    await using talker = await talk(embedded, identities)
    const id = await talker.createKey()
    const samples = [
      requestFrame('1.4', [{ operation: 'Get', payload: { uniqueIdentifier: id } }]),
      requestFrame('1.4', [{ operation: 'Locate', payload: { maximumItems: 2 } }]),
      requestFrame('2.1', [{ operation: 'GetAttributes', payload: { uniqueIdentifier: id } }]),
    ]
    let client = await connect(embedded)
    for (let i = 0; i < 400; i++) {
      const frame = (samples[random(samples.length)] as Uint8Array).slice()
      for (let changes = random(3) + 1; changes > 0; changes--)
        frame[8 + random(frame.length - 8)] = random(256)
      client.socket.write(frame)
      if ((await client.next()) !== undefined) continue
      await client[Symbol.asyncDispose]()
      client = await connect(embedded)
    }
    await client[Symbol.asyncDispose]()
    expect(await talker.ask('Get', { uniqueIdentifier: id })).toMatchObject({ uniqueIdentifier: id })
    expect(errors).toEqual([])
  })
})

describe('time and numbers', () => {
  test('a client that says nothing is cut off', async () => {
    await using embedded = await start({ limits: { idle: 50 } })
    await using client = await connect(embedded)
    await client.closed
  })

  test('one that does not shake hands is cut off', async () => {
    await using embedded = await start({ limits: { handshake: 50 } })
    const socket = connectTcp(embedded.port, '127.0.0.1')
    await once(socket, 'close')
  })

  test('a stranger gets no more time than for a handshake, however it sends', async () => {
    await using embedded = await start({ limits: { handshake: 50 } })
    await using client = await connectRaw(embedded.port, undefined, identities.authority.certificate)
    client.socket.write(discover.subarray(0, 9))
    await client.closed
  })

  test('one that does not read what it gets is cut off', async () => {
    await using embedded = await start({ limits: { request: 100 } })
    await using client = await connect(embedded)
    client.socket.pause()
    const frame = requestFrame(
      '1.4',
      Array.from(
        { length: 100 },
        () => ({ operation: 'RNGRetrieve', payload: { dataLength: 65_536 } }) as const,
      ),
    )
    client.socket.write(frame)
    client.socket.write(frame)
    // A paused socket only learns of the end by the server's side.
    await expect.poll(() => embedded.server.connections).toBe(0)
  })

  test('more connections than the limit are closed at once', async () => {
    await using embedded = await start({ limits: { connections: 2 } })
    await using first = await connect(embedded)
    await using second = await connect(embedded)
    await using third = await connect(embedded)
    await third.closed
    await first.ask(discover)
    await second.ask(discover)
  })

  test.each([
    ['connections', 0],
    ['requestBytes', 2 ** 31],
    ['idle', 1.5],
    ['depth', 257],
  ])('a limit of %s of %d is refused', async (name, value) => {
    const options = await defaults()
    expect(() => createKmipServer({ ...options, limits: { [name]: value } })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
    )
  })
})

describe('the end', () => {
  test('a request that runs is answered; then every connection is closed, and no new one is taken', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let entered: () => void = () => undefined
    const inside = new Promise<void>((resolve) => {
      entered = resolve
    })
    const embedded = await start({
      middleware: [
        async (_, next) => {
          entered()
          await held
          return await next()
        },
      ],
    })
    await using busy = await connect(embedded)
    await using idle = await connect(embedded)
    const answer = busy.ask(discover)
    await inside
    const closing = embedded.server.close()
    await idle.closed
    release()
    expect(decodeMessage(responseMessage, await answer).batchItem?.[0]?.resultStatus).toBe('Success')
    await busy.closed
    await closing
    await embedded.server.close()
    const refused = connectTcp(embedded.port, '127.0.0.1')
    const [error] = await once(refused, 'error')
    expect((error as NodeJS.ErrnoException).code).toBe('ECONNREFUSED')
  })

  test('what does not end in time is cut off', async () => {
    const embedded = await start({ middleware: [() => new Promise(() => undefined)] })
    await using client = await connect(embedded)
    const answer = client.ask(discover)
    answer.catch(() => undefined)
    const socket = connectTcp(embedded.port, '127.0.0.1')
    await once(socket, 'connect')
    await embedded.server.close(50)
    await expect(answer).rejects.toThrow('closed')
    if (!socket.closed) await once(socket, 'close')
  })

  test('a port that is taken gives TRANSPORT_FAILED', async () => {
    await using embedded = await start()
    const other = createKmipServer(embedded.options)
    await expect(other.listen({ port: embedded.port })).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' })
    await other.close()
  })

  test('certificates are replaced for connections that come', async () => {
    await using embedded = await start()
    await using before = await connect(embedded)
    const { client } = identities
    const next = makeSelfSignedCertificate({ hosts: ['127.0.0.1'], now: Date.now() })
    embedded.server.replaceTls({ ...next, clientCertificates: [identities.authority.certificate] })
    await before.ask(discover)
    await using after = await connectRaw(embedded.port, client, next.certificate)
    await after.ask(discover)
    expect(() => embedded.server.replaceTls({ ...next, clientCertificates: [] })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
    )
  })
})

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'no session is resumed, also after certificates were replaced: each connection shows its own, %s',
  async (maxVersion) => {
    await using embedded = await start()
    const sessions: Buffer[] = []
    const visit = async (more: object): Promise<boolean> => {
      await using client = await connect(embedded, identities.client, { maxVersion, ...more })
      client.socket.on('session', (session) => sessions.push(session))
      await client.ask(discover)
      return client.socket.isSessionReused()
    }
    for (let i = 0; i < 2; i++) {
      await visit({})
      for (const session of sessions.splice(0)) expect(await visit({ session })).toBe(false)
      embedded.server.replaceTls(embedded.options.tls)
    }
  },
)

describe('a configuration that cannot work is refused', () => {
  const tls = () => ({
    certificate: identities.server.certificate,
    privateKey: identities.server.privateKey,
    clientCertificates: [identities.authority.certificate],
  })
  const make = (more: Partial<KmipServerOptions>) => () =>
    createKmipServer({ tls: tls(), store: openMemory().config, keyEncryptionKey: testKey, ...more })

  test.each<readonly [string, () => Partial<KmipServerOptions>]>([
    ['no client certificates', () => ({ tls: { ...tls(), clientCertificates: [] } })],
    ['client certificates that are none', () => ({ tls: { ...tls(), clientCertificates: ['nonsense'] } })],
    ['a certificate that is none', () => ({ tls: { ...tls(), certificate: 'nonsense' } })],
    ['another’s private key', () => ({ tls: { ...tls(), privateKey: identities.client.privateKey } })],
    ['ciphers that do not exist', () => ({ tls: { ...tls(), ciphers: 'NONSENSE' } })],
    ['a short key-encryption key', () => ({ keyEncryptionKey: new Uint8Array(31) })],
    ['no versions', () => ({ versions: [] })],
    ['versions that do not exist', () => ({ versions: ['1.5' as '1.4'] })],
  ])('%s', (_, more) => {
    expect(make(more())).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }))
  })
})
