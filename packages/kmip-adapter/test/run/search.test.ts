import { describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/index.js'
import { plainName } from '../../src/protocol/index.js'
import { locateAll, type PagedFilter } from '../../src/run/index.js'
import type { KmipVersion } from '../../src/ttlv/index.js'
import { answered, sent, unsupported } from './answered.js'
import { scriptRunner, success } from './scripted-transport.js'

describe('a search', () => {
  const search = (
    version: KmipVersion,
    all: readonly string[],
    server: { pages: boolean; total?: boolean; cap?: number },
  ) => {
    const { runner, transport, requests } = scriptRunner(version, ({ batchItem }) => {
      const { maximumItems = all.length, offsetItems = 0 } = (batchItem?.[0]?.requestPayload ?? {}) as {
        maximumItems?: number
        offsetItems?: number
      }
      const start = server.pages ? offsetItems : 0
      const uniqueIdentifier = all.slice(start, start + Math.min(maximumItems, server.cap ?? maximumItems))
      return [success('Locate', { uniqueIdentifier, ...(server.total ? { locatedItems: all.length } : {}) })]
    })
    const list = async (filter: PagedFilter) => {
      const found = []
      for await (const one of locateAll(runner, transport, filter, {})) found.push(one)
      return found
    }
    return { list, requests }
  }
  const all = ['a', 'b', 'c', 'd', 'e']

  test.each([
    ['that counts', { pages: true, total: true }, 3],
    ['that does not count', { pages: true }, 4],
    ['that gives fewer than were asked for', { pages: true, cap: 1 }, 6],
  ] as const)('page by page in a server %s', async (_, server, requests) => {
    const { list, requests: asked } = search('1.3', all, server)
    expect(await list({ pageSize: 2 })).toEqual(all)
    expect(asked).toHaveLength(requests)
  })

  test('ends in a server that knows no pages', async () => {
    const { list, requests } = search('1.4', all, { pages: false })
    expect(await list({ pageSize: 2 })).toEqual(['a', 'b'])
    expect(requests).toHaveLength(2)
    expect(await list({})).toEqual(all)
  })

  test('before 1.3 is one page', async () => {
    const { list, requests } = search('1.2', all, { pages: false })
    expect(await list({ pageSize: 2 })).toEqual(all)
    expect(requests).toHaveLength(1)
  })

  test('gives no more than were asked for', async () => {
    const found = await answered(commands.locate({ maximumItems: 1 }), { uniqueIdentifier: ['a', 'b'] })
    expect(found).toEqual(['a'])
  })

  test('by all that a filter can say', async () => {
    const between = { InitialDate: [new Date(1_000), new Date(2_000)] } as const
    const locate = commands.locate({
      name: 'n',
      objectType: 'SymmetricKey',
      algorithm: 'AES',
      length: 256,
      state: 'Active',
      between,
      attributes: { objectGroup: ['g', 'h'] },
      storageStatusMask: 3,
      objectGroupMember: 'GroupMemberFresh',
      offsetItems: 0,
    })
    expect(await sent(locate, '2.0')).toEqual({
      offsetItems: 0,
      storageStatusMask: 3,
      objectGroupMember: 'GroupMemberFresh',
      attributes: [
        { name: 'Name', value: plainName('n') },
        { name: 'ObjectType', value: 'SymmetricKey' },
        { name: 'CryptographicAlgorithm', value: 'AES' },
        { name: 'CryptographicLength', value: 256 },
        { name: 'State', value: 'Active' },
        { name: 'InitialDate', value: 1n },
        { name: 'InitialDate', value: 2n },
        { name: 'ObjectGroup', value: 'g' },
        { name: 'ObjectGroup', value: 'h' },
      ],
    })
    await expect(answered(locate, {}, '1.2')).rejects.toThrow(unsupported)
  })
})
