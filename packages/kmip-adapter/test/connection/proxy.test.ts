import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { KmipClient } from '../../src/client.js'
import type { KmipProxy } from '../../src/connection/index.js'
import { createIdentities, located, openStage, type Stage, type TestIdentities } from '../scripted-server.js'

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

const find = (client: KmipClient) => client.locate({ name: 'x' })

/** What a proxy says to a request, in the pieces in which it says it; undefined to say nothing. */
type Answer = (request: string) => readonly string[] | undefined

const established = ['HTTP/1.1 200 Connection established\r\n\r\n']

/** An HTTP proxy that connects to where it is told when its answer is a 2xx. */
async function startProxy(answer: Answer = () => established) {
  const requests: string[] = []
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined))
    socket.once('data', (chunk) => {
      const request = chunk.toString('latin1')
      requests.push(request)
      const [, host, port] = /^CONNECT ([^ ]+):(\d+) HTTP\/1\.1\r\n/.exec(request) ?? []
      const pieces = answer(request)
      if (pieces === undefined) return
      for (const piece of pieces) socket.write(piece, 'latin1')
      if (!/^HTTP\/1\.[01] 2/.test(pieces.join(''))) return
      const upstream = connect({ host: host ?? '', port: Number(port) })
      sockets.push(upstream.on('error', () => socket.destroy()))
      upstream.pipe(socket).pipe(upstream)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stage.onEnd(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return { requests, port: (server.address() as AddressInfo).port }
}

async function through(answer?: Answer, credentials: Partial<KmipProxy> = {}) {
  const server = await stage.serve(({ count }) => located(String(count)))
  const proxy = await startProxy(answer)
  const client = stage.clientOf([server.port], {
    proxy: { host: '127.0.0.1', port: proxy.port, ...credentials },
  })
  return { server, proxy, client }
}

describe('through a proxy', () => {
  test('the server is asked by CONNECT, and the connection is used again', async () => {
    const { server, proxy, client } = await through()
    expect(await find(client)).toEqual(['0'])
    expect(await find(client)).toEqual(['1'])
    const target = `127.0.0.1:${server.port}`
    expect(proxy.requests).toEqual([`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`])
  })

  test('credentials are shown where they are given', async () => {
    const { proxy, client } = await through(undefined, { username: 'us', password: 'sécret' })
    await find(client)
    const basic = Buffer.from('us:sécret', 'utf8').toString('base64')
    expect(proxy.requests[0]).toContain(`\r\nProxy-Authorization: Basic ${basic}\r\n`)
  })

  test('an answer in pieces, with fields, is one answer', async () => {
    const { client } = await through(() => ['HTTP/1.0 20', '0\r\nVia: x\r\n\r', '\n'])
    expect(await find(client)).toEqual(['0'])
  })

  test('TLS is with the server: the proxy cannot take its place', async () => {
    const rogue = await createIdentities()
    stage.onEnd(() => rogue.remove())
    const impostor = await stage.serve(() => located('wrong'), rogue.server)
    const proxy = await startProxy()
    const client = stage.clientOf([impostor.port], { proxy: { host: '127.0.0.1', port: proxy.port } })
    await expect(find(client)).rejects.toMatchObject({ code: 'TRANSPORT_FAILED', context: { phase: 'tls' } })
    expect(impostor.requests).toHaveLength(0)
  })

  test('health is found out on the same way', async () => {
    const { proxy, client } = await through()
    expect(await client.health()).toMatchObject([{ clientTrustsServer: true }])
    expect(proxy.requests).toHaveLength(1)
  })
})

describe('a proxy', () => {
  test.each<[string, readonly string[], RegExp, boolean]>([
    ['that wants credentials', ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'], /answered 407/, false],
    ['that cannot reach the server', ['HTTP/1.1 502 Bad Gateway\r\n\r\n'], /answered 502/, false],
    ['that is none', ['SSH-2.0-OpenSSH_9\r\n\r\n'], /something else than HTTP/, false],
    ['that speaks another version', ['HTTP/2 200\r\n\r\n'], /something else than HTTP/, false],
    ['that says more', [...established, 'x'], /more than its answer/, false],
    ['that never ends its answer', ['HTTP/1.1 200 OK\r\n', 'X: y\r\n'.repeat(4_000)], /does not end/, true],
  ])('%s: a typed error, and nothing is sent to the server', async (_, pieces, reason, retryable) => {
    const { server, client } = await through(() => [pieces.join('')])
    await expect(find(client)).rejects.toMatchObject({
      code: 'TRANSPORT_FAILED',
      context: { phase: 'connect', reason: expect.stringMatching(reason) },
      retryable,
    })
    expect(server.requests).toHaveLength(0)
  })

  test('that says nothing is given up in time', async () => {
    const server = await stage.serve(() => located('x'))
    const proxy = await startProxy(() => undefined)
    const client = stage.clientOf([server.port], {
      proxy: { host: '127.0.0.1', port: proxy.port },
      timeouts: { connect: 50 },
    })
    await expect(find(client)).rejects.toMatchObject({
      code: 'TRANSPORT_TIMEOUT',
      context: { phase: 'connect', milliseconds: 50 },
    })
  })

  test('that is not there is named in the error', async () => {
    const client = stage.clientOf([5_696], { proxy: { host: '127.0.0.1', port: 1 } })
    await expect(find(client)).rejects.toThrow(/127\.0\.0\.1:5696 by proxy 127\.0\.0\.1:1: connect failed/)
  })

  test('never shows its password', async () => {
    const { client } = await through(() => ['HTTP/1.1 407 us:canary-password\r\n\r\n'], {
      username: 'us',
      password: 'canary-password',
    })
    const error = await find(client).catch((caught: unknown) => caught)
    expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain('canary')
  })
})

test.each<[string, Partial<KmipProxy>]>([
  ['no host', { host: '' }],
  ['no port', { port: 0 }],
  ['a password without a user name', { password: 'x' }],
  ['a colon in the user name', { username: 'a:b' }],
  ['a line end in the user name', { username: 'a\r\nX: y' }],
  ['a line end in the password', { username: 'a', password: 'b\r\n' }],
])('a proxy with %s is none', (_, more) => {
  expect(() => stage.clientOf([1], { proxy: { host: 'proxy', port: 3_128, ...more } })).toThrow(
    expect.objectContaining({
      code: 'CONFIGURATION_INVALID',
      context: expect.objectContaining({ name: 'proxy' }),
    }),
  )
})
