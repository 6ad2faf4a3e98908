import { toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/index.js'
import { plainName } from '../../src/protocol/index.js'
import { plain, secret } from '../items.js'
import { answered, id, protocol, sent } from './answered.js'

describe('what else is asked', () => {
  test('random bytes are as many as were wanted', async () => {
    const random = await answered(commands.randomBytes(2), { data: secret(1, 2) })
    expect(random.use(toHex)).toBe('0102')
    await expect(answered(commands.randomBytes(2), { data: secret(1) })).rejects.toThrow(protocol)
    expect(await answered(commands.seedRandom(plain(1, 2)), { dataLength: 2 })).toBe(2)
  })

  test('a check is passed when nothing comes back', async () => {
    const check = commands.check('7', { usage: ['Encrypt'], amount: 5n, lease: 60 })
    expect(await sent(check, '1.4')).toEqual({
      ...id,
      cryptographicUsageMask: 4,
      usageLimitsCount: 5n,
      leaseTime: 60,
    })
    expect(await answered(check, id)).toEqual({ allowed: true })
    expect(await answered(check, { ...id, usageLimitsCount: 3n })).toEqual({ allowed: false, amount: 3n })
    expect(await answered(check, { ...id, cryptographicUsageMask: 0 })).toEqual({ allowed: false, usage: 0 })
    expect(await answered(check, { ...id, leaseTime: 0 })).toEqual({ allowed: false, lease: 0 })
  })

  test('a lease', async () => {
    const lease = await answered(commands.obtainLease('7'), { ...id, leaseTime: 60, lastChangeDate: 5n })
    expect(lease).toEqual({ seconds: 60, lastChange: new Date(5_000) })
  })

  test('the versions of the server, those that are not known here too', async () => {
    const protocolVersion = [{ protocolVersionMajor: 3, protocolVersionMinor: 0 }]
    expect(await answered(commands.discoverVersions(), { protocolVersion })).toEqual(['3.0'])
    expect(await answered(commands.discoverVersions(), {})).toEqual([])
  })

  test('nothing', async () => {
    expect(await answered(commands.ping(), {}, '2.1')).toBeUndefined()
    await expect(answered(commands.ping(), {}, '2.0')).rejects.toMatchObject({ code: 'KMIP_VERSION' })
  })

  test('a revocation says why', async () => {
    const revoke = commands.revoke('7', {
      reason: 'KeyCompromise',
      occurred: new Date(5_999),
      message: 'lost',
    })
    expect(await sent(revoke, '1.0')).toEqual({
      ...id,
      revocationReason: { revocationReasonCode: 'KeyCompromise', revocationMessage: 'lost' },
      compromiseOccurrenceDate: 5n,
    })
  })

  test('attributes that a version has', async () => {
    const wanted = [
      'State',
      'x-Own',
      'Description',
      { vendorIdentification: 'v', attributeName: 'n' },
    ] as const
    const get = commands.getAttributes('7', wanted)
    expect(await sent(get, '1.3')).toEqual({ ...id, attributeName: ['State', 'x-Own'] })
    expect(await sent(get, '2.0')).toEqual({
      ...id,
      attributeReference: [
        0x42_008d,
        { vendorIdentification: 'x', attributeName: 'Own' },
        0x42_00fc,
        { vendorIdentification: 'v', attributeName: 'n' },
      ],
    })
    expect(await sent(commands.getAttributes('7', ['Description']), '1.3')).toEqual({
      ...id,
      attributeName: ['Unique Identifier'],
    })
    expect(await sent(commands.getAttributes('7'), '1.3')).toEqual(id)
  })

  test('the list of attributes has the keys by which they are asked for', async () => {
    const list = commands.getAttributeList('7')
    const attributeName = ['Unique Identifier', 'x-Own', 'Something Else']
    expect(await answered(list, { ...id, attributeName })).toEqual([
      'UniqueIdentifier',
      'x-Own',
      'Something Else',
    ])
    const attributeReference = [
      0x42_008d,
      0x54_0001,
      { vendorIdentification: 'y', attributeName: 'Own' },
      { vendorIdentification: 'v', attributeName: 'n' },
    ]
    expect(await answered(list, { ...id, attributeReference })).toEqual([
      'State',
      0x54_0001,
      'y-Own',
      { vendorIdentification: 'v', attributeName: 'n' },
    ])
  })

  test('to delete an attribute', async () => {
    const one = commands.deleteAttribute('7', 'Name', {
      index: 2,
      current: { name: 'Name', value: plainName('n') },
    })
    expect(await sent(one, '1.4')).toEqual({ ...id, attributeName: 'Name', attributeIndex: 2 })
    expect(await sent(one, '2.0')).toEqual({
      ...id,
      currentAttribute: [{ name: 'Name', value: plainName('n') }],
    })
    const every = commands.deleteAttribute('7', 'x-Own')
    expect(await sent(every, '1.4')).toEqual({ ...id, attributeName: 'x-Own' })
    expect(await sent(every, '2.0')).toEqual({
      ...id,
      attributeReference: { vendorIdentification: 'x', attributeName: 'Own' },
    })
    const foreign = commands.deleteAttribute('7', { vendorIdentification: 'v', attributeName: 'n' })
    await expect(answered(foreign, id)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })
})
