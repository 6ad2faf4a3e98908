import { randomUUID } from 'node:crypto'
import type { KeyServer, KeyServerConfig } from '@trusthold/core/ports'
import { type KeyServerSubject, keyServerContract } from '@trusthold/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KmipClient } from '../../src/client.js'
import { type KmipKeyServerOptions, kmip } from '../../src/key-server/index.js'
import { optionsFor, type PyKmip, startPyKmip } from '../peer.js'

let server: PyKmip
beforeAll(async () => {
  server = await startPyKmip()
})
afterAll(() => server.stop())

function configFor(peer: PyKmip, more: Partial<KeyServerConfig> = {}): KeyServerConfig {
  return {
    servers: [{ name: 'peer', host: peer.host, port: peer.port }],
    clientCertificate: peer.clientCertificate,
    clientPrivateKey: peer.clientPrivateKey,
    trustedCertificates: [peer.ca],
    ...more,
  }
}

async function subject(server: PyKmip, options: KmipKeyServerOptions): Promise<KeyServerSubject> {
  const keyServer = kmip(options)(configFor(server))
  return {
    keyServer,
    uniqueName: () => `key-${randomUUID()}`,
    unknownId: '99999999',
    close: () => keyServer.close(),
  }
}

describe.each([
  ['by itself', {}, true],
  ['1.0', { version: '1.0' }, false],
  ['1.1', { version: '1.1' }, false],
  ['1.2', { version: '1.2' }, false],
  ['1.3', { version: '1.3' }, false],
  ['1.4', { version: '1.4' }, true],
  ['2.0', { version: '2.0' }, true],
] as const)('over PyKMIP, version %s', (_, options, encrypts) => {
  // One for each: PyKMIP searches through all of its objects.
  let server: PyKmip
  beforeAll(async () => {
    server = await startPyKmip()
  })
  afterAll(() => server.stop())

  keyServerContract(test, {
    create: () => subject(server, options),
    encrypts,
    async deactivate(_subject, id) {
      await using client = await KmipClient.connect(optionsFor(server))
      await client.revoke(id, { reason: 'CessationOfOperation' })
    },
    async unreachable(): Promise<KeyServer> {
      return kmip(options)(configFor(server, { servers: [{ name: 'nobody', host: '127.0.0.1', port: 1 }] }))
    },
    async refused(): Promise<KeyServer> {
      // A certificate without the extended key usage for clients: TLS accepts it and the server does not.
      const identity = await server.authority.issue({ subject: '/O=Example/CN=no-usage' })
      return kmip(options)(
        configFor(server, {
          clientCertificate: identity.certificate,
          clientPrivateKey: identity.privateKey,
        }),
      )
    },
  })
})

test('the key is made with the uses that a primary key needs', async () => {
  const keyServer = kmip()(configFor(server))
  const { id } = await keyServer.create(`key-${randomUUID()}`)
  await using client = await KmipClient.connect(optionsFor(server))
  expect((await client.getAttributes(id)).cryptographicUsageMask).toBe(0x3c)
  await keyServer.close()
})

test("another client's key is refused", async () => {
  const keyServer = kmip()(configFor(server))
  const { id } = await keyServer.create(`key-${randomUUID()}`)
  const { certificate, privateKey } = server.secondClient
  const other = kmip()(configFor(server, { clientCertificate: certificate, clientPrivateKey: privateKey }))
  for (const call of [() => other.get(id), () => other.describe(id)]) {
    await expect(call()).rejects.toMatchObject({ code: 'KMIP_RESULT', context: { kind: 'denied' } })
  }
  await Promise.all([keyServer.close(), other.close()])
})

test('a configuration that cannot work is refused at once', () => {
  const make = (more: Partial<KeyServerConfig>) => () => kmip()(configFor(server, more))
  const refused = expect.objectContaining({ code: 'CONFIGURATION_INVALID' })
  expect(make({ servers: [] })).toThrow(refused)
  expect(make({ trustedCertificates: [] })).toThrow(refused)
  expect(make({ trustedCertificates: ['nonsense'] })).toThrow(refused)
  expect(make({ clientCertificate: '' })).toThrow(refused)
  expect(make({ clientPrivateKey: '' })).toThrow(refused)
  expect(make({ clientPrivateKey: server.secondClient.privateKey })).toThrow(refused)
  expect(make({ timeoutSeconds: 0 })).toThrow(refused)
})

test('an empty name is refused', async () => {
  const keyServer = kmip()(configFor(server))
  await expect(keyServer.create('')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  await keyServer.close()
})

test('a tag that does not fit is refused for good, for a reason that the server does not tell', async () => {
  const keyServer = kmip()(configFor(server))
  const { id } = await keyServer.create(`key-${randomUUID()}`)
  const sealed = await keyServer.encrypt(id, new Uint8Array(32), new Uint8Array())
  // Of a General Failure nothing is guessed: it may be the tag as well as the server.
  await expect(
    keyServer.decrypt(id, { ...sealed, tag: new Uint8Array(16) }, new Uint8Array()),
  ).rejects.toMatchObject({
    code: 'KMIP_RESULT',
    context: { operation: 'Decrypt', reason: 'GeneralFailure', kind: 'other' },
    retryable: false,
  })
  await keyServer.close()
})
