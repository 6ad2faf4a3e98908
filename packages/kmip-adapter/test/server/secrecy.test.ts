import { createDecipheriv } from 'node:crypto'
import { SecretBytes, toHex, utf8 } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { ConfigStore } from '@trusthold/core/ports'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { allUses, attr, named, type Payload, type Talker, talk } from './talker.js'

let identities: TestIdentities
let embedded: Embedded
let talker: Talker
beforeAll(async () => {
  identities = await createIdentities()
  embedded = await startEmbedded(identities)
  talker = await talk(embedded, identities, '2.1')
})
afterAll(async () => {
  await talker[Symbol.asyncDispose]()
  await embedded.server.close()
  await identities.remove()
})

const active = attr('ActivationDate', 1n)
const material = (bytes: Uint8Array) => ({
  keyFormatType: 'Raw',
  keyValue: { keyMaterial: SecretBytes.from(bytes) },
})
const register = async (payload: object): Promise<string> =>
  String((await talker.ask('Register', payload))['uniqueIdentifier'])

async function read(uniqueIdentifier: string, ...names: string[]): Promise<Payload> {
  const { attributes } = await talker.ask('GetAttributes', { uniqueIdentifier })
  const asked = await talker.ask('GetAttributes', {
    uniqueIdentifier,
    attributeReference: names.map((name) => references[name]),
  })
  const all = [...(attributes as Payload[]), ...(asked['attributes'] as Payload[])]
  return Object.fromEntries(names.map((name) => [name, all.find((one) => one['name'] === name)?.['value']]))
}
/** KMIP 2.1, section 13.55. */
const references: Readonly<Record<string, number>> = {
  Sensitive: 0x42_0120,
  AlwaysSensitive: 0x42_0121,
  Extractable: 0x42_0122,
  NeverExtractable: 0x42_0123,
}

describe('what an object was is not forgotten', () => {
  const kinds = ['AddAttribute', 'SetAttribute'] as const
  test.each(kinds)('one that became sensitive was not always so: %s', async (operation) => {
    const id = await talker.createKey()
    await talker.ask(operation, { uniqueIdentifier: id, newAttribute: [attr('Sensitive', true)] })
    expect(await read(id, 'Sensitive', 'AlwaysSensitive')).toEqual({
      Sensitive: true,
      AlwaysSensitive: false,
    })
  })

  test.each(kinds)('one that stopped to be extractable once was: %s', async (operation) => {
    const id = await talker.createKey()
    await talker.ask(operation, { uniqueIdentifier: id, newAttribute: [attr('Extractable', false)] })
    expect(await read(id, 'Extractable', 'NeverExtractable')).toEqual({
      Extractable: false,
      NeverExtractable: false,
    })
  })

  test('one that said so when it was made and then says otherwise', async () => {
    const id = await talker.createKey(attr('Sensitive', false), attr('Extractable', true))
    for (const changed of [attr('Sensitive', true), attr('Extractable', false)]) {
      await talker.ask('ModifyAttribute', { uniqueIdentifier: id, newAttribute: [changed] })
    }
    expect(await read(id, 'AlwaysSensitive', 'NeverExtractable')).toEqual({
      AlwaysSensitive: false,
      NeverExtractable: false,
    })
  })

  test('one that was so from the first was always so, also when it is said again', async () => {
    const id = await talker.createKey(attr('Sensitive', true), attr('Extractable', false))
    for (const same of [attr('Sensitive', true), attr('Extractable', false)]) {
      await talker.ask('ModifyAttribute', { uniqueIdentifier: id, newAttribute: [same] })
    }
    expect(await read(id, 'AlwaysSensitive', 'NeverExtractable')).toEqual({
      AlwaysSensitive: true,
      NeverExtractable: true,
    })
  })
})

describe('a key that may not leave does not leave as a derived one', () => {
  const known = new Uint8Array(32).fill(5)
  const derive = (bases: readonly string[], derivationParameters: object, more: readonly object[] = []) => ({
    objectType: 'SecretData',
    uniqueIdentifier: bases,
    derivationMethod: 'ENCRYPT',
    derivationParameters: {
      cryptographicParameters: { blockCipherMode: 'ECB', paddingMethod: 'None' },
      ...derivationParameters,
    },
    attributes: [attr('CryptographicLength', 256), attr('CryptographicUsageMask', allUses), ...more],
  })
  const registerKnown = () =>
    register({
      objectType: 'SymmetricKey',
      attributes: [active, attr('CryptographicUsageMask', allUses)],
      symmetricKey: { keyBlock: { ...material(known), cryptographicAlgorithm: 'AES' } },
    })

  test.each([
    ['Extractable', false, 'NotExtractable'],
    ['Sensitive', true, 'Sensitive'],
  ])('encrypted with a key that is known: %s', async (name, value, reason) => {
    const guarded = await talker.createKey(active, attr(name, value))
    const bases = [await registerKnown(), guarded]
    const { uniqueIdentifier } = await talker.ask('DeriveKey', derive(bases, {}))
    expect(await talker.refused('Get', { uniqueIdentifier })).toBe(reason)
    const claiming = derive(bases, {}, [attr(name, !value)])
    const again = await talker.ask('DeriveKey', claiming)
    expect(await talker.refused('Get', { uniqueIdentifier: again['uniqueIdentifier'] })).toBe(reason)
  })

  test('one that may leave does: what is derived is what was encrypted', async () => {
    const open = await talker.createKey(active)
    const bases = [await registerKnown(), open]
    const { uniqueIdentifier } = await talker.ask('DeriveKey', derive(bases, {}))
    const bytesOf = (payload: Payload, field: string): Uint8Array =>
      (
        payload[field] as { keyBlock: { keyValue: { keyMaterial: SecretBytes } } }
      ).keyBlock.keyValue.keyMaterial.copy()
    const derived = bytesOf(await talker.ask('Get', { uniqueIdentifier }), 'secretData')
    const decipher = createDecipheriv('aes-256-ecb', known, null).setAutoPadding(false)
    const key = bytesOf(await talker.ask('Get', { uniqueIdentifier: open }), 'symmetricKey')
    expect(toHex(new Uint8Array(decipher.update(derived)))).toBe(toHex(key))
  })
})

describe('what is read and destroyed in one batch is still answered', () => {
  const wrapped = {
    objectType: 'SymmetricKey',
    attributes: [attr('CryptographicUsageMask', 4)],
    symmetricKey: {
      keyBlock: {
        keyFormatType: 'Raw',
        keyValue: SecretBytes.from(utf8('wrapped elsewhere')),
        cryptographicAlgorithm: 'AES',
        cryptographicLength: 256,
        keyWrappingData: { wrappingMethod: 'Encrypt', encryptionKeyInformation: { uniqueIdentifier: 'x' } },
      },
    },
  }
  const opaque = {
    objectType: 'OpaqueObject',
    attributes: [named('opaque')],
    opaqueObject: { opaqueDataType: 0x8000_0000, opaqueDataValue: SecretBytes.from(utf8('opaque')) },
  }
  test.each([
    ['an opaque object', opaque],
    ['a key that was registered wrapped', wrapped],
  ])('%s', async (_, payload) => {
    const uniqueIdentifier = await register(payload)
    const { batchItem = [] } = await talker.send([
      { operation: 'Get', payload: { uniqueIdentifier }, id: Uint8Array.of(1) },
      { operation: 'Destroy', payload: { uniqueIdentifier }, id: Uint8Array.of(2) },
    ])
    expect(batchItem.map(({ resultStatus }) => resultStatus)).toEqual(['Success', 'Success'])
  })
})

test('an object whose destruction another change forestalled is found once, and is not destroyed', async () => {
  const { config } = openMemory()
  const context = { key: 'k', expected: '1', actual: '2' }
  const contended: ConfigStore = new Proxy(config, {
    get: (target, name) => {
      if (name === 'delete') return () => Promise.reject(new TrustholdError('STORE_CONFLICT', context))
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  await using server = await startEmbedded(identities, { store: contended })
  await using other = await talk(server, identities, '2.1')
  const id = await other.createKey()
  expect(await other.refused('Destroy', { uniqueIdentifier: id })).toBe('ServerLimitExceeded')
  const found = await other.ask('Locate', { storageStatusMask: 5 })
  expect(found['uniqueIdentifier']).toEqual([id])
})
