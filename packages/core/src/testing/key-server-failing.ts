import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { isTrustholdError } from '../errors/index.js'
import type { KeyServer } from '../ports/index.js'
import { failureOf, type KeyServerCase, keyCalls } from './key-server-cases.js'

async function useAndClose(keyServer: KeyServer, use: () => Promise<void>): Promise<void> {
  try {
    await use()
  } finally {
    await keyServer.close()
  }
}

/** Key servers that cannot work. */
interface Failing {
  unreachable(): Promise<KeyServer>
  refused(): Promise<KeyServer>
  readonly encrypts: boolean
}

const unreachableCases = ({ unreachable }: Failing): readonly KeyServerCase[] => [
  [
    'a server that cannot be reached gives a TRANSPORT code',
    async ({ unknownId, uniqueName }) => {
      const keyServer = await unreachable()
      await useAndClose(keyServer, async () => {
        for (const [name, call] of Object.entries(keyCalls(keyServer, unknownId, uniqueName()))) {
          const error = await failureOf(name, call)
          assert.ok(error.code.startsWith('TRANSPORT_'), `${name}: ${inspect(error)}`)
        }
      })
    },
  ],
  [
    'a server that cannot be reached is ill, and nothing is said of who believes whom',
    async () => {
      const keyServer = await unreachable()
      await useAndClose(keyServer, async () => {
        const [node, ...others] = await keyServer.health()
        assert.ok(node !== undefined && others.length === 0)
        assert.equal(node.health, 'ERROR')
        assert.notEqual(node.details.join(''), '')
        assert.deepEqual([node.clientTrustsServer, node.serverTrustsClient], [undefined, undefined])
        assert.deepEqual([node.version, node.vendor], [undefined, undefined])
      })
    },
  ],
]

const refusedCases = ({ refused, encrypts }: Failing): readonly KeyServerCase[] => [
  [
    'credentials that are not accepted fail every call',
    async ({ unknownId, uniqueName }) => {
      const keyServer = await refused()
      await useAndClose(keyServer, async () => {
        for (const [name, call] of Object.entries(keyCalls(keyServer, unknownId, uniqueName()))) {
          const error = await failureOf(name, call)
          const isTransport = isTrustholdError(error, 'TRANSPORT_FAILED')
          // What is not safe with any server may be refused before one is asked.
          const kinds = ['authentication', 'denied', ...(encrypts ? [] : ['unsupported'])]
          const isRefusal = isTrustholdError(error, 'KMIP_RESULT') && kinds.includes(error.context.kind)
          assert.ok(isRefusal || isTransport, `${name}: ${inspect(error)}`)
        }
      })
    },
  ],
  [
    'a server that does not accept our credentials is ill, and does not trust us',
    async () => {
      const keyServer = await refused()
      await useAndClose(keyServer, async () => {
        const nodes = await keyServer.health()
        for (const { health, details } of nodes) {
          assert.equal(health, 'ERROR')
          assert.notEqual(details.join(''), '')
        }
        // Others may be down.
        const trusts = nodes.map(({ serverTrustsClient }) => serverTrustsClient)
        assert.ok(trusts.includes(false) && !trusts.includes(true), inspect(nodes))
      })
    },
  ],
]

/** Cases with key servers that cannot work, each closed at its end. */
export const failingCases = (failing: Failing): readonly KeyServerCase[] => [
  ...unreachableCases(failing),
  ...refusedCases(failing),
]
