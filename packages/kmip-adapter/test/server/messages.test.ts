import { fromHex, utf8 } from '@trusthold/core/bytes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeItem, enumerations, item, type TtlvItem, tags } from '../../src/ttlv/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { type Ask, allUses, attr, named, requestFrame, type Talker, talk } from './talker.js'

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

const templated = (...attribute: object[]): object => ({ templateAttribute: { attribute } })
const keyAttributes = (...more: object[]): object[] => [
  attr('CryptographicAlgorithm', 'AES'),
  attr('CryptographicLength', 256),
  attr('CryptographicUsageMask', allUses),
  ...more,
]
const create = (...more: object[]): Ask => ({
  operation: 'Create',
  payload: { objectType: 'SymmetricKey', ...templated(...keyAttributes(...more)) },
})
const failing: Ask = { operation: 'Get', payload: { uniqueIdentifier: 'nobody' } }
const discover: Ask = { operation: 'DiscoverVersions', payload: {} }

async function use(run: (talker: Talker) => Promise<void>, version: Parameters<typeof talk>[2] = '1.4') {
  await using talker = await talk(embedded, identities, version)
  await run(talker)
}

/** A message by its items, so that it can be wrong. */
function rawRequest(
  operation: number,
  payload?: TtlvItem,
  more: readonly TtlvItem[] = [],
  after: readonly TtlvItem[] = [],
): TtlvItem {
  const version = item(tags.ProtocolVersion, 'Structure', [
    item(tags.ProtocolVersionMajor, 'Integer', 1),
    item(tags.ProtocolVersionMinor, 'Integer', 4),
  ])
  const first = item(tags.BatchItem, 'Structure', [
    item(tags.Operation, 'Enumeration', operation),
    ...(payload === undefined ? [] : [payload]),
    ...after,
  ])
  return item(tags.RequestMessage, 'Structure', [
    item(tags.RequestHeader, 'Structure', [
      version,
      item(tags.BatchErrorContinuationOption, 'Enumeration', 1),
      item(tags.BatchCount, 'Integer', 1 + more.length),
    ]),
    first,
    ...more,
  ])
}

const results = (
  items: readonly { resultStatus: unknown; resultReason?: unknown }[] | undefined,
): unknown[] => (items ?? []).map(({ resultStatus, resultReason }) => resultReason ?? resultStatus)

describe('batches', () => {
  test('the ID Placeholder is what was made, then what was found, in this batch only', () =>
    use(async (talker) => {
      const name = named(`batch-${Math.random()}`)
      const { batchItem = [] } = await talker.send([
        create(name),
        { operation: 'Activate', payload: {} },
        { operation: 'GetAttributes', payload: { attributeName: ['State'] } },
        create(),
        { operation: 'Locate', payload: { attribute: [name] } },
        { operation: 'GetAttributes', payload: { attributeName: ['Name'] } },
      ])
      expect(results(batchItem)).toEqual(Array.from({ length: 6 }, () => 'Success'))
      const payloads = batchItem.map(({ responsePayload }) => responsePayload as Record<string, unknown>)
      const [first, , state, second, located, found] = payloads
      expect(state).toMatchObject({ attribute: [{ name: 'State', value: 'Active' }] })
      expect(second?.['uniqueIdentifier']).not.toBe(first?.['uniqueIdentifier'])
      expect(located?.['uniqueIdentifier']).toEqual([first?.['uniqueIdentifier']])
      expect(found).toMatchObject({ uniqueIdentifier: first?.['uniqueIdentifier'] })
      // The next batch, over the same connection and over another, starts without one.
      expect(await talker.refused('Destroy', {})).toBe('MissingData')
      await use(async (other) => expect(await other.refused('Get', {})).toBe('MissingData'))
    }))

  test('a Locate that finds nothing, or several, empties the ID Placeholder', () =>
    use(async (talker) => {
      const missing = { operation: 'Locate', payload: { attribute: [named('nobody has this')] } } as const
      const nothing = await talker.send([create(), missing, { operation: 'Destroy', payload: {} }])
      expect(results(nothing.batchItem)).toEqual(['Success', 'Success', 'MissingData'])
      const several = await talker.send([
        create(),
        create(),
        { operation: 'Locate', payload: { maximumItems: 2 } },
        { operation: 'Destroy', payload: {} },
      ])
      expect(results(several.batchItem)).toEqual(['Success', 'Success', 'Success', 'MissingData'])
    }))

  test('KMIP 2.x refers to what an operation made, and to its place', () =>
    use(async (talker) => {
      const pair: Ask = {
        operation: 'CreateKeyPair',
        payload: {
          commonAttributes: [attr('CryptographicAlgorithm', 'EC'), attr('CryptographicLength', 256)],
          privateKeyAttributes: [attr('CryptographicUsageMask', 1)],
          publicKeyAttributes: [attr('CryptographicUsageMask', 2)],
        },
      }
      const get = (uniqueIdentifier: object): Ask => ({ operation: 'Get', payload: { uniqueIdentifier } })
      const { batchItem = [] } = await talker.send([
        pair,
        get({ placeholder: 'CreateKeyPairPublicKey' }),
        get({ placeholder: 'CreateKeyPairPrivateKey' }),
        get({ placeholder: 'IDPlaceholder' }),
        get({ position: 1 }),
        get({ position: -2 }),
        get({ placeholder: 'Register' }),
      ])
      expect(
        batchItem.map(({ responsePayload }) => (responsePayload as { objectType?: string })?.objectType),
      ).toEqual([undefined, 'PublicKey', 'PrivateKey', 'PrivateKey', 'PublicKey', 'PrivateKey', undefined])
      expect(batchItem.at(-1)?.resultReason).toBe('MissingData')
    }, '2.1'))

  test('it stops at the first failure unless it shall continue; ids of items come back', () =>
    use(async (talker) => {
      const ids = ['one', 'two', 'three'].map(utf8)
      const asks = [discover, failing, discover].map((ask, i) => ({ ...ask, id: ids[i] as Uint8Array }))
      const stopped = await talker.send(asks)
      expect(results(stopped.batchItem)).toEqual(['Success', 'ItemNotFound'])
      expect(stopped.responseHeader.batchCount).toBe(2)
      const explicit = await talker.send(asks, { batchErrorContinuationOption: 'Stop' })
      expect(results(explicit.batchItem)).toEqual(['Success', 'ItemNotFound'])
      const continued = await talker.send(asks, { batchErrorContinuationOption: 'Continue' })
      expect(results(continued.batchItem)).toEqual(['Success', 'ItemNotFound', 'Success'])
      expect(continued.batchItem?.map(({ uniqueBatchItemId }) => uniqueBatchItemId)).toEqual(ids)
    }))

  test('what fails to make an object leaves none: what goes on does not hit the one before', () =>
    use(async (talker) => {
      const twice = named(`twice-${Math.random()}`)
      const asks = [create(twice), create(twice), { operation: 'Destroy', payload: {} } as const]
      const { batchItem = [] } = await talker.send(
        asks.map((ask, i) => ({ ...ask, id: Uint8Array.of(i) })),
        { batchErrorContinuationOption: 'Continue' },
      )
      expect(results(batchItem)).toEqual(['Success', 'NonUniqueNameAttribute', 'MissingData'])
    }, '2.1'))

  test('one that would have to be undone is refused, and nothing of it is done', () =>
    use(async (talker) => {
      const name = named(`undo-${Math.random()}`)
      const { batchItem = [] } = await talker.send([create(name), failing], {
        batchErrorContinuationOption: 'Undo',
      })
      expect(batchItem).toMatchObject([
        { resultStatus: 'OperationFailed', resultReason: 'FeatureNotSupported' },
      ])
      expect(batchItem[0]).not.toHaveProperty('operation')
      expect(await talker.ask('Locate', { attribute: [name] })).toMatchObject({ locatedItems: 0 })
    }))

  test.each([
    ['more than came', 2],
    ['fewer than came', 0],
    ['a negative number', -1],
  ])('a Batch Count of %s is refused', (_, batchCount) =>
    use(async (talker) => {
      const { batchItem } = await talker.send([discover], { batchCount })
      expect(results(batchItem)).toEqual(['InvalidMessage'])
    }),
  )

  test('too many items are refused', () =>
    use(async (talker) => {
      const { batchItem } = await talker.send(Array.from({ length: 101 }, () => discover))
      expect(results(batchItem)).toEqual(['GeneralFailure'])
      const most = await talker.send(Array.from({ length: 100 }, () => discover))
      expect(most.batchItem).toHaveLength(100)
    }))
})

describe('the Maximum Response Size', () => {
  test('an answer that is above it says so', () =>
    use(async (talker) => {
      const id = await talker.createKey()
      const get = { operation: 'Get', payload: { uniqueIdentifier: id } } as const
      const full = requestFrame('1.4', [get])
      const { length } = await talker.raw.ask(full)
      const fits = await talker.send([get], { maximumResponseSize: length })
      expect(results(fits.batchItem)).toEqual(['Success'])
      const tooLarge = await talker.send([get], { maximumResponseSize: length - 1 })
      expect(results(tooLarge.batchItem)).toEqual(['ResponseTooLarge'])
      expect(tooLarge.batchItem?.[0]).not.toHaveProperty('responsePayload')
    }))

  test('what changes something is not done when there is no room to say so', () =>
    use(async (talker) => {
      const name = named(`room-${Math.random()}`)
      const { batchItem } = await talker.send([create(name)], { maximumResponseSize: 300 })
      expect(results(batchItem)).toEqual(['ResponseTooLarge'])
      expect(await talker.ask('Locate', { attribute: [name] })).toMatchObject({ locatedItems: 0 })
      const roomy = await talker.send([create(name)], { maximumResponseSize: 8_192 })
      expect(results(roomy.batchItem)).toEqual(['Success'])
    }))

  test('it is for all items together', () =>
    use(async (talker) => {
      const get = { operation: 'Get', payload: { uniqueIdentifier: await talker.createKey() } } as const
      const { length } = await talker.raw.ask(requestFrame('1.4', [get, get]))
      const { batchItem } = await talker.send([get, get], { maximumResponseSize: length - 1 })
      expect(results(batchItem)).toEqual(['Success', 'ResponseTooLarge'])
    }))
})

describe('headers', () => {
  test('the answer has the version, the time and the correlation value of the request', () =>
    use(async (talker) => {
      const { responseHeader } = await talker.send([discover], { clientCorrelationValue: 'this one' })
      expect(responseHeader).toMatchObject({
        protocolVersion: { protocolVersionMajor: 1, protocolVersionMinor: 4 },
        clientCorrelationValue: 'this one',
        batchCount: 1,
      })
      expect(Math.abs(Number(responseHeader.timeStamp) - Date.now() / 1_000)).toBeLessThan(60)
    }))

  test('versions before 1.4 have no correlation value in answers', () =>
    use(async (talker) => {
      const { responseHeader } = await talker.send([discover], { clientCorrelationValue: 'this one' })
      expect(responseHeader).not.toHaveProperty('clientCorrelationValue')
    }, '1.3'))

  test('a time stamp of any time, and everything that is only a hint, is taken', () =>
    use(async (talker) => {
      const { batchItem } = await talker.send([discover], {
        timeStamp: 1n,
        batchOrderOption: false,
        attestationCapableIndicator: true,
        asynchronousIndicator: false,
      })
      expect(results(batchItem)).toEqual(['Success'])
    }))

  test.each([
    ['1.4', true],
    ['2.1', 'Mandatory'],
  ] as const)('KMIP %s: what has to be asynchronous is refused', (version, asynchronousIndicator) =>
    use(async (talker) => {
      const { batchItem } = await talker.send([discover], { asynchronousIndicator })
      expect(results(batchItem)).toEqual(['FeatureNotSupported'])
    }, version),
  )

  test('what may be asynchronous is answered at once', () =>
    use(async (talker) => {
      const { batchItem } = await talker.send([discover], { asynchronousIndicator: 'Optional' })
      expect(results(batchItem)).toEqual(['Success'])
    }, '2.1'))

  test.each([
    ['0.9', [0, 9], '1.0', 'InvalidMessage'],
    ['1.5', [1, 5], '1.4', 'InvalidMessage'],
    ['2.2', [2, 2], '2.1', 'UnsupportedProtocolVersion'],
    ['9.9', [9, 9], '2.1', 'UnsupportedProtocolVersion'],
  ] as const)('version %s is refused in the next one that is spoken', (_, [major, minor], answered, reason) =>
    use(async (talker) => {
      const protocolVersion = { protocolVersionMajor: major, protocolVersionMinor: minor }
      const { responseHeader, batchItem } = await talker.send([discover], { protocolVersion })
      expect(results(batchItem)).toEqual([reason])
      const { protocolVersionMajor, protocolVersionMinor } = responseHeader.protocolVersion
      expect(`${protocolVersionMajor}.${protocolVersionMinor}`).toBe(answered)
    }),
  )
})

describe('versions', () => {
  test('all are told, newest first, and of those that are asked for the common ones', () =>
    use(async (talker) => {
      const all = await talker.ask('DiscoverVersions', {})
      const text = (list: unknown): string[] =>
        (list as { protocolVersionMajor: number; protocolVersionMinor: number }[]).map(
          ({ protocolVersionMajor: major, protocolVersionMinor: minor }) => `${major}.${minor}`,
        )
      expect(text(all['protocolVersion'])).toEqual(['2.1', '2.0', '1.4', '1.3', '1.2', '1.1', '1.0'])
      const asked = [
        { protocolVersionMajor: 1, protocolVersionMinor: 1 },
        { protocolVersionMajor: 3, protocolVersionMinor: 0 },
        { protocolVersionMajor: 1, protocolVersionMinor: 2 },
      ]
      const some = await talker.ask('DiscoverVersions', { protocolVersion: asked })
      expect(text(some['protocolVersion'])).toEqual(['1.2', '1.1'])
      const none = await talker.ask('DiscoverVersions', { protocolVersion: asked.slice(1, 2) })
      expect(none['protocolVersion']).toBeUndefined()
    }))

  test('a server that speaks some versions refuses the others', async () => {
    await using other = await startEmbedded(identities, { versions: ['1.2', '2.0'] })
    await using old = await talk(other, identities, '1.4')
    expect(results((await old.send([discover])).batchItem)).toEqual(['InvalidMessage'])
    await using spoken = await talk(other, identities, '1.2')
    expect((await spoken.ask('DiscoverVersions', {}))['protocolVersion']).toHaveLength(2)
  })

  test('an operation that a version lacks is not supported, and not told', () =>
    use(async (talker) => {
      expect(await talker.refused('DiscoverVersions', {})).toBe('OperationNotSupported')
      expect(await talker.refused('Encrypt', {})).toBe('OperationNotSupported')
      const { operation } = await talker.ask('Query', { queryFunction: ['QueryOperations'] })
      expect(operation).toContain('ReKey')
      expect(operation).not.toContain('DiscoverVersions')
      expect(operation).not.toContain('Encrypt')
    }, '1.0'))

  test('an operation that nobody knows is not supported, and those after it are carried out', () =>
    use(async (talker) => {
      const { batchItem } = await talker.send(
        [{ operation: 0x8000_0001, payload: item(tags.RequestPayload, 'Structure', []) }, discover],
        { batchErrorContinuationOption: 'Continue' },
      )
      expect(results(batchItem)).toEqual(['OperationNotSupported', 'Success'])
      expect(batchItem?.[0]?.operation).toBe(0x8000_0001)
    }))
})

describe('what Query tells', () => {
  test('is so', () =>
    use(async (talker) => {
      const queryFunction = [
        'QueryOperations',
        'QueryObjects',
        'QueryServerInformation',
        'QueryApplicationNamespaces',
        'QueryExtensionList',
        'QueryRNGs',
        'QueryValidations',
        'QueryProfiles',
        'QueryCapabilities',
        'QueryClientRegistrationMethods',
      ]
      const told = await talker.ask('Query', { queryFunction })
      expect(Object.keys(told)).toEqual([
        'operation',
        'objectType',
        'vendorIdentification',
        'rngParameters',
        'capabilityInformation',
      ])
      expect(told['capabilityInformation']).toMatchObject([
        {
          streamingCapability: false,
          asynchronousCapability: false,
          batchUndoCapability: false,
          batchContinueCapability: true,
        },
      ])
      // What is told can be asked for, whatever comes of it.
      for (const operation of told['operation'] as string[]) {
        const payload = item(tags.RequestPayload, 'Structure', [])
        const frame = encodeItem(
          rawRequest(enumerations.Operation[operation as keyof typeof enumerations.Operation], payload),
        )
        const { batchItem } = await talker.raw.exchange(frame)
        expect(results(batchItem)).not.toEqual(['OperationNotSupported'])
      }
    }))

  test('nothing that is not asked', () =>
    use(async (talker) => {
      expect(await talker.ask('Query', {})).toEqual({})
    }))
})

describe('messages that are wrong', () => {
  test('a payload that cannot be read spoils no other item', () =>
    use(async (talker) => {
      const bad = item(tags.RequestPayload, 'Structure', [item(tags.UniqueIdentifier, 'Boolean', true)])
      const good = item(tags.RequestPayload, 'Structure', [])
      const frame = encodeItem(
        rawRequest(10, bad, [
          item(tags.BatchItem, 'Structure', [item(tags.Operation, 'Enumeration', 30), good]),
        ]),
      )
      const { batchItem } = await talker.raw.exchange(frame)
      expect(results(batchItem)).toEqual(['InvalidMessage', 'Success'])
    }))

  test('a field that does not belong into a request is refused, one of a vendor is not looked at', () =>
    use(async (talker) => {
      const id = await talker.createKey()
      const payload = (tag: number) =>
        item(tags.RequestPayload, 'Structure', [
          item(tags.UniqueIdentifier, 'TextString', id),
          item(tag, 'TextString', 'more'),
        ])
      const foreign = await talker.raw.exchange(encodeItem(rawRequest(10, payload(tags.Username))))
      expect(results(foreign.batchItem)).toEqual(['InvalidField'])
      const vendors = await talker.raw.exchange(encodeItem(rawRequest(10, payload(0x54_0001))))
      expect(results(vendors.batchItem)).toEqual(['Success'])
    }))

  test('an item without a payload is refused', () =>
    use(async (talker) => {
      const frame = encodeItem(rawRequest(10))
      expect(results((await talker.raw.exchange(frame)).batchItem)).toEqual(['InvalidMessage'])
    }))

  test('a critical extension is refused, any other is not looked at', () =>
    use(async (talker) => {
      const extended = (critical: boolean) => {
        const extension = item(tags.MessageExtension, 'Structure', [
          item(tags.VendorIdentification, 'TextString', 'Example'),
          item(tags.CriticalityIndicator, 'Boolean', critical),
          item(tags.VendorExtension, 'Structure', []),
        ])
        return encodeItem(rawRequest(30, item(tags.RequestPayload, 'Structure', []), [], [extension]))
      }
      expect(results((await talker.raw.exchange(extended(true))).batchItem)).toEqual(['FeatureNotSupported'])
      expect(results((await talker.raw.exchange(extended(false))).batchItem)).toEqual(['Success'])
    }))

  test('a message that cannot be read is answered, and the next one served', () =>
    use(async (talker) => {
      const empty = fromHex('4200780100000000')
      const { responseHeader, batchItem } = await talker.raw.exchange(empty)
      expect(results(batchItem)).toEqual(['InvalidMessage'])
      expect(batchItem?.[0]).not.toHaveProperty('operation')
      expect(responseHeader.protocolVersion).toMatchObject({
        protocolVersionMajor: 1,
        protocolVersionMinor: 0,
      })
      await talker.ask('DiscoverVersions', {})
    }))

  test('structures that are nested too deep are refused', () =>
    use(async (talker) => {
      let nested = item(tags.Attribute, 'Structure', [])
      for (let i = 0; i < 40; i++) nested = item(tags.Attribute, 'Structure', [nested])
      const frame = encodeItem(rawRequest(8, item(tags.RequestPayload, 'Structure', [nested])))
      expect(results((await talker.raw.exchange(frame)).batchItem)).toEqual(['InvalidMessage'])
    }))
})
