import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runToEnd } from '../../../../scripts/peers/supervised-process.mjs'
import { KmipClient } from '../../src/client.js'
import type { KmipClientOptions } from '../../src/client-options.js'
import { type KmipTlsOptions, readClientPkcs12 } from '../../src/connection/index.js'
import { startOpenSsl } from '../openssl-server.js'
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

const find = (client: KmipClient) => client.locate({ name: 'x' })
const refusal = (reason: RegExp) =>
  expect.objectContaining({ code: 'TRANSPORT_FAILED', message: expect.stringMatching(reason) })
const tlsWith = (more: Partial<KmipTlsOptions>): KmipTlsOptions => ({
  ...clientOptions(identities, []).tls,
  ...more,
})

/** Answers with the common name of the client's certificate. */
const whoAmI: Script = ({ socket }) => located(commonName(socket))
const commonName = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject.CN)

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('pinned certificates', () => {
  const serverCertificate = () => new X509Certificate(identities.server.certificate)
  const publicKey = () => sha256(serverCertificate().publicKey.export({ type: 'spki', format: 'der' }))
  const withPins = async (...pinnedCertificates: string[]) => {
    const server = await stage.serve(() => located('x'))
    return { server, client: stage.clientOf([server.port], { tls: tlsWith({ pinnedCertificates }) }) }
  }

  test('are of the certificate or of its public key, in digits of either case, with colons or without', async () => {
    const other = sha256(new Uint8Array(1))
    for (const pins of [
      [sha256(serverCertificate().raw)],
      [serverCertificate().fingerprint256],
      [publicKey().toUpperCase()],
      [other, publicKey()],
    ]) {
      expect(await find((await withPins(...pins)).client)).toEqual(['x'])
    }
  })

  test('keep out every other server of the same authority', async () => {
    const { server, client } = await withPins(sha256(new Uint8Array(1)))
    const error = await find(client).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'TRANSPORT_FAILED', context: { phase: 'tls' }, retryable: false })
    // Said so that it can be compared with what the server's administrator says.
    expect((error as Error).message).toContain(sha256(serverCertificate().raw))
    expect(server.requests).toHaveLength(0)
  })

  test('replace neither the chain nor the name', async () => {
    const rogue = await createIdentities()
    stage.onEnd(() => rogue.remove())
    const names = ['DNS:other.example']
    const named = await identities.authority.issue({ subject: '/CN=other', usage: ['serverAuth'], names })
    for (const [identity, reason] of [
      [rogue.server, /certificate|issuer/i],
      [named, /altnames/i],
    ] as const) {
      const server = await stage.serve(() => located('x'), identity)
      const pinnedCertificates = [sha256(new X509Certificate(identity.certificate).raw)]
      const client = stage.clientOf([server.port], { tls: tlsWith({ pinnedCertificates }) })
      await expect(find(client)).rejects.toThrow(reason)
      expect(server.requests).toHaveLength(0)
    }
  })

  test.each(['', 'ab', 'g'.repeat(64), 'a'.repeat(63), `sha256/${'a'.repeat(64)}`])('%o is none', (pin) => {
    expect(() => stage.clientOf([1], { tls: tlsWith({ pinnedCertificates: [pin] }) })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION_INVALID',
        context: expect.objectContaining({ name: 'pinnedCertificates' }),
      }),
    )
  })
})

describe('TLS', () => {
  test('1.2 and 1.3 are spoken', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const server = await stage.serve(({ socket }) => located(socket.getProtocol() ?? ''), undefined, {
        minVersion: version,
        maxVersion: version,
      })
      expect(await find(stage.clientOf([server.port]))).toEqual([version])
    }
  })

  test('below 1.2 is not, whatever the server and the cipher suites would allow', async () => {
    const server = await stage.serve(() => located('x'), undefined, {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL@SECLEVEL=0',
    })
    const client = stage.clientOf([server.port], { tls: tlsWith({ ciphers: 'ALL@SECLEVEL=0' }) })
    await expect(find(client)).rejects.toThrow(refusal(/version/i))
  })

  test('no session is resumed: a server proves itself each time', async () => {
    const server = await stage.serve(({ socket }) => located(String(socket.isSessionReused())))
    const client = stage.clientOf([server.port])
    for (let i = 0; i < 3; i++) {
      expect(await find(client)).toEqual(['false'])
      client.reload(tlsWith({}))
    }
    expect(server.connections).toBe(3)
  })
})

describe('a server that does not believe us', () => {
  const strange = async () => {
    const rogue = await createIdentities()
    stage.onEnd(() => rogue.remove())
    const { certificate: clientCertificate, privateKey: clientPrivateKey } = rogue.client
    return tlsWith({ clientCertificate, clientPrivateKey })
  }

  test.each([
    ['-tls1_2', undefined],
    ['-tls1_3', true],
  ] as const)('and says so by an alert, %s', async (version, clientTrustsServer) => {
    const server = await startOpenSsl(identities, version)
    stage.onEnd(() => server.stop())
    const client = stage.clientOf([server.port], { tls: await strange() })
    await expect(find(client)).rejects.toThrow(refusal(/alert/))
    const [health] = await client.health()
    expect(health).toMatchObject({ serverTrustsClient: false })
    expect(health?.clientTrustsServer).toBe(clientTrustsServer)
  })

  test('and only ends the connection', async () => {
    const server = await stage.serve(() => located('x'), undefined, { rejectUnauthorized: true })
    const client = stage.clientOf([server.port], { tls: await strange() })
    await expect(find(client)).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' })
    expect((await client.health())[0]?.serverTrustsClient).toBeUndefined()
    expect(server.requests).toHaveLength(0)
  })
})

describe('new certificates without a restart', () => {
  test('are shown on new connections; a call that runs ends on its own', async () => {
    const second = await identities.authority.issue({ subject: '/CN=second', usage: ['clientAuth'] })
    const held: (() => void)[] = []
    const server = await stage.serve((request) => {
      if (request.count !== 1) return whoAmI(request)
      held.push(() => request.socket.write(whoAmI(request) as Uint8Array))
      return undefined
    })
    const client = stage.clientOf([server.port])
    expect(await find(client)).toEqual(['client'])
    const running = find(client)
    await expect.poll(() => held.length).toBe(1)
    client.reload(tlsWith({ clientCertificate: second.certificate, clientPrivateKey: second.privateKey }))
    expect(await find(client)).toEqual(['second'])
    held[0]?.()
    expect(await running).toEqual(['client'])
    await server.ended(0)
    expect(await find(client)).toEqual(['second'])
    expect(server.connections).toBe(2)
  })

  test('that cannot work change nothing', async () => {
    const server = await stage.serve(whoAmI)
    const client = stage.clientOf([server.port])
    await find(client)
    expect(() => client.reload(tlsWith({ clientCertificate: 'nonsense' }))).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
    )
    await find(client)
    expect(server.connections).toBe(1)
  })

  test('also replace what is believed', async () => {
    const rogue = await createIdentities()
    stage.onEnd(() => rogue.remove())
    const server = await stage.serve(() => located('x'), rogue.server)
    const client = stage.clientOf([server.port])
    await expect(find(client)).rejects.toThrow(refusal(/certificate|issuer/i))
    client.reload(tlsWith({ trustedCertificates: [rogue.authority.certificate] }))
    expect(await find(client)).toEqual(['x'])
  })
})

describe('a client certificate in PKCS#12', () => {
  let directory: string
  let plain: Uint8Array
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trusthold-pkcs12-'))
    const at = (file: string): string => join(directory, file)
    await writeFile(at('c.pem'), identities.client.certificate)
    await writeFile(at('k.pem'), identities.client.privateKey)
    await writeFile(at('ca.pem'), identities.authority.certificate)
    await runToEnd('openssl', [
      ...['pkcs12', '-export', '-in', at('c.pem'), '-inkey', at('k.pem'), '-certfile', at('ca.pem')],
      ...['-passout', 'pass:secret', '-out', at('client.p12')],
    ])
    plain = await readFile(at('client.p12'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  test('is shown like one in PEM', async () => {
    const server = await stage.serve(whoAmI)
    const client = stage.clientOf([server.port], { tls: tlsWith(await readClientPkcs12(plain, 'secret')) })
    expect(await find(client)).toEqual(['client'])
  })

  test('needs its password', async () => {
    await expect(readClientPkcs12(plain, 'other')).rejects.toMatchObject({
      code: 'CERTIFICATE_BUNDLE_INVALID',
    })
  })
})

test('programs in plain JavaScript are told what they left out', () => {
  const make = (options: object) => () => KmipClient.lazy(options as KmipClientOptions)
  const missing = (name: string) =>
    expect.objectContaining({ code: 'CONFIGURATION_INVALID', context: expect.objectContaining({ name }) })
  const servers = ['127.0.0.1:5696']
  const { tls } = clientOptions(identities, [])
  expect(make(undefined as unknown as object)).toThrow(missing('options'))
  expect(make({})).toThrow(missing('servers'))
  expect(make({ servers: servers[0], tls })).toThrow(missing('servers'))
  expect(make({ servers })).toThrow(missing('trustedCertificates'))
  expect(make({ servers, tls: { ...tls, clientCertificate: undefined } })).toThrow(
    missing('clientCertificate'),
  )
  expect(make({ servers, tls: { ...tls, clientPrivateKey: undefined } })).toThrow(missing('clientPrivateKey'))
})
