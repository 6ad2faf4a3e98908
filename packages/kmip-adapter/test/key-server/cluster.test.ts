import { randomUUID } from 'node:crypto'
import { type KeyServerSubject, keyServerContract } from '@trusthold/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KmipClient } from '../../src/client.js'
import { kmip } from '../../src/key-server/index.js'
import { optionsFor } from '../peer.js'
import { makeTrouble, type PyKmipPair, pairConfig, startPair, type Trouble } from '../pykmip-pair.js'

/** Another one can be given, to have a run again that failed elsewhere. */
const seed = Number(process.env['TRUSTHOLD_TEST_SEED'] ?? 20_260_101)

describe(`over two servers, of which one is killed and started again now and then (seed ${seed})`, () => {
  let pair: PyKmipPair
  let trouble: Trouble
  beforeAll(async () => {
    pair = await startPair()
    trouble = makeTrouble(pair, seed)
  })
  afterAll(async () => {
    await trouble.stop()
    await pair.stop()
    expect(trouble.kills).toBeGreaterThan(2)
  })

  keyServerContract(test, {
    async create(): Promise<KeyServerSubject> {
      const keyServer = kmip()(pairConfig(pair))
      return {
        keyServer,
        uniqueName: () => `key-${randomUUID()}`,
        unknownId: '99999999',
        close: () => keyServer.close(),
      }
    },
    encrypts: true,
    async deactivate(_, id) {
      const [first] = pair.nodes
      const servers = pair.nodes.map(({ host, port }) => ({ host, port }))
      await using client = await KmipClient.connect(optionsFor(first, { servers }))
      for (;;) {
        // An operation that may have been carried out is not repeated by the client.
        await client.revoke(id, { reason: 'CessationOfOperation' }).catch(() => undefined)
        if ((await client.getAttributes(id, ['State'])).state === 'Deactivated') return
      }
    },
    unreachable: async () =>
      kmip()(pairConfig(pair, { servers: [{ name: 'nobody', host: '127.0.0.1', port: 1 }] })),
    async refused() {
      const { authority } = pair.nodes[0]
      const { certificate, privateKey } = await authority.issue({ subject: '/O=Example/CN=no-usage' })
      return kmip()(pairConfig(pair, { clientCertificate: certificate, clientPrivateKey: privateKey }))
    },
    patience: 30_000,
  })
})
