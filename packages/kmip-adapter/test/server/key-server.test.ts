import { randomUUID } from 'node:crypto'
import type { KeyServer, KeyServerConfig } from '@trusthold/core/ports'
import { type KeyServerSubject, keyServerContract } from '@trusthold/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KmipClient, kmip } from '../../src/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'

let identities: TestIdentities
let embedded: Embedded
beforeAll(async () => {
  identities = await createIdentities()
  embedded = await startEmbedded(identities)
})
afterAll(async () => {
  await embedded.server.close()
  await identities.remove()
})

function configFor(more: Partial<KeyServerConfig> = {}): KeyServerConfig {
  return {
    servers: [{ name: 'embedded', host: '127.0.0.1', port: embedded.port }],
    clientCertificate: identities.client.certificate,
    clientPrivateKey: identities.client.privateKey,
    trustedCertificates: [identities.authority.certificate],
    ...more,
  }
}

async function subject(): Promise<KeyServerSubject> {
  const keyServer = kmip()(configFor())
  return {
    keyServer,
    uniqueName: () => `key-${randomUUID()}`,
    unknownId: randomUUID(),
    close: () => keyServer.close(),
  }
}

describe('over the embedded server', () => {
  keyServerContract(test, {
    create: subject,
    async deactivate(_, id) {
      await using client = await KmipClient.connect(embedded.clientOptions())
      await client.revoke(id, { reason: 'CessationOfOperation' })
    },
    async replace(_, id) {
      await using client = await KmipClient.connect(embedded.clientOptions())
      return await client.rekey(id)
    },
    encrypts: true,
    async unreachable(): Promise<KeyServer> {
      return kmip()(configFor({ servers: [{ name: 'nobody', host: '127.0.0.1', port: 1 }] }))
    },
    async refused(): Promise<KeyServer> {
      const stranger = await createIdentities()
      await stranger.remove()
      return kmip()(
        configFor({
          clientCertificate: stranger.client.certificate,
          clientPrivateKey: stranger.client.privateKey,
        }),
      )
    },
  })
})

test('a tag that does not fit is a cryptographic failure', async () => {
  const { keyServer, uniqueName, close } = await subject()
  const { id } = await keyServer.create(uniqueName())
  const sealed = await keyServer.encrypt(id, new Uint8Array(32), new Uint8Array())
  await expect(
    keyServer.decrypt(id, { ...sealed, tag: new Uint8Array(16) }, new Uint8Array()),
  ).rejects.toMatchObject({
    code: 'KMIP_RESULT',
    context: { operation: 'Decrypt', reason: 'CryptographicFailure', kind: 'invalid' },
    retryable: false,
  })
  await close()
})
