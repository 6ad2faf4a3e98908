import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KmipClient, type KmipClientOptions, kmip, secretDataObject } from '../../src/index.js'
import { optionsFor, type PyKmip, startPyKmip } from '../peer.js'
import { createIdentities, startEmbedded } from '../server/embedded.js'

const endings: (() => Promise<unknown>)[] = []
let pykmip: PyKmip
let embedded: KmipClientOptions
beforeAll(async () => {
  pykmip = await startPyKmip()
  const identities = await createIdentities()
  const { server, clientOptions } = await startEmbedded(identities)
  embedded = clientOptions()
  endings.push(
    () => pykmip.stop(),
    () => server.close(),
    () => identities.remove(),
  )
})
afterAll(async () => {
  for (const end of endings) await end()
})

const tooLarge = { code: 'KMIP_RESULT', context: { reason: 'ResponseTooLarge', kind: 'tooLarge' } }
const usage = { usage: ['DeriveKey'] } as const

describe.each([
  ['PyKMIP', () => optionsFor(pykmip), ['1.0', '1.1', '1.2', '1.3', '1.4', '2.0']],
  ['the embedded server', () => embedded, ['1.0', '1.1', '1.2', '1.3', '1.4', '2.0', '2.1']],
] as const)('%s is told how long an answer may be, and', (_, options, versions) => {
  test.each(versions)('refuses a longer one in %s, and answers what is asked next', async (version) => {
    await using roomy = await KmipClient.connect({ ...options(), version })
    await using client = await KmipClient.connect({ ...options(), version, maxResponseBytes: 512 })
    const long = await roomy.register(secretDataObject('Password', new Uint8Array(512)), usage)
    const short = await roomy.register(secretDataObject('Password', new Uint8Array(16)), usage)
    await expect(client.getObject(long)).rejects.toMatchObject(tooLarge)
    expect(await client.getObject(short)).toMatchObject({ objectType: 'SecretData' })
  })

  test('refuses it to the key server port as well', async () => {
    const { servers, tls } = options()
    const configuration = {
      servers: servers.map((one) => ({ name: 'it', ...(one as { host: string; port: number }) })),
      ...tls,
    }
    const [roomy, narrow] = [kmip()(configuration), kmip({ maxResponseBytes: 384 })(configuration)]
    const { id } = await roomy.create(`key-${randomUUID()}`)
    await expect(narrow.describe(id)).rejects.toMatchObject(tooLarge)
    await Promise.all([roomy.close(), narrow.close()])
  })
})
