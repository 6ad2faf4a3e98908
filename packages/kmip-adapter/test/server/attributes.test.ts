import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { attributeTable } from '../../src/protocol/attribute-table.js'
import { item, tags } from '../../src/ttlv/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { attr, named, type Talker, talk } from './talker.js'

let identities: TestIdentities
let embedded: Embedded
let old: Talker
let modern: Talker
let now = 1_000_000
beforeAll(async () => {
  identities = await createIdentities()
  embedded = await startEmbedded(identities, { clock: { now: () => now * 1_000 } })
  old = await talk(embedded, identities, '1.4')
  modern = await talk(embedded, identities, '2.1')
})
afterAll(async () => {
  await old[Symbol.asyncDispose]()
  await modern[Symbol.asyncDispose]()
  await embedded.server.close()
  await identities.remove()
})
beforeEach(() => {
  now = 1_000_000
})

const custom = (title: string, text: string, more: object = {}): object => ({
  name: 'Custom',
  vendor: 'x',
  title,
  value: item(tags.AttributeValue, 'TextString', text),
  ...more,
})

type Found = { name: string; title?: string; index?: number; value: { value?: unknown; nameValue?: string } }

async function read(uniqueIdentifier: string, ...attributeName: string[]): Promise<Found[]> {
  const { attribute = [] } = await old.ask('GetAttributes', { uniqueIdentifier, attributeName })
  return attribute as Found[]
}

const add = (uniqueIdentifier: string, attribute: object) => ({ uniqueIdentifier, attribute })
const addNew = (uniqueIdentifier: string, attribute: object) => ({
  uniqueIdentifier,
  newAttribute: [attribute],
})
let counter = 0
const fresh = (): object => named(`name-${++counter}`)

describe('instances, KMIP 1.x', () => {
  test('get the next index, keep it when others go, and are found under it', async () => {
    const id = await old.createKey()
    for (const text of ['a', 'b', 'c']) {
      const { attribute } = await old.ask('AddAttribute', add(id, custom('tag', text)))
      expect((attribute as Found).index).toBe(['a', 'b', 'c'].indexOf(text))
    }
    const gone = await old.ask('DeleteAttribute', {
      uniqueIdentifier: id,
      attributeName: 'x-tag',
      attributeIndex: 1,
    })
    expect((gone['attribute'] as Found).value.value).toBe('b')
    await old.ask('ModifyAttribute', add(id, custom('tag', 'see', { index: 2 })))
    await old.ask('AddAttribute', add(id, custom('tag', 'd')))
    expect((await read(id, 'x-tag')).map(({ index, value }) => [index, value.value])).toEqual([
      [0, 'a'],
      [2, 'see'],
      [3, 'd'],
    ])
    const missing = { uniqueIdentifier: id, attributeName: 'x-tag', attributeIndex: 1 }
    expect(await old.refused('DeleteAttribute', missing)).toBe('ItemNotFound')
    expect(await old.refused('ModifyAttribute', add(id, custom('tag', '?', { index: 1 })))).toBe(
      'ItemNotFound',
    )
    expect(await old.refused('AddAttribute', add(id, custom('tag', '?', { index: 7 })))).toBe('InvalidField')
  })

  test('a single attribute is added once, and modified only when it is there', async () => {
    const id = await old.createKey()
    const contact = (text: string): object => attr('ContactInformation', text)
    expect(await old.refused('ModifyAttribute', add(id, contact('nobody')))).toBe('ItemNotFound')
    await old.ask('AddAttribute', add(id, contact('one')))
    expect(await old.refused('AddAttribute', add(id, contact('two')))).toBe('InvalidField')
    await old.ask('ModifyAttribute', add(id, contact('two')))
    expect(await read(id, 'Contact Information')).toMatchObject([{ value: 'two' }])
    await old.ask('DeleteAttribute', { uniqueIdentifier: id, attributeName: 'Contact Information' })
    expect(await read(id, 'Contact Information')).toEqual([])
  })
})

describe('instances, KMIP 2.x', () => {
  test('are named by their values', async () => {
    const id = await modern.createKey()
    for (const text of ['a', 'b', 'b']) await modern.ask('AddAttribute', addNew(id, custom('tag', text)))
    await modern.ask('ModifyAttribute', {
      uniqueIdentifier: id,
      currentAttribute: [custom('tag', 'a')],
      newAttribute: [custom('tag', 'c')],
    })
    await modern.ask('DeleteAttribute', { uniqueIdentifier: id, currentAttribute: [custom('tag', 'b')] })
    expect((await read(id, 'x-tag')).map(({ value }) => value.value)).toEqual(['c'])
    const wrong = { uniqueIdentifier: id, currentAttribute: [custom('tag', 'a')] }
    expect(await modern.refused('DeleteAttribute', wrong)).toBe('AttributeInstanceNotFound')
    expect(await modern.refused('ModifyAttribute', { ...wrong, newAttribute: [custom('tag', 'd')] })).toBe(
      'AttributeInstanceNotFound',
    )
    expect(await modern.refused('ModifyAttribute', { ...wrong, newAttribute: [custom('other', 'd')] })).toBe(
      'InvalidField',
    )
    const reference = { vendorIdentification: 'x', attributeName: 'tag' }
    await modern.ask('DeleteAttribute', { uniqueIdentifier: id, attributeReference: reference })
    expect(await read(id, 'x-tag')).toEqual([])
    const absent = { uniqueIdentifier: id, attributeReference: reference }
    expect(await modern.refused('DeleteAttribute', absent)).toBe('AttributeNotFound')
  })

  test('Set Attribute gives an attribute its only value, and is not for those with several', async () => {
    const id = await modern.createKey()
    await modern.ask('SetAttribute', addNew(id, attr('Comment', 'one')))
    await modern.ask('SetAttribute', addNew(id, attr('Comment', 'two')))
    expect(await read(id, 'Comment')).toMatchObject([{ value: 'two' }])
    expect(await modern.refused('SetAttribute', addNew(id, fresh()))).toBe('MultiValuedAttribute')
  })

  test('one attribute is taken at a time, and none is too few', async () => {
    const id = await modern.createKey()
    const two = { uniqueIdentifier: id, newAttribute: [attr('Comment', 'a'), attr('Description', 'b')] }
    expect(await modern.refused('AddAttribute', two)).toBe('InvalidField')
    expect(await modern.refused('AddAttribute', { uniqueIdentifier: id, newAttribute: [] })).toBe(
      'MissingData',
    )
    expect(await modern.refused('DeleteAttribute', { uniqueIdentifier: id })).toBe('MissingData')
  })

  test('vendors of their own are there for KMIP 2.x only', async () => {
    const id = await modern.createKey()
    const theirs = { ...custom('tag', 'theirs'), vendor: 'Example' }
    await modern.ask('AddAttribute', addNew(id, theirs))
    const { attributes } = await modern.ask('GetAttributes', {
      uniqueIdentifier: id,
      attributeReference: [{ vendorIdentification: 'Example', attributeName: 'tag' }],
    })
    expect(attributes).toMatchObject([{ vendor: 'Example', title: 'tag' }])
    expect((await read(id)).some(({ name }) => name === 'Custom')).toBe(false)
  })
})

describe('what is the server’s', () => {
  const values: Readonly<Record<string, unknown>> = {
    UniqueIdentifier: 'another',
    ObjectType: 'SecretData',
    CryptographicAlgorithm: 'DES3',
    CryptographicLength: 128,
    CryptographicUsageMask: 0xffff,
    Digest: { hashingAlgorithm: 'SHA_256', digestValue: new Uint8Array(32) },
    LeaseTime: 1,
    State: 'Active',
    InitialDate: 1n,
    DestroyDate: 1n,
    CompromiseOccurrenceDate: 1n,
    CompromiseDate: 1n,
    RevocationReason: { revocationReasonCode: 'Superseded' },
    ArchiveDate: 1n,
    Fresh: true,
    LastChangeDate: 1n,
    OriginalCreationDate: 1n,
    AlwaysSensitive: true,
    NeverExtractable: true,
    KeyFormatType: 'Raw',
    CertificateType: 'X_509',
    ShortUniqueIdentifier: new Uint8Array(4),
    ProtectionStorageMask: 1,
  }

  test.each(Object.entries(values))('%s is neither added, modified, set nor deleted', async (name, value) => {
    const id = await modern.createKey()
    const before = JSON.stringify(await modern.ask('GetAttributes', { uniqueIdentifier: id }), bigints)
    const changing = addNew(id, attr(name, value))
    for (const operation of ['AddAttribute', 'ModifyAttribute', 'SetAttribute'] as const) {
      expect(await modern.refused(operation, changing)).toBe('ReadOnlyAttribute')
    }
    const reference = tags[name as keyof typeof tags]
    const deleting = { uniqueIdentifier: id, attributeReference: reference }
    expect(['ReadOnlyAttribute', 'AttributeNotFound']).toContain(
      await modern.refused('DeleteAttribute', deleting),
    )
    expect(JSON.stringify(await modern.ask('GetAttributes', { uniqueIdentifier: id }), bigints)).toBe(before)
  })

  test.each(
    Object.entries(values).filter(
      ([name]) => !/Cryptographic(?:Algorithm|Length|UsageMask)|OriginalCreationDate/.test(name),
    ),
  )('%s is not given to a new object', async (name, value) => {
    await expect(modern.createKey(attr(name, value))).rejects.toThrow('ReadOnlyAttribute')
  })

  test('so are custom attributes of the vendor y, and what the standard does not have', async () => {
    const id = await old.createKey()
    expect(await old.refused('AddAttribute', add(id, { ...custom('tag', 'a'), vendor: 'y' }))).toBe(
      'PermissionDenied',
    )
    const strange = { name: 'Other', title: 'Strange', value: item(tags.AttributeValue, 'TextString', 'a') }
    expect(await old.refused('AddAttribute', add(id, strange))).toBe('InvalidField')
  })

  test('an attribute that the version does not have is refused', async () => {
    const early = await talk(embedded, identities, '1.1')
    const id = await early.createKey()
    expect(await early.refused('AddAttribute', add(id, attr('Comment', 'later')))).toBe('InvalidField')
    await early[Symbol.asyncDispose]()
  })
})

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

describe('dates', () => {
  const set = (id: string, name: string, date: number) => addNew(id, attr(name, BigInt(date)))

  test('are moved until they are reached', async () => {
    const id = await modern.createKey(attr('ActivationDate', BigInt(now + 10)))
    await modern.ask('ModifyAttribute', set(id, 'ActivationDate', now + 20))
    await modern.ask('AddAttribute', set(id, 'DeactivationDate', now + 40))
    now += 20
    expect(await modern.refused('ModifyAttribute', set(id, 'ActivationDate', now + 30))).toBe(
      'ReadOnlyAttribute',
    )
    await modern.ask('ModifyAttribute', set(id, 'DeactivationDate', now + 30))
    await modern.ask('AddAttribute', set(id, 'ProtectStopDate', now + 10))
    expect(await modern.refused('ModifyAttribute', set(id, 'ProtectStopDate', now + 31))).toBe(
      'InvalidAttributeValue',
    )
    now += 10
    expect(await modern.refused('ModifyAttribute', set(id, 'ProtectStopDate', now + 11))).toBe(
      'ReadOnlyAttribute',
    )
    now += 20
    expect(await modern.refused('ModifyAttribute', set(id, 'DeactivationDate', now + 1))).toBe(
      'ReadOnlyAttribute',
    )
  })

  test('are not given to what is at its end', async () => {
    const id = await modern.createKey()
    await modern.ask('Revoke', {
      uniqueIdentifier: id,
      revocationReason: { revocationReasonCode: 'KeyCompromise' },
    })
    for (const name of ['ActivationDate', 'DeactivationDate', 'ProtectStopDate', 'ProcessStartDate']) {
      expect(await modern.refused('AddAttribute', set(id, name, now + 100))).toBe('ReadOnlyAttribute')
    }
  })

  test('a date that was given is not deleted', async () => {
    const id = await modern.createKey(attr('ActivationDate', BigInt(now + 10)))
    const deleting = { uniqueIdentifier: id, attributeReference: tags.ActivationDate }
    expect(await modern.refused('DeleteAttribute', deleting)).toBe('ReadOnlyAttribute')
  })
})

describe('names', () => {
  test('are unique among the objects that are there, and free when one is renamed or destroyed', async () => {
    const name = fresh()
    const id = await old.createKey(name)
    await expect(old.createKey(name)).rejects.toThrow('InvalidField')
    await expect(modern.createKey(name)).rejects.toThrow('NonUniqueNameAttribute')
    const other = await old.createKey()
    expect(await old.refused('AddAttribute', add(other, name))).toBe('InvalidField')
    await old.ask('ModifyAttribute', add(id, fresh()))
    await old.ask('AddAttribute', add(other, name))
    await old.ask('Destroy', { uniqueIdentifier: other })
    const third = await old.createKey(name)
    const { uniqueIdentifier } = await old.ask('Locate', { attribute: [name] })
    expect(uniqueIdentifier).toEqual([third])
    await old.ask('DeleteAttribute', { uniqueIdentifier: third, attributeName: 'Name', attributeIndex: 0 })
    await old.createKey(name)
  })

  test('one given twice is refused, and keeps nothing reserved', async () => {
    const [first, second] = [fresh(), fresh()]
    await expect(modern.createKey(first, first)).rejects.toThrow('NonUniqueNameAttribute')
    await modern.createKey(second)
    await expect(modern.createKey(first, second)).rejects.toThrow('NonUniqueNameAttribute')
    const id = await modern.createKey(first)
    expect(await modern.refused('AddAttribute', addNew(id, first))).toBe('NonUniqueNameAttribute')
  })

  test('of many requests for one at a time one wins', async () => {
    const name = fresh()
    const talkers = await Promise.all(Array.from({ length: 6 }, () => talk(embedded, identities, '1.4')))
    const tries = await Promise.allSettled(talkers.map((talker) => talker.createKey(name)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await Promise.all(talkers.map((talker) => talker[Symbol.asyncDispose]()))
    expect(await old.ask('Locate', { attribute: [name] })).toMatchObject({ locatedItems: 1 })
  })
})

describe('what leaves the server', () => {
  test('a sensitive key leaves wrapped only, one that is not extractable never; neither is taken back', async () => {
    const wrapping = await modern.createKey(attr('ActivationDate', BigInt(now)))
    const id = await modern.createKey(attr('Sensitive', true))
    const wrapped = {
      uniqueIdentifier: id,
      keyWrappingSpecification: {
        wrappingMethod: 'Encrypt',
        encryptionKeyInformation: {
          uniqueIdentifier: wrapping,
          cryptographicParameters: { blockCipherMode: 'NISTKeyWrap' },
        },
        encodingOption: 'NoEncoding',
      },
    }
    expect(await modern.refused('Get', { uniqueIdentifier: id })).toBe('Sensitive')
    expect(await modern.refused('Export', { uniqueIdentifier: id })).toBe('Sensitive')
    await modern.ask('Get', wrapped)
    expect(await modern.refused('SetAttribute', addNew(id, attr('Sensitive', false)))).toBe(
      'ReadOnlyAttribute',
    )
    await modern.ask('SetAttribute', addNew(id, attr('Extractable', false)))
    expect(await modern.refused('Get', wrapped)).toBe('NotExtractable')
    expect(await modern.refused('SetAttribute', addNew(id, attr('Extractable', true)))).toBe(
      'ReadOnlyAttribute',
    )
    expect(await talkOld('Get', { uniqueIdentifier: id })).toBe('PermissionDenied')
  })

  const talkOld = async (operation: 'Get', payload: object): Promise<string> => {
    await using early = await talk(embedded, identities, '1.3')
    return await early.refused(operation, payload)
  }

  test('what nobody said is told when it is asked for', async () => {
    const id = await old.createKey()
    const names = [
      'Sensitive',
      'Always Sensitive',
      'Extractable',
      'Never Extractable',
      'Original Creation Date',
    ]
    expect((await read(id, ...names)).map(({ name, value }) => [name, value])).toEqual([
      ['Sensitive', false],
      ['AlwaysSensitive', false],
      ['Extractable', true],
      ['NeverExtractable', false],
      ['OriginalCreationDate', BigInt(now)],
    ])
  })
})

describe('what is listed', () => {
  test('is what the version can say', async () => {
    const id = await modern.createKey(attr('CryptographicUsageMask', 4), attr('Comment', 'new'), fresh())
    for (const [version, comment, digest] of [
      ['1.0', false, false],
      ['1.1', false, true],
      ['1.4', true, true],
    ] as const) {
      await using talker = await talk(embedded, identities, version)
      const { attributeName } = await talker.ask('GetAttributeList', { uniqueIdentifier: id })
      expect((attributeName as string[]).includes('Comment')).toBe(comment)
      expect((attributeName as string[]).includes('Digest')).toBe(digest)
      expect(attributeName).toContain('Name')
      const { attribute } = await talker.ask('GetAttributes', { uniqueIdentifier: id })
      const titles = (attribute as Found[]).map(
        ({ name }) => attributeTable[name as keyof typeof attributeTable].title,
      )
      expect(new Set(titles)).toEqual(new Set(attributeName as string[]))
    }
    const { attributeReference } = await modern.ask('GetAttributeList', { uniqueIdentifier: id })
    expect(attributeReference).toContain(tags.Comment)
  })

  test('attributes that the object does not have are left out', async () => {
    const id = await old.createKey()
    expect(await read(id, 'Comment', 'x-nothing', 'No Such Attribute')).toEqual([])
    const { attributes } = await modern.ask('GetAttributes', {
      uniqueIdentifier: id,
      attributeReference: [tags.Comment, 0x42_ffff],
    })
    expect(attributes).toEqual([])
  })
})
