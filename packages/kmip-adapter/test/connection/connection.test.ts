import { TLSSocket } from 'node:tls'
import { concatBytes } from '@trusthold/core/bytes'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type EndedBy, openConnection } from '../../src/connection/connection.js'
import { parseEndpoint } from '../../src/connection/endpoint.js'
import { openScope } from '../../src/connection/scope.js'
import { createSecurity } from '../../src/connection/security.js'
import { encodeRequest } from '../../src/messages/index.js'
import { locate, locateRequest } from '../../src/operations/index.js'
import {
  clientOptions,
  createIdentities,
  located,
  openStage,
  type Script,
  type Stage,
  type TestIdentities,
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

const scope = openScope({})
const question = encodeRequest(locate, locateRequest([], {}, '1.4'), '1.4')

async function connectTo(script: Script) {
  const server = await stage.serve(script)
  const endpoint = parseEndpoint({ host: '127.0.0.1', port: server.port })
  const security = createSecurity(clientOptions(identities, []).tls)
  const connection = await openConnection(
    { endpoint, proxy: undefined },
    { security, maxBytes: 1 << 16 },
    scope,
  )
  stage.onEnd(async () => connection.destroy())
  return { server, connection }
}

describe('a connection', () => {
  test('is usable again after an answer', async () => {
    const { connection } = await connectTo(() => located('x'))
    expect(connection.usable).toBe(true)
    expect(await connection.exchange(question, scope)).toEqual(located('x'))
    expect([connection.usable, connection.answered, connection.answering]).toEqual([true, 1, true])
  })

  test('takes one request at a time', async () => {
    const { server, connection } = await connectTo(() => undefined)
    const first = connection.exchange(question, scope)
    expect(connection.usable).toBe(false)
    await expect(connection.exchange(question, scope)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    await expect.poll(() => server.requests.length).toBe(1)
    connection.destroy()
    await expect(first).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' })
    expect(server.requests).toHaveLength(1)
  })

  test('takes none once it is gone, and says who ended it', async () => {
    const { connection } = await connectTo(() => located('x'))
    const ends: EndedBy[] = []
    connection.onGone((by) => ends.push(by))
    connection.destroy()
    connection.onGone((by) => ends.push(by))
    connection.destroy()
    expect([connection.usable, ends]).toEqual([false, ['us', 'us']])
    await expect(connection.exchange(question, scope)).rejects.toMatchObject({
      code: 'TRANSPORT_FAILED',
      context: { phase: 'write' },
    })
  })

  test.each([
    ['a whole answer', located('y')],
    ['a part of one', located('y').subarray(0, 4)],
  ])('is given up when more comes than was asked for: %s', async (_, more) => {
    const { connection } = await connectTo(() => concatBytes(located('x'), more))
    expect(await connection.exchange(question, scope)).toEqual(located('x'))
    expect(connection.usable).toBe(false)
  })

  test('is given up at the first byte that nobody asked for', async () => {
    const { server, connection } = await connectTo(() => located('x'))
    await connection.exchange(question, scope)
    const gone = new Promise<EndedBy>((resolve) => connection.onGone(resolve))
    server.requests[0]?.socket.write(Uint8Array.of(0x42))
    expect(await gone).toBe('us')
  })

  test('keeps the process alive only while it is in use', async () => {
    const { connection } = await connectTo(() => located('x'))
    const [ref, unref] = [vi.spyOn(TLSSocket.prototype, 'ref'), vi.spyOn(TLSSocket.prototype, 'unref')]
    try {
      connection.hold(false)
      expect([ref.mock.calls.length, unref.mock.calls.length]).toEqual([0, 1])
      connection.hold(true)
      expect([ref.mock.calls.length, unref.mock.calls.length]).toEqual([1, 1])
    } finally {
      vi.restoreAllMocks()
    }
  })

  test('fails in the phase in which it was when nobody is there', async () => {
    const server = await stage.serve(() => undefined)
    await server.stop()
    const endpoint = parseEndpoint({ host: '127.0.0.1', port: server.port })
    const security = createSecurity(clientOptions(identities, []).tls)
    const opening = openConnection({ endpoint, proxy: undefined }, { security, maxBytes: 1_024 }, scope)
    await expect(opening).rejects.toMatchObject({ code: 'TRANSPORT_FAILED', context: { phase: 'connect' } })
  })
})

test.each([
  ['trustedCertificates', { trustedCertificates: [] }, /at least one/],
  ['clientPrivateKey', { clientPrivateKey: 'nonsense' }, /private key in PEM/],
] as const)('%s has to be there', (name, wrong, reason) => {
  const make = () => createSecurity({ ...clientOptions(identities, []).tls, ...wrong })
  const context = { name, reason: expect.stringMatching(reason) }
  expect(make).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID', context }))
})
