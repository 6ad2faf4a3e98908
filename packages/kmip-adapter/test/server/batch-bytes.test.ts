import { SecretBytes } from '@trusthold/core/bytes'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { type Talker, talk } from './talker.js'

// Room for the answers to two Gets of a key, and not for those to three.
const batchBytes = 600

let identities: TestIdentities
let embedded: Embedded
beforeAll(async () => {
  identities = await createIdentities()
  embedded = await startEmbedded(identities, { limits: { batchBytes } })
})
afterAll(async () => {
  await embedded.server.close()
  await identities.remove()
})

async function use(run: (talker: Talker) => Promise<void>) {
  await using talker = await talk(embedded, identities, '1.4')
  await run(talker)
}

const results = (items: Awaited<ReturnType<Talker['send']>>['batchItem']): unknown[] =>
  (items ?? []).map(({ resultStatus, resultReason }) => resultReason ?? resultStatus)

test("a batch's answer is no longer than the server allows, whatever the client would take", () =>
  use(async (talker) => {
    const get = { operation: 'Get', payload: { uniqueIdentifier: await talker.createKey() } } as const
    const batch = [get, get, get, get]
    for (const header of [{}, { maximumResponseSize: 1 << 20 }]) {
      const { batchItem } = await talker.send(batch, header)
      expect(results(batchItem)).toEqual(['Success', 'Success', 'ResponseTooLarge'])
    }
  }))

test('a client that takes less gets less', () =>
  use(async (talker) => {
    const get = { operation: 'Get', payload: { uniqueIdentifier: await talker.createKey() } } as const
    const { batchItem } = await talker.send([get, get], { maximumResponseSize: 450 })
    expect(results(batchItem)).toEqual(['Success', 'ResponseTooLarge'])
  }))

test('an answer to a single request is as long as it has to be', () =>
  use(async (talker) => {
    const { uniqueIdentifier } = await talker.ask('Register', {
      objectType: 'OpaqueObject',
      templateAttribute: {},
      opaqueObject: {
        opaqueDataType: 0x8000_0001,
        opaqueDataValue: SecretBytes.from(new Uint8Array(2 * batchBytes)),
      },
    })
    const get = { operation: 'Get', payload: { uniqueIdentifier } } as const
    expect(results((await talker.send([get])).batchItem)).toEqual(['Success'])
  }))
