import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type Server } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TrustholdError } from '../../src/errors/index.js'
import { type AuthorityClient, createAuthorityClient } from '../../src/http/index.js'
import { makeSelfSignedCertificate } from '../../src/x509/index.js'
import { rejectionOf, thrownBy } from '../jose/thrown.js'

const now = Date.now()
const good = makeSelfSignedCertificate({ hosts: ['127.0.0.1'], now })
const other = makeSelfSignedCertificate({ hosts: ['127.0.0.1'], now })
const elsewhere = makeSelfSignedCertificate({ hosts: ['elsewhere.example'], now })
const expired = makeSelfSignedCertificate({ hosts: ['127.0.0.1'], now: now - 800 * 86_400_000, days: 10 })

interface Seen {
  url: string
  headers: IncomingMessage['headers']
  body: string
}
let seen: Seen[]
let respond: (response: ServerResponse, request: IncomingMessage) => void
let servers: { close(): void }[]
let clients: AuthorityClient[]
let url: string

const listen = async (server: {
  listen(port: number, host: string, done: () => void): unknown
  address(): unknown
}) => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}
async function serve({ certificate, privateKey } = good): Promise<string> {
  const server: Server = createHttpsServer({ cert: certificate, key: privateKey }, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      seen.push({ url: `${request.method} ${request.url}`, headers: request.headers, body })
      respond(response, request)
    })
  })
  const at = await listen(server)
  servers.push({
    close() {
      server.closeAllConnections()
      server.close()
    },
  })
  return at
}
/** A server that does with the bare connection what it is told to. */
async function serveRaw(connected: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    connected(socket)
  })
  const at = await listen(server)
  servers.push({
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return at
}
const connect = (options: Partial<Parameters<typeof createAuthorityClient>[0]> = {}) => {
  const client = createAuthorityClient({ url, ca: [good.certificate], ...options })
  clients.push(client)
  return client
}
const json = (status: number, body: unknown) => (response: ServerResponse) => {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(typeof body === 'string' ? body : JSON.stringify(body))
}
const credentials = { token: 'token.a.b', proof: 'proof.a.b' }
const generate = (client = connect(), signal?: AbortSignal) =>
  client.generateKey(
    credentials,
    { provider: 'finance', length: 32, delivery: 'tls' },
    signal === undefined ? {} : { signal },
  )
const failing = async (client?: AuthorityClient, signal?: AbortSignal): Promise<TrustholdError> => {
  const error = await rejectionOf(generate(client, signal))
  expect(JSON.stringify([error.message, error.context])).not.toContain('canary')
  return error
}

let shared: string
const sharedServers: { close(): void }[] = []
beforeAll(async () => {
  servers = []
  seen = []
  shared = await serve()
  sharedServers.push(...servers)
  return () => {
    for (const server of sharedServers) server.close()
  }
})
beforeEach(() => {
  servers = []
  clients = []
  seen = []
  url = shared
  respond = json(200, { ciphertext: 'w', plaintext: 'AQI=' })
})
afterEach(async () => {
  for (const server of servers) server.close()
  await Promise.all(clients.map((client) => client.close()))
})

describe('requests', () => {
  it('say what is asked, where the handler expects it', async () => {
    const client = connect()
    expect(await generate(client)).toEqual({
      wrapped: 'w',
      key: { delivery: 'tls', plaintext: Uint8Array.of(1, 2) },
    })
    respond = json(200, { plaintext_jwe: 'j' })
    const request = { provider: 'finance', wrapped: 'w', delivery: 'jwe' } as const
    expect(await client.decrypt(credentials, request)).toEqual({ delivery: 'jwe', jwe: 'j' })
    expect(seen.map(({ url: at }) => at)).toEqual([
      'POST /api/esx/kms/key-operation?action=generate-key',
      'POST /api/esx/kms/key-operation?action=decrypt',
    ])
    expect(seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { provider: 'finance', num_of_bytes: 32, delivery: 'tls' },
      { provider: 'finance', ciphertext: 'w', delivery: 'jwe' },
    ])
    for (const { headers } of seen) {
      expect(headers).toMatchObject({
        authorization: 'DPoP token.a.b',
        dpop: 'proof.a.b',
        'content-type': 'application/json',
      })
    }
    expect(client.keyOperationUrl).toBe(`${shared}/api/esx/kms/key-operation`)
  })

  it('attest, both legs', async () => {
    const client = connect()
    respond = json(200, { tpm2_result: { attested: false, contexts: ['AQI='] } })
    const identity = { endorsementKey: Uint8Array.of(1), certificate: Uint8Array.of(2) }
    const request = { identity, contexts: [Uint8Array.of(3)], types: ['KMS_AUTH_JWT'] } as const
    expect(await client.attest(request)).toEqual({ attested: false, contexts: [Uint8Array.of(1, 2)] })
    const checks = [{ id: 'a', outcome: 'pass', reason: 'b' }]
    const documents = [{ type: 'KMS_AUTH_JWT', token: 't' }]
    respond = json(200, { tpm2_result: { attested: true, documents, checks } })
    expect(await client.attest(request)).toEqual({ attested: true, documents, checks })
    expect(seen[0]).toMatchObject({ url: 'POST /api/esx/attestation/report?action=attest' })
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      tpm2_request: {
        identity: { ek_pub: 'AQ==', ek_cert: 'Ag==' },
        contexts: ['Aw=='],
        types: ['KMS_AUTH_JWT'],
      },
    })
    expect(seen[0]?.headers).not.toHaveProperty('authorization')
    const intermediates = [Uint8Array.of(4), Uint8Array.of(5)]
    await client.attest({ ...request, identity: { ...identity, intermediates } })
    expect(JSON.parse(seen[2]?.body ?? '').tpm2_request.identity.ek_cert_chain).toEqual(['BA==', 'BQ=='])
  })

  it.each([
    'http://authority.example',
    'https://authority.example/path',
    'https://authority.example?x',
    'https://authority.example#x',
    'https://user@authority.example',
    'https://:password@authority.example',
    'authority.example',
    '',
  ])('go to no address like %j', (bad) => {
    expect(thrownBy(() => createAuthorityClient({ url: bad })).code).toBe('ARGUMENT_INVALID')
  })
})

describe('answers that are none', () => {
  it.each<[string, number, string]>([
    ['nothing', 200, ''],
    ['no JSON', 200, '<html>canary</html>'],
    ['JSON that stops', 200, '{"plaintext":"canary'],
    ['JSON with a fault behind a key', 200, '{"plaintext":"canary"x}'],
    ['another shape', 200, '[]'],
    ['null', 200, 'null'],
    ['a number for a text', 200, '{"plaintext":1}'],
    ['a page of a proxy', 502, '<html>canary</html>'],
    ['an error of another shape', 500, '{"error":"canary"}'],
    ['nothing at all', 503, ''],
    ['success without a body', 204, ''],
    ['another success', 201, '{"ciphertext":"w","plaintext":"AQI="}'],
  ])('%s gives SERVICE_ERROR with the status, and quotes nothing', async (_, status, body) => {
    respond = json(status, body)
    const error = await failing()
    expect([error.code, error.context]).toMatchObject(['SERVICE_ERROR', { status, serviceCode: 'none' }])
    expect(error.cause).toBeUndefined()
  })

  it.each([
    ['neither key nor wrapped key', {}, 'the answer has no ciphertext'],
    ['no wrapped key', { plaintext: 'AQI=' }, 'the answer has no ciphertext'],
    ['no key', { ciphertext: 'w' }, 'the answer has no plaintext'],
  ])('%s gives SERVICE_ERROR', async (_, body, message) => {
    respond = json(200, body)
    expect((await failing()).context).toMatchObject({ status: 200, message })
  })

  it('a key that is no base64 gives a typed error', async () => {
    respond = json(200, { ciphertext: 'w', plaintext: 'canary!' })
    expect((await failing()).code).toBe('BYTES_ENCODING')
  })

  it.each([301, 302, 303, 307, 308])('a redirect with %i is not followed', async (status) => {
    const target = await serve()
    respond = (response) => response.writeHead(status, { location: `${target}/stolen` }).end()
    expect((await failing()).context).toMatchObject({ status })
    expect(seen).toHaveLength(1)
  })

  it('a megabyte is not read, whether announced or not', async () => {
    const body = JSON.stringify({ ciphertext: 'w', plaintext: 'A'.repeat(1_048_576) })
    for (const headers of [{ 'content-length': String(body.length) }, {}] as Record<string, string>[]) {
      respond = (response) => response.writeHead(200, headers).end(body)
      expect((await failing()).code).toBe('TRANSPORT_FAILED')
    }
  })

  it('a compressed megabyte is not expanded', async () => {
    const packed = gzipSync(JSON.stringify({ ciphertext: 'w', plaintext: 'A'.repeat(104_857_600) }))
    expect(packed.length).toBeLessThan(262_144)
    respond = (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    expect((await failing()).context).toMatchObject({
      status: 200,
      message: 'the answer is not of the expected form',
    })
  })
})

describe('errors of the service', () => {
  const envelope = (code: string, context?: unknown, message = 'it says') => ({
    error_type: 'X',
    messages: [{ id: 'x', default_message: message, args: [] }],
    data: { code, ...(context === undefined ? {} : { context }) },
  })

  it.each([
    [401, 'TOKEN_INVALID', { check: 'token.time', reason: 'x' }, false],
    [404, 'PROVIDER_NOT_FOUND', { provider: 'x' }, false],
    [503, 'STORE_UNAVAILABLE', undefined, true],
  ])('%i %s come through', async (status, code, context, retryable) => {
    respond = json(status, envelope(code, context))
    const error = await failing()
    expect(error.context).toMatchObject({ status, serviceCode: code, message: 'it says' })
    expect(error.retryable).toBe(retryable)
    expect((error.context as { check?: string }).check).toBe(
      code === 'TOKEN_INVALID' ? 'token.time' : undefined,
    )
  })

  it.each(['ATTESTATION_REFUSED', 'ATTESTATION_UNDECIDED'])('%s comes back with its checks', async (code) => {
    const checks = [{ id: 'quote.nonce', outcome: 'fail', reason: 'why' }]
    respond = json(403, envelope(code, { checks }))
    const error = await failing()
    expect([error.code, error.context]).toEqual([code, { checks }])
    respond = json(403, envelope(code, { checks: 'none' }))
    expect((await failing()).code).toBe('SERVICE_ERROR')
  })

  it('cannot pass for another kind of error, nor write lines of their own', async () => {
    respond = json(401, envelope('TRANSPORT_FAILED', { checks: [] }, 'a\r\nb'))
    const error = await failing()
    expect(error.code).toBe('SERVICE_ERROR')
    expect(error.message).not.toMatch(/[\r\n]/)
  })
})

describe('connections', () => {
  it('to nowhere fail', async () => {
    const gone = createServer()
    url = await listen(gone)
    await new Promise((resolve) => gone.close(resolve))
    expect((await failing()).context).toMatchObject({ endpoint: url, phase: 'connect' })
  })

  it.each([
    ['of a certificate that is not the configured one', other],
    ['for another host', elsewhere],
    ['whose certificate has expired', expired],
  ])('%s fail in TLS', async (_, certificate) => {
    url = await serve(certificate)
    const ca = certificate === other ? good.certificate : certificate.certificate
    const error = await failing(connect({ ca: [ca] }))
    expect([error.code, error.context]).toMatchObject(['TRANSPORT_FAILED', { endpoint: url, phase: 'tls' }])
    expect(seen).toEqual([])
  })

  it('of a certificate that no CA of the system signed fail', async () => {
    const client = createAuthorityClient({ url })
    clients.push(client)
    expect((await failing(client)).context).toMatchObject({ phase: 'tls' })
    expect(seen).toEqual([])
  })

  it('to what does not speak TLS fail', async () => {
    url = await serveRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'))
    expect((await failing()).code).toBe('TRANSPORT_FAILED')
  })

  it('that are closed at once, before an answer, or within it fail', async () => {
    url = await serveRaw((socket) => socket.destroy())
    expect((await failing()).code).toBe('TRANSPORT_FAILED')
    url = shared
    respond = (response) => response.destroy()
    expect((await failing()).code).toBe('TRANSPORT_FAILED')
    respond = (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"plaintext":"canary')
      setImmediate(() => response.destroy())
    }
    expect((await failing()).context).toMatchObject({ phase: 'read' })
  })

  it('that stay silent end with the time allowed, wherever they fall silent', async () => {
    const silent: string[] = []
    url = await serveRaw(() => silent.push('connected'))
    const connecting = await failing(connect({ timeoutMs: 100 }))
    expect([connecting.code, connecting.context]).toMatchObject([
      'TRANSPORT_TIMEOUT',
      { phase: 'connect', milliseconds: 100 },
    ])
    url = shared
    respond = () => undefined
    expect((await failing(connect({ timeoutMs: 200 }))).code).toBe('TRANSPORT_TIMEOUT')
    respond = (response) => response.writeHead(200).write('{"plaintext":"canary')
    const reading = await failing(connect({ timeoutMs: 200 }))
    expect([reading.code, reading.context]).toMatchObject([
      'TRANSPORT_TIMEOUT',
      { phase: 'read', milliseconds: 200 },
    ])
    expect(silent).toEqual(['connected'])
  })

  it('end when the caller gives up, before or during the call', async () => {
    const gone = AbortSignal.abort()
    expect((await failing(connect(), gone)).code).toBe('TRANSPORT_ABORTED')
    expect(seen).toEqual([])
    const controller = new AbortController()
    respond = () => controller.abort(new Error('canary'))
    expect((await failing(connect(), controller.signal)).code).toBe('TRANSPORT_ABORTED')
    const reading = new AbortController()
    respond = (response) => {
      response.writeHead(200).write('{"plaintext":"canary')
      setTimeout(() => reading.abort(), 20)
    }
    expect((await failing(connect(), reading.signal)).code).toBe('TRANSPORT_ABORTED')
  })

  it('fail after the client was closed', async () => {
    const client = connect()
    await generate(client)
    await client.close()
    await client.close()
    expect((await failing(client)).code).toBe('TRANSPORT_CLOSED')
  })

  it('are kept and used again', async () => {
    const client = connect()
    const ports = new Set<number | undefined>()
    respond = (response, request) => {
      ports.add(request.socket.remotePort)
      json(200, { ciphertext: 'w', plaintext: 'AQI=' })(response)
    }
    for (let i = 0; i < 10; i++) await generate(client)
    // A call that starts in the moment in which the one before ends may need a second one.
    expect(ports.size).toBeLessThanOrEqual(2)
  })
})
