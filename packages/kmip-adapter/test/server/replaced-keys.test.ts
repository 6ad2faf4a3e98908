import { toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { item, tags } from '../../src/ttlv/index.js'
import { startEmbedded } from './embedded.js'
import {
  active,
  aes,
  attributesOf,
  clock,
  embedded,
  get,
  identities,
  materialOf,
  raw,
  register,
  talker,
  useKeyServer,
  valueIn,
} from './key-stage.js'
import { attr, named, talk } from './talker.js'

useKeyServer()

describe('re-keying', () => {
  test('the new key has what the old one had, and its names; both are linked, and it happens once', async () => {
    const mark = {
      name: 'Custom',
      vendor: 'x',
      title: 'mark',
      value: item(tags.AttributeValue, 'TextString', 'a'),
    }
    const name = named('rotating')
    const id = await talker.createKey(
      name,
      active,
      attr('ObjectGroup', 'g'),
      attr('ContactInformation', 'me'),
      mark,
    )
    clock.seconds += 10
    const { uniqueIdentifier: next } = await talker.ask('ReKey', { uniqueIdentifier: id })
    expect(toHex(materialOf(await get(next)))).not.toBe(toHex(materialOf(await get(id))))
    const attributes = await attributesOf(next)
    for (const inherited of [
      'Name',
      'ObjectGroup',
      'ContactInformation',
      'Custom',
      'CryptographicUsageMask',
    ]) {
      expect(attributes.map((attribute) => attribute.name)).toContain(inherited)
    }
    expect(await valueIn(next, 'InitialDate')).toBe(BigInt(clock.seconds))
    expect(await valueIn(next, 'State')).toBe('PreActive')
    expect(await valueIn(next, 'Link')).toEqual({
      linkType: 'ReplacedObjectLink',
      linkedObjectIdentifier: id,
    })
    expect(await valueIn(id, 'Link')).toEqual({
      linkType: 'ReplacementObjectLink',
      linkedObjectIdentifier: next,
    })
    expect(await valueIn(id, 'Name')).toBeUndefined()
    expect((await talker.ask('Locate', { attributes: [name] }))['uniqueIdentifier']).toEqual([next])
    await expect(talker.createKey(name)).rejects.toThrow('NonUniqueNameAttribute')
    expect(await talker.refused('ReKey', { uniqueIdentifier: id })).toBe('PermissionDenied')
    await talker.ask('ReKey', { uniqueIdentifier: next })
  })

  test('with an offset the dates move along; attributes of the request win', async () => {
    const on = (name: string, offset: number) => attr(name, BigInt(1_000_000 + offset))
    const id = await talker.createKey(
      on('ActivationDate', 0),
      on('ProcessStartDate', 5),
      on('ProtectStopDate', 50),
      on('DeactivationDate', 100),
    )
    clock.seconds += 20
    const { uniqueIdentifier: next } = await talker.ask('ReKey', { uniqueIdentifier: id, offset: 10 })
    expect(await valueIn(next, 'ActivationDate')).toBe(BigInt(clock.seconds + 10))
    expect(await valueIn(next, 'ProcessStartDate')).toBe(BigInt(clock.seconds + 15))
    expect(await valueIn(next, 'ProtectStopDate')).toBe(BigInt(clock.seconds + 60))
    expect(await valueIn(next, 'DeactivationDate')).toBe(BigInt(clock.seconds + 110))
    const request = { uniqueIdentifier: next, offset: 0, attributes: [on('DeactivationDate', 5_000)] }
    const { uniqueIdentifier: last } = await talker.ask('ReKey', request)
    expect(await valueIn(last, 'DeactivationDate')).toBe(1_005_000n)
    expect(await valueIn(last, 'ActivationDate')).toBe(BigInt(clock.seconds))
  })

  test('of many at a time one happens', async () => {
    const id = await talker.createKey(named('contended'), active)
    const talkers = await Promise.all(Array.from({ length: 5 }, () => talk(embedded, identities, '2.1')))
    const tries = await Promise.allSettled(talkers.map((each) => each.ask('ReKey', { uniqueIdentifier: id })))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await Promise.all(talkers.map((each) => each[Symbol.asyncDispose]()))
    const links = (await attributesOf(id)).filter(({ name }) => name === 'Link')
    expect(links).toHaveLength(1)
    expect((await talker.ask('Locate', { attributes: [named('contended')] }))['locatedItems']).toBe(1)
  })

  test('other objects are not re-keyed so', async () => {
    const id = await register('SecretData', raw(new Uint8Array(8)), { secretDataType: 'Seed' })
    expect(await talker.refused('ReKey', { uniqueIdentifier: id })).toBe('IllegalObjectType')
    expect(await talker.refused('ReKeyKeyPair', { privateKeyUniqueIdentifier: id })).toBe('IllegalObjectType')
  })

  test('a pair is replaced by a pair', async () => {
    const made = await talker.ask('CreateKeyPair', {
      commonAttributes: [attr('CryptographicAlgorithm', 'EC'), attr('CryptographicLength', 256)],
      privateKeyAttributes: [attr('CryptographicUsageMask', 1), named('private')],
      publicKeyAttributes: [attr('CryptographicUsageMask', 2), named('public')],
    })
    const { privateKeyUniqueIdentifier: old, publicKeyUniqueIdentifier: oldPublic } = made
    const next = await talker.ask('ReKeyKeyPair', { privateKeyUniqueIdentifier: old, offset: 0 })
    const { privateKeyUniqueIdentifier: privateId, publicKeyUniqueIdentifier: publicId } = next
    const links = async (id: unknown) =>
      (await attributesOf(id)).filter(({ name }) => name === 'Link').map(({ value }) => value)
    expect(await links(privateId)).toEqual([
      { linkType: 'PublicKeyLink', linkedObjectIdentifier: publicId },
      { linkType: 'ReplacedObjectLink', linkedObjectIdentifier: old },
    ])
    expect(await links(publicId)).toContainEqual({
      linkType: 'ReplacedObjectLink',
      linkedObjectIdentifier: oldPublic,
    })
    expect(await links(old)).toContainEqual({
      linkType: 'ReplacementObjectLink',
      linkedObjectIdentifier: privateId,
    })
    expect(await valueIn(publicId, 'State')).toBe('Active')
    expect(await valueIn(publicId, 'CryptographicUsageMask')).toBe(2)
    expect((await talker.ask('Locate', { attributes: [named('public')] }))['uniqueIdentifier']).toEqual([
      publicId,
    ])
    expect(await talker.refused('ReKeyKeyPair', { privateKeyUniqueIdentifier: old })).toBe('PermissionDenied')
  })
})

describe('import and export', () => {
  const bytes = new Uint8Array(16).fill(9)
  const importing = (uniqueIdentifier: string, attributes: readonly object[], more: object = {}) => ({
    uniqueIdentifier,
    objectType: 'SymmetricKey',
    attributes,
    symmetricKey: { keyBlock: raw(bytes, aes) },
    ...more,
  })

  test('what is exported is imported elsewhere with all that it has', async () => {
    const id = await talker.createKey(named('travelling'), active, attr('Comment', 'mine'))
    clock.seconds += 5
    await talker.ask('Revoke', {
      uniqueIdentifier: id,
      revocationReason: { revocationReasonCode: 'Superseded' },
    })
    const exported = await talker.ask('Export', { uniqueIdentifier: id })
    await using elsewhere = await startEmbedded(identities, { clock: { now: () => clock.seconds * 1_000 } })
    await using other = await talk(elsewhere, identities, '2.1')
    clock.seconds += 5
    const { objectType, attributes, symmetricKey } = exported
    await other.ask('Import', { uniqueIdentifier: id, objectType, attributes, symmetricKey })
    const again = await other.ask('Export', { uniqueIdentifier: id })
    const byName = (list: unknown) =>
      Object.fromEntries((list as { name: string; value: unknown }[]).map(({ name, value }) => [name, value]))
    expect(byName(again['attributes'])).toEqual(byName(attributes))
    expect(materialOf(again)).toEqual(materialOf(await get(id)))
    expect((await other.ask('Locate', { attributes: [named('travelling')] }))['uniqueIdentifier']).toEqual([
      id,
    ])
  })

  test.each(['any text: / ~ .. é', 'x'.repeat(1_024), '..'])('an id may be %s', async (id) => {
    await talker.ask('Import', importing(id, []))
    expect(toHex(materialOf(await get(id)))).toBe(toHex(bytes))
    await talker.ask('Destroy', { uniqueIdentifier: id })
    expect(await talker.refused('Get', { uniqueIdentifier: id })).toBe('ObjectDestroyed')
  })

  test('an object is replaced only when that is asked for', async () => {
    await talker.ask('Import', importing('mine', [named('before')]))
    expect(await talker.refused('Import', importing('mine', []))).toBe('ObjectAlreadyExists')
    await talker.ask('Import', importing('mine', [named('after')], { replaceExisting: true }))
    expect(await valueIn('mine', 'Name')).toMatchObject({ nameValue: 'after' })
    await talker.createKey(named('before'))
    await using old = await talk(embedded, identities, '1.4')
    const { attributes, ...rest } = importing('mine', [])
    expect(await old.refused('Import', { ...rest, attribute: attributes })).toBe('ObjectAlreadyExists')
    await expect(talker.ask('Import', importing('other', [named('after')]))).rejects.toThrow(
      'NonUniqueNameAttribute',
    )
    const clash = importing('mine', [named('before')], { replaceExisting: true })
    expect(await talker.refused('Import', clash)).toBe('NonUniqueNameAttribute')
    expect(await valueIn('mine', 'Name')).toMatchObject({ nameValue: 'after' })
    await talker.ask('Destroy', { uniqueIdentifier: 'mine' })
    expect(await talker.refused('Import', importing('mine', []))).toBe('ObjectAlreadyExists')
    await talker.ask('Import', importing('mine', [], { replaceExisting: true }))
    const found = await talker.ask('Locate', {
      storageStatusMask: 5,
      attributes: [attr('UniqueIdentifier', 'mine')],
    })
    expect(found).toMatchObject({ locatedItems: 1 })
    expect(await valueIn('mine', 'State')).toBe('PreActive')
  })

  test('what contradicts itself is refused', async () => {
    expect(await talker.refused('Import', importing('', []))).toBe('InvalidField')
    expect(await talker.refused('Import', importing('y'.repeat(1_025), []))).toBe('InvalidField')
    expect(await talker.refused('Import', importing('state', [attr('State', 'Active')]))).toBe(
      'InvalidAttributeValue',
    )
    const dates = [attr('ActivationDate', 20n), attr('DeactivationDate', 10n)]
    expect(await talker.refused('Import', importing('dates', dates))).toBe('InvalidAttributeValue')
    expect(await talker.refused('Export', { uniqueIdentifier: 'dates' })).toBe('ItemNotFound')
  })
})
