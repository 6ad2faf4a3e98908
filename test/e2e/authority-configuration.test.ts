// What the authority's configuration file says takes effect: at the TPM's side, and at real key servers.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { toHex } from '@trusthold/core/bytes'
import { isTrustholdError } from '@trusthold/core/errors'
import { parseEventLog, parseImaLog } from '@trusthold/core/measured-boot'
import { captureBaseImage, encodeBaseImage } from '@trusthold/core/policy'
import { createTrustedHost } from '@trusthold/core/trusted-host'
import { makeSelfSignedCertificate } from '@trusthold/core/x509'
import { createKmipServer, type KmipServer } from '@trusthold/kmip-adapter/server'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { extendPcr, openTpm } from '@trusthold/tpm-adapter'
import { createSoftwareTpm, type SoftwareTpm } from '@trusthold/tpm-adapter/software-tpm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { applyConfiguration } from '../../examples/authority-server/src/configuration.js'
import { readConfiguration } from '../../examples/authority-server/src/read-configuration.js'
import { type RunningServer, startServer } from '../../examples/authority-server/src/server.js'
import { readServiceOptions } from '../../examples/authority-server/src/service-options.js'
import { readSettings } from '../../examples/authority-server/src/settings.js'
import { banks, measureBoot } from '../../examples/quickstart/src/boots.js'
import { startPyKmip } from '../../scripts/peers/pykmip.mjs'
import { loadBoot } from '../recordings/load.js'

const password = 'a password of the key server'
let directory = ''
const at = (name: string): string => join(directory, name)
const running: RunningServer[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trusthold-authority-'))
  await writeFile(at('password'), `${password}\n`)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** Starts the server as its program does. */
async function serve(document: object): Promise<RunningServer> {
  await writeFile(at('authority.json'), JSON.stringify(document))
  const configuration = await readConfiguration(at('authority.json'))
  const settings = readSettings({
    TRUSTHOLD_PORT: '0',
    TRUSTHOLD_DATA: at(`data-${randomBytes(4).toString('hex')}`),
  })
  const server = await startServer(settings, await readServiceOptions(configuration), () => undefined)
  running.push(server)
  await applyConfiguration(server.authority, configuration)
  return server
}

async function saidBy(document: object): Promise<string> {
  const said = await serve(document).then(() => 'nothing', String)
  expect(said).not.toContain(password)
  return said
}

describe('a host on the software TPM', () => {
  const boot = loadBoot('boot-secure')
  const pcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
  const digests = parseImaLog(boot.imaLog).events.flatMap(({ fileDigest, violation }) =>
    violation || fileDigest === undefined ? [] : [`${fileDigest.algorithm}:${toHex(fileDigest.value)}`],
  )
  let software: SoftwareTpm
  let tpm: Awaited<ReturnType<typeof openTpm>>

  beforeAll(async () => {
    software = createSoftwareTpm()
    const transport = await software.transport()
    await measureBoot(transport, boot.eventLog)
    for (const entry of parseImaLog(boot.imaLog).events) {
      const known = banks.map((hashAlg) => ({ hashAlg, digest: entry.digest(hashAlg) as Uint8Array }))
      await extendPcr(transport, { pcr: 10, digests: known })
    }
    const [eventLog, imaLog] = [async () => boot.eventLog, async () => boot.imaLog]
    tpm = await openTpm({ transport, eventLog, imaLog, systemdLog: async () => undefined })
    const values = new Map(pcrs.map((pcr) => [pcr, boot.pcrs.sha256.get(pcr) as Uint8Array]))
    const log = parseEventLog(boot.eventLog)
    const image = captureBaseImage({ name: 'golden', log, bank: 'sha256', pcrs: values })
    await writeFile(at('golden.json'), encodeBaseImage(image))
    await writeFile(at('tpm-ca.pem'), software.caCertificates)
    await writeFile(at('ima-all.json'), JSON.stringify({ version: 1, digests }))
    await writeFile(at('ima-some.json'), JSON.stringify({ version: 1, digests: digests.slice(0, -1) }))
  })
  afterAll(async () => {
    await tpm.close()
    await software.close()
  })

  const attest = async (attestation: object) => {
    const server = await serve({
      attestation,
      caCertificates: [{ name: 'software TPMs', file: 'tpm-ca.pem' }],
      baseImages: ['golden.json'],
    })
    const host = createTrustedHost({ authority: server.url, ca: [server.certificate], tpm })
    try {
      const { documents } = await host.attest()
      const payload = documents[0]?.token.split('.')[1] ?? ''
      return JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
        iat: number
        exp: number
        dbgstat: string
        submods: { host: { ear_trustworthiness_vector: { executables: number } } }
      }
    } catch (error) {
      if (!isTrustholdError(error, 'ATTESTATION_REFUSED')) throw error
      return error.context.checks.filter(({ outcome }) => outcome === 'fail')
    }
  }

  test('is refused unless the file allows it', async () => {
    expect(await attest({})).toMatchObject([{ id: 'policy.software-tpm' }])
    expect(await attest({ allowSoftwareTpm: false })).toMatchObject([{ id: 'policy.software-tpm' }])
    const claims = await attest({ allowSoftwareTpm: true, tokenLifetimeSeconds: 77 })
    expect(claims).toMatchObject({
      dbgstat: 'enabled',
      submods: { host: { ear_trustworthiness_vector: { executables: 3 } } },
    })
    expect('exp' in claims && claims.exp - claims.iat).toBe(77)
  })

  test('has to show a list of IMA that is allowed, where the file has a policy for it', async () => {
    const ima = (allowList: string) => attest({ allowSoftwareTpm: true, ima: { allowList } })
    expect(await ima('ima-all.json')).toMatchObject({
      submods: { host: { ear_trustworthiness_vector: { executables: 2 } } },
    })
    expect(await ima('ima-some.json')).toEqual([
      { id: 'policy.ima', outcome: 'fail', reason: expect.stringContaining('findings in the list of IMA') },
    ])
  })
})

const pinOf = async (host: string, port: number, client: { cert: string; key: string }): Promise<string> => {
  const socket = connectTls({ host, port, ...client, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

describe('PyKMIP', () => {
  let peer: Awaited<ReturnType<typeof startPyKmip>>
  beforeAll(async () => {
    peer = await startPyKmip()
    await writeFile(at('client.pem'), peer.clientCertificate)
    await writeFile(at('client.key'), peer.clientPrivateKey)
    await writeFile(at('ca.pem'), peer.ca)
  }, 60_000)
  afterAll(() => peer?.stop())

  const withKeyServer = (change: object, provider: object = {}) => ({
    providers: [
      {
        name: 'finance',
        ...provider,
        keyServer: {
          servers: [{ name: 'kms-1', host: peer.host, port: peer.port }],
          clientCertificate: 'client.pem',
          clientPrivateKey: 'client.key',
          trustedCertificates: ['ca.pem'],
          ...change,
        },
      },
    ],
  })

  test('with another certificate than the pinned one is refused at the start, and told which it has', async () => {
    const client = { cert: peer.clientCertificate, key: peer.clientPrivateKey }
    const pin = await pinOf(peer.host, peer.port, client)
    const said = await saidBy(withKeyServer({ pinnedCertificates: ['00'.repeat(32)] }))
    expect(said).toContain('providers.0: ')
    expect(said).toContain(`its SHA-256 is ${pin.replaceAll(':', '').toLowerCase()}`)
    const server = await serve(withKeyServer({ pinnedCertificates: ['00'.repeat(32), pin] }))
    expect(await server.authority.keyProvider.providers.health('finance')).toMatchObject({
      servers: [{ name: 'kms-1', clientTrustsServer: true }],
    })
    await server.authority.keyProvider.providers.delete('finance')
  }, 60_000)

  test('encrypts for us where the file says so, and cannot with an older version', async () => {
    const server = await serve(withKeyServer({}, { name: 'remotely', primaryKeyMode: 'remote' }))
    expect(server.authority.keyProvider.providers.list()).toMatchObject([{ primaryKeyMode: 'remote' }])
    const old = withKeyServer({}, { name: 'too-old', primaryKeyMode: 'remote' })
    expect(await saidBy({ ...old, kmip: { version: '1.2' } })).toMatch(
      /providers\.0: .*authenticated encryption needs KMIP 1\.4/,
    )
  }, 60_000)

  test('is spoken to with the version that the file names', async () => {
    const server = await serve({ ...withKeyServer({}, { name: 'old' }), kmip: { version: '1.2' } })
    const { servers } = await server.authority.keyProvider.providers.health('old')
    expect(servers).toMatchObject([{ version: '1.2' }])
  }, 60_000)
})

describe('a key server that asks for a password, behind a proxy that asks for one', () => {
  const now = Date.now()
  const theirs = makeSelfSignedCertificate({ hosts: ['127.0.0.1'], now })
  const ours = makeSelfSignedCertificate({ hosts: ['authority'], usage: 'client', now })
  const asked: unknown[] = []
  let kms: KmipServer
  let kmsAddress: { host: string; port: number }
  let proxyPort = 0
  /** What the proxy was asked for, and with whose word. */
  const tunnels: (readonly [string | undefined, string | undefined])[] = []
  const proxy = createServer()
  proxy.on('connect', (request, socket) => {
    const { 'proxy-authorization': authorization } = request.headers
    tunnels.push([request.url, authorization])
    const known = `Basic ${Buffer.from(`us:${password}`).toString('base64')}`
    if (authorization !== known) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const onward = connect(kmsAddress.port, kmsAddress.host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.on('error', () => other.destroy())
  })

  beforeAll(async () => {
    kms = createKmipServer({
      tls: { ...theirs, clientCertificates: [ours.certificate] },
      store: openMemory().config,
      keyEncryptionKey: randomBytes(32),
      authenticate(credentials) {
        const [first] = credentials
        const value = first?.credentialValue as
          | { password?: { use<T>(f: (b: Uint8Array) => T): T } }
          | undefined
        const { password: secret, ...others } = value ?? {}
        asked.push([first?.credentialType, others])
        return secret?.use((bytes) => Buffer.from(bytes).toString('utf8')) === password
      },
    })
    kmsAddress = await kms.listen()
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    proxyPort = (proxy.address() as AddressInfo).port
    await writeFile(at('kms-client.pem'), ours.certificate)
    await writeFile(at('kms-client.key'), ours.privateKey)
    await writeFile(at('kms.pem'), theirs.certificate)
    await writeFile(at('wrong'), 'another password\n')
    await writeFile(at('empty'), '\nsecond line\n')
  })
  afterAll(async () => {
    await kms.close()
    proxy.closeAllConnections()
    proxy.close()
  })

  let count = 0
  const withKeyServer = (credential: object | undefined, more: object = {}) => ({
    providers: [
      {
        name: `provider-${count++}`,
        primaryKeyMode: 'remote',
        keyServer: {
          servers: [{ name: 'kms', ...kmsAddress }],
          clientCertificate: 'kms-client.pem',
          clientPrivateKey: 'kms-client.key',
          trustedCertificates: ['kms.pem'],
          ...(credential === undefined ? {} : { credential }),
          proxy: { host: '127.0.0.1', port: proxyPort, username: 'us', passwordFile: 'password' },
          ...more,
        },
      },
    ],
  })

  test.each([
    [{ username: 'authority', passwordFile: 'password' }, ['UsernameAndPassword', { username: 'authority' }]],
    [
      { device: { deviceSerialNumber: 'serial-17' }, passwordFile: 'password' },
      ['Device', { deviceSerialNumber: 'serial-17' }],
    ],
  ])('gets both from files: %j', async (credential, expected) => {
    asked.length = 0
    tunnels.length = 0
    const server = await serve(withKeyServer(credential))
    const [provider] = server.authority.keyProvider.providers.list()
    expect(provider?.primaryKeyMode).toBe('remote')
    expect(asked[0]).toEqual(expected)
    expect(tunnels[0]?.[0]).toBe(`127.0.0.1:${kmsAddress.port}`)
    expect(await server.authority.keyProvider.providers.health(provider?.name ?? '')).toMatchObject({
      health: 'OK',
    })
  })

  test('says what is wrong, and no password', async () => {
    expect(await saidBy(withKeyServer(undefined))).toMatch(/providers\.0: .*AuthenticationNotSuccessful/)
    expect(await saidBy(withKeyServer({ username: 'authority', passwordFile: 'wrong' }))).toMatch(
      /providers\.0: .*AuthenticationNotSuccessful/,
    )
    expect(await saidBy(withKeyServer({ username: 'authority', passwordFile: 'empty' }))).toContain(
      'providers.0: expected a password on the first line of empty',
    )
    expect(await saidBy(withKeyServer({ username: 'authority', passwordFile: 'missing' }))).toMatch(
      /providers\.0: .*ENOENT.*missing/,
    )
    const stranger = { proxy: { host: '127.0.0.1', port: proxyPort } }
    expect(await saidBy(withKeyServer(undefined, stranger))).toContain('the proxy answered 407')
  })
})
