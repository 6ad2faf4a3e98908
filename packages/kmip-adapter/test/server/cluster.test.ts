import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { KeyServer, KeyServerConfig } from '@trusthold/core/ports'
import { type KeyServerSubject, keyServerContract } from '@trusthold/core/testing'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kmip } from '../../src/index.js'
import { createKmipServer } from '../../src/server/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'

describe('over two embedded servers of one store, of which one is cut off and started again now and then', () => {
  let identities: TestIdentities
  let nodes: Embedded[]
  let isOver = false
  let cuts = 0
  let trouble: Promise<void>

  /** One at a time, so that there is always one that works. */
  async function makeTrouble(): Promise<void> {
    const servers = nodes.map(({ server }) => server)
    for (let i = 0; !isOver; i = 1 - i) {
      const node = nodes[i] as Embedded
      await servers[i]?.close(1)
      cuts++
      await delay(20)
      const server = createKmipServer(node.options)
      servers[i] = server
      await server.listen({ port: node.port })
      // Longer than a call takes: one that met both of them down would rightly fail.
      await delay(700)
    }
    for (const server of servers) await server.close(1)
  }

  beforeAll(async () => {
    identities = await createIdentities()
    const store = openMemory().config
    nodes = [await startEmbedded(identities, { store }), await startEmbedded(identities, { store })]
    trouble = makeTrouble()
  })
  afterAll(async () => {
    isOver = true
    await trouble
    await identities.remove()
    expect(cuts).toBeGreaterThan(1)
  })

  function configFor(more: Partial<KeyServerConfig> = {}): KeyServerConfig {
    return {
      servers: nodes.map(({ port }, i) => ({ name: `node-${i}`, host: '127.0.0.1', port })),
      clientCertificate: identities.client.certificate,
      clientPrivateKey: identities.client.privateKey,
      trustedCertificates: [identities.authority.certificate],
      ...more,
    }
  }

  keyServerContract(test, {
    async create(): Promise<KeyServerSubject> {
      const keyServer = kmip()(configFor())
      return {
        keyServer,
        uniqueName: () => `key-${randomUUID()}`,
        unknownId: randomUUID(),
        close: () => keyServer.close(),
      }
    },
    encrypts: true,
    async unreachable(): Promise<KeyServer> {
      return kmip()(configFor({ servers: [{ name: 'nobody', host: '127.0.0.1', port: 1 }] }))
    },
    async refused(): Promise<KeyServer> {
      const stranger = await createIdentities()
      await stranger.remove()
      const { certificate, privateKey } = stranger.client
      return kmip()(configFor({ clientCertificate: certificate, clientPrivateKey: privateKey }))
    },
    patience: 30_000,
  })
})
