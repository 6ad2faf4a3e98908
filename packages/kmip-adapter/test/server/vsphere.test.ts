import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { item, tags } from '../../src/ttlv/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { connectRaw } from './raw-client.js'
import { type Ask, attr, type Talker, talk } from './talker.js'

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

/** Ids that vSphere 7 gives to the items of a batch, also when there is one. */
const itemId = (i: number): Uint8Array => Uint8Array.of(0x51, 0x4c, 0x4b, 0x43, i, 0, 0, 0)

/** vSphere asks for the versions on every connection before it asks for anything else. */
async function open(): Promise<Talker> {
  const talker = await talk(embedded, identities, '1.1')
  await talker.ask('DiscoverVersions', {
    protocolVersion: [{ protocolVersionMajor: 1, protocolVersionMinor: 1 }],
  })
  return talker
}

async function once(...asks: Omit<Ask, 'id'>[]) {
  await using talker = await open()
  const { responseHeader, batchItem = [] } = await talker.send(
    asks.map((ask, i) => ({ ...ask, id: itemId(i + 1) })),
  )
  expect(responseHeader.protocolVersion).toMatchObject({ protocolVersionMajor: 1, protocolVersionMinor: 1 })
  expect(batchItem.map(({ uniqueBatchItemId }) => uniqueBatchItemId)).toEqual(
    asks.map((_, i) => itemId(i + 1)),
  )
  expect(batchItem.map(({ resultStatus }) => resultStatus)).toEqual(asks.map(() => 'Success'))
  return batchItem.map(({ responsePayload }) => responsePayload as Readonly<Record<string, unknown>>)
}

const custom = (title: string, text: string): object => ({
  name: 'Custom',
  vendor: 'x',
  title,
  value: item(tags.AttributeValue, 'TextString', text),
})

/** The answers to questions for attributes, one by one, as vSphere asks them. */
const attributesOf = async (uniqueIdentifier: unknown, ...names: string[]) => {
  const list: unknown[] = []
  for (const name of names) {
    const [payload] = await once({
      operation: 'GetAttributes',
      payload: { uniqueIdentifier, attributeName: [name] },
    })
    list.push(...((payload?.['attribute'] ?? []) as unknown[]))
  }
  return list
}

const add = (uniqueIdentifier: unknown, attribute: object): Omit<Ask, 'id'> => ({
  operation: 'AddAttribute',
  payload: { uniqueIdentifier, attribute },
})

test('vSphere sets up trust, makes a key for a virtual machine, marks it, and uses it', async () => {
  // It probes with a connection on which nothing is said.
  await using probe = await connectRaw(embedded.port, identities.client, identities.authority.certificate)
  probe.socket.end()
  await probe.closed
  await once({ operation: 'DiscoverVersions', payload: {} })
  const [told] = await once({ operation: 'Query', payload: { queryFunction: ['QueryServerInformation'] } })
  expect(told?.['vendorIdentification']).toContain('Trusthold')

  const [made] = await once({
    operation: 'Create',
    payload: {
      objectType: 'SymmetricKey',
      templateAttribute: {
        attribute: [
          attr('CryptographicAlgorithm', 'AES'),
          attr('CryptographicUsageMask', 0x0c),
          attr('CryptographicLength', 256),
        ],
      },
    },
  })
  const uniqueIdentifier = made?.['uniqueIdentifier']
  expect(await attributesOf(uniqueIdentifier, 'x-Product_Version', 'x-Vendor', 'x-Product')).toEqual([])
  const marks = [
    custom('Product_Version', '7.0.3 build-19193900'),
    custom('Vendor', 'VMware, Inc.'),
    custom('Product', 'VMware vSphere'),
  ]
  const added = await once(...marks.map((mark) => add(uniqueIdentifier, mark)))
  expect(added.map((payload) => (payload['attribute'] as { title: string }).title)).toEqual([
    'Product_Version',
    'Vendor',
    'Product',
  ])
  const [got] = await once({ operation: 'Get', payload: { uniqueIdentifier } })
  expect(got).toMatchObject({ objectType: 'SymmetricKey', uniqueIdentifier })

  expect(await attributesOf(uniqueIdentifier, 'State')).toMatchObject([{ value: 'PreActive' }])
  await once({ operation: 'Activate', payload: { uniqueIdentifier } })
  expect(await attributesOf(uniqueIdentifier, 'State')).toMatchObject([{ value: 'Active' }])
  const decorations = [
    custom('Identifier', randomUUID()),
    custom('Component', 'Virtual Machine'),
    custom('Name', 'guest-1'),
  ]
  for (const decoration of decorations) await once(add(uniqueIdentifier, decoration))
  const names = ['x-Product_Version', 'x-Vendor', 'x-Product', 'x-Identifier', 'x-Component', 'x-Name']
  const all = (await attributesOf(uniqueIdentifier, ...names)) as {
    title: string
    value: { value: string }
  }[]
  expect(all.map(({ title }) => `x-${title}`)).toEqual(names)
  expect(all[1]?.value.value).toBe('VMware, Inc.')
})
