import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { KmipClient } from '../../src/client.js'
import { optionsFor, type PyKmip, startPyKmip } from '../peer.js'
import {
  createIdentities,
  located,
  locateFailed,
  movableClock,
  openStage,
  response,
  type Script,
  type Stage,
  type TestIdentities,
  versionsServed,
} from '../scripted-server.js'

let identities: TestIdentities
let stage: Stage
beforeAll(async () => {
  identities = await createIdentities()
})
beforeEach(() => {
  stage = openStage(identities)
})
afterEach(() => stage.end())
afterAll(() => identities.remove())

const described = response([
  { operation: 'Query', resultStatus: 'Success', responsePayload: { vendorIdentification: 'a vendor' } },
])

/** A server that answers what it is asked for its health; the search by this. */
const well =
  (search: () => Uint8Array | undefined = () => located()): Script =>
  ({ operation }) => {
    if (operation === 'DiscoverVersions') return versionsServed([1, 2])
    return operation === 'Query' ? described : search()
  }

describe('the health of a server', () => {
  test('that works', async () => {
    const server = await stage.serve(well())
    const client = stage.clientOf([server.port], { versions: ['1.4', '1.2'] })
    const [health, ...others] = await client.health()
    expect(others).toEqual([])
    expect(health).toEqual({
      endpoint: `127.0.0.1:${server.port}`,
      clientTrustsServer: true,
      serverTrustsClient: true,
      version: '1.2',
      vendor: 'a vendor',
      latencyMilliseconds: expect.any(Number),
      clientCertificateDays: 824,
      serverCertificateDays: 824,
      circuit: 'closed',
    })
    expect(server.requests.map(({ operation }) => operation)).toEqual(['DiscoverVersions', 'Query', 'Locate'])
  })

  test('is found out over a connection of its own: none of those in use has to come back', async () => {
    let silent = true
    const server = await stage.serve((request) => (silent ? undefined : well()(request)))
    const client = stage.clientOf([server.port], { maxConnections: 1 })
    const stuck = client.locate({ name: 'x' }).catch(() => undefined)
    await expect.poll(() => server.requests.length).toBe(1)
    silent = false
    expect(await client.health()).toMatchObject([{ serverTrustsClient: true }])
    await server.ended(1)
    await client.close()
    await stuck
  })

  test.each<[string, () => Uint8Array | undefined, object]>([
    [
      'that does not accept us',
      () => locateFailed('AuthenticationNotSuccessful'),
      { serverTrustsClient: false, circuit: 'open', error: { code: 'KMIP_RESULT' } },
    ],
    [
      'that lets us not search',
      () => locateFailed('PermissionDenied'),
      { circuit: 'closed', error: { context: { kind: 'denied' } } },
    ],
    [
      'that has trouble',
      () => locateFailed('InternalServerError'),
      { circuit: 'open', error: { context: { kind: 'transient' } } },
    ],
    ['that answers nonsense', () => new Uint8Array(16), { circuit: 'open', error: { code: 'CODEC_VALUE' } }],
    ['that goes silent', () => undefined, { circuit: 'open', error: { code: 'TRANSPORT_TIMEOUT' } }],
  ])('%s', async (_, search, expected) => {
    const server = await stage.serve(well(search))
    const client = stage.clientOf([server.port], { timeouts: { request: 100 } })
    const [health] = await client.health()
    expect(health).toMatchObject({
      clientTrustsServer: true,
      version: '1.4',
      vendor: 'a vendor',
      ...expected,
    })
    if (!('serverTrustsClient' in expected)) expect(health?.serverTrustsClient).toBeUndefined()
  })

  test('that we do not believe', async () => {
    const rogue = await createIdentities()
    stage.onEnd(() => rogue.remove())
    const server = await stage.serve(well(), rogue.server)
    const [health] = await stage.clientOf([server.port]).health()
    expect(health).toMatchObject({ clientTrustsServer: false, circuit: 'open' })
    expect([health?.serverTrustsClient, health?.version, health?.serverCertificateDays]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('that nobody answers for, or that ends the handshake, says nothing of who believes whom', async () => {
    const ending = createServer((socket) => socket.destroy())
    ending.listen(0, '127.0.0.1')
    await once(ending, 'listening')
    const { port } = ending.address() as AddressInfo
    for (const health of await stage.clientOf([1, port]).health()) {
      expect(health).toMatchObject({ circuit: 'open', error: { code: 'TRANSPORT_FAILED' } })
      expect(health).not.toHaveProperty('clientTrustsServer')
      expect(health).not.toHaveProperty('serverTrustsClient')
    }
    ending.close()
  })

  test.each([
    ['names no vendor', response([{ operation: 'Query', resultStatus: 'Success', responsePayload: {} }])],
    [
      'does not say what it is',
      response([
        { operation: 'Query', resultStatus: 'OperationFailed', resultReason: 'OperationNotSupported' },
      ]),
    ],
  ])('that %s', async (_, answer) => {
    const server = await stage.serve((request) => (request.operation === 'Query' ? answer : well()(request)))
    const [health] = await stage.clientOf([server.port]).health()
    expect(health).toMatchObject({ serverTrustsClient: true, circuit: 'closed' })
    expect(health).not.toHaveProperty('vendor')
    expect(health).not.toHaveProperty('error')
  })

  test('that speaks no version of ours', async () => {
    const server = await stage.serve(well())
    const [health] = await stage.clientOf([server.port], { versions: ['1.4'] }).health()
    expect(health).toMatchObject({
      clientTrustsServer: true,
      circuit: 'open',
      error: { code: 'KMIP_VERSION' },
    })
  })

  test('whose certificate is about to end, as ours is', async () => {
    const clock = movableClock()
    const server = await stage.serve(well())
    const client = stage.clientOf([server.port], { clock })
    clock.time += 820 * 86_400_000
    expect(await client.health()).toMatchObject([{ clientCertificateDays: 4, serverCertificateDays: 4 }])
    clock.time += 5 * 86_400_000
    expect(await client.health()).toMatchObject([{ clientCertificateDays: -1, serverCertificateDays: -1 }])
  })

  test('remembers what went wrong last', async () => {
    let ill = true
    const server = await stage.serve(well(() => (ill ? locateFailed('InternalServerError') : located())))
    const client = stage.clientOf([server.port])
    await client.health()
    ill = false
    const [health] = await client.health()
    expect(health).toMatchObject({ circuit: 'closed', lastError: { code: 'KMIP_RESULT' } })
    expect(health).not.toHaveProperty('error')
  })

  test('does not wait for that of others', async () => {
    const silent = await stage.serve(() => undefined)
    const good = await stage.serve(well())
    const client = stage.clientOf([silent.port, good.port, 1], { timeouts: { request: 100 } })
    expect(await client.health()).toMatchObject([
      { circuit: 'open', error: { code: 'TRANSPORT_TIMEOUT' } },
      { circuit: 'closed', serverTrustsClient: true },
      { circuit: 'open', error: { code: 'TRANSPORT_FAILED' } },
    ])
    // What was found out counts for the calls.
    expect(await client.locate({ name: 'x' })).toEqual([])
    expect(silent.requests).toHaveLength(1)
  })

  test('is not found out when the caller gives up', async () => {
    const controller = new AbortController()
    const server = await stage.serve(() => {
      controller.abort()
      return undefined
    })
    const client = stage.clientOf([server.port])
    await expect(client.health({ signal: controller.signal })).rejects.toMatchObject({
      code: 'TRANSPORT_ABORTED',
    })
    await client.close()
    await expect(client.health()).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' })
  })
})

describe('the health of PyKMIP', () => {
  let server: PyKmip
  beforeAll(async () => {
    server = await startPyKmip()
  })
  afterAll(() => server.stop())

  const healthOf = async (subject: Parameters<PyKmip['authority']['issue']>[0]) => {
    const { certificate: clientCertificate, privateKey: clientPrivateKey } =
      await server.authority.issue(subject)
    const tls = { clientCertificate, clientPrivateKey, trustedCertificates: [server.ca] }
    const client = KmipClient.lazy(optionsFor(server, { tls }))
    stage.onEnd(() => client.close())
    return (await client.health())[0]
  }

  test('is good', async () => {
    expect(await healthOf({ subject: '/O=Example/CN=us', usage: ['clientAuth'] })).toMatchObject({
      clientTrustsServer: true,
      serverTrustsClient: true,
      version: '1.4',
      vendor: 'PyKMIP 0.10.0 Software Server',
      circuit: 'closed',
    })
  })

  test.each([
    ['expired', { subject: '/O=Example/CN=old', usage: ['clientAuth'], expired: true }],
    ['for servers only', { subject: '/O=Example/CN=server', usage: ['serverAuth'] }],
    ['of no use', { subject: '/O=Example/CN=none' }],
    ['without a name', { subject: '/O=Example', usage: ['clientAuth'] }],
  ] as const)('with a certificate of ours that is %s', async (_, subject) => {
    expect(await healthOf(subject)).toMatchObject({ serverTrustsClient: false, circuit: 'open' })
  })
})
