import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { item, tags } from '../../src/ttlv/index.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { attr, named, type Talker, talk } from './talker.js'

let identities: TestIdentities
let embedded: Embedded
let talker: Talker
let now = 1_000_000
beforeAll(async () => {
  identities = await createIdentities()
})
afterAll(() => identities.remove())
beforeEach(async () => {
  now = 1_000_000
  embedded = await startEmbedded(identities, { clock: { now: () => now * 1_000 } })
  talker = await talk(embedded, identities, '2.1')
  return async () => {
    await talker[Symbol.asyncDispose]()
    await embedded.server.close()
  }
})

async function find(attributes: readonly object[], more: object = {}): Promise<readonly string[]> {
  const { uniqueIdentifier = [] } = await talker.ask('Locate', { ...more, attributes })
  return uniqueIdentifier as string[]
}

/** Makes keys a second apart. */
async function create(...lists: readonly (readonly object[])[]): Promise<string[]> {
  const ids: string[] = []
  for (const list of lists) {
    ids.push(await talker.createKey(...list))
    now += 1
  }
  return ids
}

const date = (name: string, value: number): object => attr(name, BigInt(value))
const custom = (text: string): object => ({
  name: 'Custom',
  vendor: 'x',
  title: 'tag',
  value: item(tags.AttributeValue, 'TextString', text),
})

test('all that is asked has to be met; nothing asked is all, the newest first', async () => {
  const [a, b, c] = await create(
    [named('a'), attr('ContactInformation', 'one')],
    [named('b'), attr('ContactInformation', 'one'), custom('red')],
    [named('c'), attr('ContactInformation', 'two'), custom('red')],
  )
  expect(await find([])).toEqual([c, b, a])
  expect(await find([attr('ContactInformation', 'one')])).toEqual([b, a])
  expect(await find([attr('ContactInformation', 'one'), custom('red')])).toEqual([b])
  expect(await find([custom('blue')])).toEqual([])
  expect(await find([named('b')])).toEqual([b])
  expect(await find([named('b'), attr('ContactInformation', 'two')])).toEqual([])
  expect(await find([attr('UniqueIdentifier', c)])).toEqual([c])
  expect(await find([attr('UniqueIdentifier', 'nobody')])).toEqual([])
  expect(await find([attr('ObjectType', 'SymmetricKey'), attr('CryptographicLength', 256)])).toHaveLength(3)
  expect(await find([attr('CryptographicLength', 128)])).toEqual([])
})

test('a mask is met by all that allow at least its uses', async () => {
  const mask = (value: number): object => attr('CryptographicUsageMask', value)
  const [seal, both] = await create([mask(0x4)], [mask(0xc)])
  expect(await find([mask(0x4)])).toEqual([both, seal])
  expect(await find([mask(0x8)])).toEqual([both])
  expect(await find([mask(0xc)])).toEqual([both])
  expect(await find([mask(0x10)])).toEqual([])
})

test('one date is that date, two are all from the first to the second, in any order', async () => {
  const ids = await create([], [], [], [])
  const initial = (offset: number): object => date('InitialDate', 1_000_000 + offset)
  expect(await find([initial(1)])).toEqual([ids[1]])
  expect(await find([initial(1), initial(2)])).toEqual([ids[2], ids[1]])
  expect(await find([initial(2), initial(1)])).toEqual([ids[2], ids[1]])
  expect(await find([initial(3), initial(9)])).toEqual([ids[3]])
  expect(await find([date('DeactivationDate', 0), date('DeactivationDate', 5_000_000)])).toEqual([])
})

test('the state is the one of now', async () => {
  const [id] = await create([date('ActivationDate', 1_000_005)])
  const state = (value: string): object => attr('State', value)
  expect(await find([state('PreActive')])).toEqual([id])
  now = 1_000_005
  expect(await find([state('PreActive')])).toEqual([])
  expect(await find([state('Active')])).toEqual([id])
})

test('several instances: one has to match; structures match on what is given', async () => {
  const [id] = await create([
    named('first'),
    named('second'),
    attr('ObjectGroup', 'g'),
    attr('ObjectGroup', 'h'),
  ])
  expect(await find([named('second')])).toEqual([id])
  expect(await find([attr('ObjectGroup', 'h')])).toEqual([id])
  expect(await find([attr('ObjectGroup', 'i')])).toEqual([])
  const info = (applicationNamespace: string, applicationData?: string): object =>
    attr('ApplicationSpecificInformation', {
      applicationNamespace,
      ...(applicationData === undefined ? {} : { applicationData }),
    })
  const [marked] = await create([info('ssl', 'example.com')])
  expect(await find([info('ssl')])).toEqual([marked])
  expect(await find([info('ssl', 'example.com')])).toEqual([marked])
  expect(await find([info('ssl', 'example.org')])).toEqual([])
})

test('pages', async () => {
  const ids = (await create(...Array.from({ length: 5 }, () => []))).reverse()
  expect(await find([], { maximumItems: 2 })).toEqual(ids.slice(0, 2))
  expect(await find([], { maximumItems: 2, offsetItems: 2 })).toEqual(ids.slice(2, 4))
  expect(await find([], { offsetItems: 4 })).toEqual(ids.slice(4))
  expect(await find([], { offsetItems: 9 })).toEqual([])
  expect(await find([], { maximumItems: 0 })).toEqual([])
  expect(await talker.ask('Locate', { maximumItems: 1, attributes: [] })).toMatchObject({ locatedItems: 5 })
  expect(await talker.refused('Locate', { maximumItems: -1 })).toBe('InvalidField')
  expect(await talker.refused('Locate', { offsetItems: -1 })).toBe('InvalidField')
})

test('what is archived or destroyed is found when it is asked for', async () => {
  const [there, archived, destroyed] = await create([], [], [named('gone')])
  await talker.ask('Archive', { uniqueIdentifier: archived })
  await talker.ask('Destroy', { uniqueIdentifier: destroyed })
  expect(await find([])).toEqual([there])
  expect(await find([], { storageStatusMask: 1 })).toEqual([there])
  expect(await find([], { storageStatusMask: 2 })).toEqual([archived])
  expect(await find([], { storageStatusMask: 4 })).toEqual([destroyed])
  expect(await find([], { storageStatusMask: 7 })).toEqual([destroyed, archived, there])
  expect(await find([attr('State', 'Destroyed')])).toEqual([destroyed])
  expect(await find([date('DestroyDate', now)])).toEqual([destroyed])
  expect(await find([named('gone')])).toEqual([])
  expect(await find([named('gone')], { storageStatusMask: 4 })).toEqual([destroyed])
})

test('fresh members of a group are those that nobody has got yet', async () => {
  const [a, b, alone] = await create([attr('ObjectGroup', 'pool')], [attr('ObjectGroup', 'pool')], [])
  const fresh = () => find([attr('ObjectGroup', 'pool')], { objectGroupMember: 'GroupMemberFresh' })
  expect(await fresh()).toEqual([b, a])
  await talker.ask('Get', { uniqueIdentifier: b })
  expect(await fresh()).toEqual([a])
  expect(await find([attr('Fresh', true)])).not.toContain(alone)
})

test('more objects than fit on a page of the store are all found', async () => {
  const made = new Set<string>()
  for (let i = 0; i < 230; i++) made.add(await talker.createKey())
  expect(new Set(await find([]))).toEqual(made)
})

describe('KMIP 1.x', () => {
  test('finds by attributes with titles', async () => {
    await using old = await talk(embedded, identities, '1.0')
    const id = await old.createKey(named('old'))
    const found = await old.ask('Locate', { attribute: [named('old'), attr('State', 'PreActive')] })
    expect(found).toEqual({ uniqueIdentifier: [id] })
  })

  test('an attribute that nobody knows is had by nobody', async () => {
    await using old = await talk(embedded, identities, '1.4')
    await old.createKey()
    const strange = { name: 'Other', title: 'Strange', value: item(tags.AttributeValue, 'TextString', 'a') }
    expect(await old.ask('Locate', { attribute: [strange] })).toEqual({ locatedItems: 0 })
  })
})
