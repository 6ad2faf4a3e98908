import { describe, expect, it } from 'vitest'
import { findLatestKey } from '../../src/key-provider/follow-rotation.js'
import { rejectionOf } from '../jose/thrown.js'
import { type FakeKeyServer, fakeKeyServer } from './fixtures.js'

/** A key server whose keys replace each other in this order. */
function chainOf(ids: readonly string[]): FakeKeyServer {
  const server = fakeKeyServer()
  ids.forEach((id, i) => {
    const next = ids[i + 1]
    if (!server.keys.has(id)) server.add(id, next === undefined ? {} : { replacedBy: next })
  })
  return server
}

describe('the latest key', () => {
  it.each([[['a']], [['a', 'b']], [['a', 'b', 'c', 'd']]])('of %j', async (ids) => {
    expect(await findLatestKey(chainOf(ids), 'finance', 'a')).toBe(ids.at(-1))
  })

  it('is found over a hundred rotations, and not over more', async () => {
    const ids = (count: number) => Array.from({ length: count + 1 }, (_, i) => `key-${i}`)
    expect(await findLatestKey(chainOf(ids(100)), 'finance', 'key-0')).toBe('key-100')
    const error = await rejectionOf(findLatestKey(chainOf(ids(101)), 'finance', 'key-0'))
    expect(error.code).toBe('PROVIDER_UNUSABLE')
  })

  it('is not sought in a circle', async () => {
    const server = chainOf(['a', 'b', 'c', 'b'])
    expect((await rejectionOf(findLatestKey(server, 'finance', 'a'))).code).toBe('PROVIDER_UNUSABLE')
    expect(server.calls).toEqual(['describe a', 'describe b', 'describe c'])
  })
})
