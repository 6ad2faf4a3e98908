import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../src/bytes/index.js'
import { LiveMap } from '../../src/config/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { reasonOf, rejectionOf, thrownBy } from '../jose/thrown.js'
import { type ScriptedStore, scriptedStore } from './scripted-store.js'

const prefix = 'test/things/'
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const put = (name: string, value: string, revision: bigint) =>
  ({ kind: 'put', key: prefix + name, value: utf8(value), revision }) as const
const gone = (name: string, revision: bigint) => ({ kind: 'delete', key: prefix + name, revision }) as const
/** Lets everything run that waits for nothing but earlier steps. */
const settle = () => vi.advanceTimersByTimeAsync(0)
/** Lets one retry after a failure run. */
const retry = () => vi.advanceTimersByTimeAsync(5_000)

let store: ScriptedStore
let map: LiveMap<string>
let followed: [string, string | undefined][]
let refused: string | undefined

const open = () =>
  LiveMap.open<string>({
    store,
    prefix,
    kind: 'thing',
    encode: utf8,
    decode(bytes, name) {
      if (text(bytes) === 'damaged')
        throw new TrustholdError('STORE_CORRUPT', { key: name, reason: 'damaged' })
      return text(bytes)
    },
    onChange(name, document) {
      if (document !== undefined && document === refused) throw new TypeError(`cannot follow ${document}`)
      followed.push([name, document])
    },
  })
const content = () => Object.fromEntries(map.names().map((name) => [name, map.get(name)?.document]))

beforeEach(() => {
  vi.useFakeTimers()
  store = scriptedStore()
  followed = []
  refused = undefined
})
afterEach(async () => {
  await map.close()
  expect(store.watching).toBe(0)
  vi.useRealTimers()
})

describe('what is stored', () => {
  it('is there when the map opens, page by page, and nothing else', async () => {
    store.pageSize = 2
    for (const name of ['a', 'b', 'c', 'd', 'e']) await store.put(prefix + name, utf8(name))
    await store.put('test/thing', utf8('no'))
    await store.put('test/thingsX', utf8('no'))
    map = await open()
    expect(content()).toEqual({ a: 'a', b: 'b', c: 'c', d: 'd', e: 'e' })
    expect(map.size).toBe(5)
    expect(map.get('a')?.revision).toBe(1n)
    expect(map.get('toString')).toBeUndefined()
  })

  it('is followed, whoever changes it', async () => {
    map = await open()
    await store.put(`${prefix}a`, utf8('1'))
    await store.put(`${prefix}a`, utf8('2'))
    await settle()
    expect(content()).toEqual({ a: '2' })
    await store.delete(`${prefix}a`)
    await settle()
    expect(content()).toEqual({})
    expect(followed).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['a', undefined],
    ])
  })

  it('is not missed when it changes while it is loaded', async () => {
    await store.put(`${prefix}a`, utf8('1'))
    await store.put(`${prefix}b`, utf8('1'))
    store.pageSize = 1
    let pages = 0
    store.beforeAnswer = async (what) => {
      if (what !== 'list' || ++pages > 1) return
      await store.put(`${prefix}a`, utf8('2'))
      await store.put(`${prefix}c`, utf8('1'))
      await store.delete(`${prefix}b`)
    }
    map = await open()
    await settle()
    expect(content()).toEqual({ a: '2', c: '1' })
  })

  it('fails to open when it is damaged or not readable', async () => {
    map = await open()
    await map.close()
    store.listFailure = new TrustholdError('STORE_UNAVAILABLE', { operation: 'list', reason: 'down' })
    expect((await rejectionOf(open())).code).toBe('STORE_UNAVAILABLE')
    store.listFailure = undefined
    await store.put(`${prefix}a`, utf8('damaged'))
    expect((await rejectionOf(open())).code).toBe('STORE_CORRUPT')
  })

  it.each(['%zz', '%61', 'a/b', 'a%2fb', '%FF', ''])(
    'is refused under the key %j, which is that of no name',
    async (rest) => {
      await store.put(`${prefix}${rest}`, utf8('x'))
      map = await LiveMap.open<string>({ store, prefix: 'other/', kind: 'x', encode: utf8, decode: text })
      expect((await rejectionOf(open())).code).toBe('STORE_CORRUPT')
    },
  )
})

describe('own writes', () => {
  beforeEach(async () => {
    map = await open()
    store.lagging = true
  })

  it('show at once, before the watch reports them, and are followed once', async () => {
    await map.create('a', '1')
    expect(map.get('a')).toEqual({ document: '1', revision: 1n })
    await map.replace('a', '2', 1n)
    expect(map.get('a')).toEqual({ document: '2', revision: 2n })
    store.report(...store.keptBack)
    await settle()
    expect(followed).toEqual([
      ['a', '1'],
      ['a', '2'],
    ])
  })

  it('do not overwrite', async () => {
    await map.create('a', '1')
    const error = await rejectionOf(map.create('a', '2'))
    expect([error.code, error.context]).toEqual(['ALREADY_EXISTS', { kind: 'thing', name: 'a' }])
    expect((await rejectionOf(map.replace('a', '2', 7n))).code).toBe('STORE_CONFLICT')
    expect(content()).toEqual({ a: '1' })
  })

  it('that another node made first exist already, though the watch has not told', async () => {
    await store.put(`${prefix}a`, utf8('theirs'))
    expect((await rejectionOf(map.create('a', 'ours'))).code).toBe('ALREADY_EXISTS')
  })

  it('that fail change nothing', async () => {
    store.writeFailure = new TrustholdError('STORE_UNAVAILABLE', { operation: 'put', reason: 'down' })
    expect((await rejectionOf(map.create('a', '1'))).code).toBe('STORE_UNAVAILABLE')
    expect(content()).toEqual({})
  })

  it('of what no name is are refused before anything is stored', async () => {
    for (const name of ['', ' a', '\ud800', 'a\u0000', 'e\u0301']) {
      expect((await rejectionOf(map.create(name, '1'))).code).toBe('REQUEST_INVALID')
      expect((await rejectionOf(map.replace(name, '1', 0n))).code).toBe('REQUEST_INVALID')
      expect((await rejectionOf(map.delete(name))).code).toBe('REQUEST_INVALID')
    }
    expect(store.revision).toBe(0n)
  })
})

describe('a deleted document', () => {
  beforeEach(async () => {
    map = await open()
    store.lagging = true
  })

  it('is gone at once, and stays gone when its writes are reported late', async () => {
    await map.create('a', '1')
    await map.replace('a', '2', 1n)
    await map.delete('a')
    expect(map.get('a')).toBeUndefined()
    for (const change of store.keptBack) {
      store.report(change)
      await settle()
      expect(map.get('a')).toBeUndefined()
    }
    expect(followed.at(-1)).toEqual(['a', undefined])
    expect(followed).toHaveLength(3)
  })

  it('stays gone although it was written over by another node, of which the watch tells late', async () => {
    await map.create('a', '1')
    await store.put(`${prefix}a`, utf8('theirs'))
    await store.put(`${prefix}a`, utf8('theirs again'))
    await map.delete('a')
    for (const change of store.keptBack) {
      store.report(change)
      await settle()
      expect(map.get('a')).toBeUndefined()
    }
  })

  it('stays gone although this node never knew it before', async () => {
    await store.put('unrelated', utf8('x'))
    await store.put(`${prefix}a`, utf8('theirs'))
    await map.delete('a')
    for (const change of store.keptBack) {
      store.report(change)
      await settle()
      expect(map.get('a')).toBeUndefined()
    }
  })

  it('that is made anew is the new one, however the watch tells', async () => {
    await map.create('a', '1')
    await map.delete('a')
    await map.create('a', '2')
    expect(map.get('a')).toEqual({ document: '2', revision: 3n })
    for (const change of store.keptBack) {
      store.report(change)
      await settle()
      expect(content()).toEqual({ a: '2' })
    }
  })

  it('that another node makes anew comes back, also when only the last change is reported', async () => {
    await map.create('a', '1')
    await map.delete('a')
    const revision = await store.put(`${prefix}a`, utf8('2'))
    expect(content()).toEqual({})
    store.report(put('a', '2', revision))
    await settle()
    expect(map.get('a')).toEqual({ document: '2', revision })
  })

  it('that another node deletes goes when that is reported, also when only the last change is', async () => {
    await map.create('a', '1')
    await store.put(`${prefix}a`, utf8('2'))
    await store.delete(`${prefix}a`)
    store.report(gone('a', store.revision))
    await settle()
    expect(content()).toEqual({})
    // Against the contract: older changes after newer ones.
    store.report(put('a', '2', 2n), put('a', '1', 1n))
    await settle()
    expect(content()).toEqual({})
  })

  it('is not found when it is not in the store, whatever memory says', async () => {
    await map.create('a', '1')
    await store.delete(`${prefix}a`)
    const error = await rejectionOf(map.delete('a'))
    expect([error.code, error.context]).toEqual(['NOT_FOUND', { kind: 'thing', name: 'a' }])
    expect((await rejectionOf(map.delete('never'))).code).toBe('NOT_FOUND')
  })

  it('is the one that is there when the deletion is carried out', async () => {
    await map.create('a', '1')
    let raced = false
    store.beforeAnswer = async (what) => {
      if (what !== 'get' || raced) return
      raced = true
      await store.put(`${prefix}a`, utf8('theirs'))
    }
    await map.delete('a')
    expect(content()).toEqual({})
    expect(await store.get(`${prefix}a`)).toBeUndefined()
    store.report(...store.keptBack)
    await settle()
    expect(content()).toEqual({})
  })
})

describe('while the watch is broken', () => {
  const down = new TrustholdError('STORE_UNAVAILABLE', { operation: 'watch', reason: 'connection lost' })

  it('nothing can be read; afterwards all is as in the store', async () => {
    await store.put(`${prefix}stays`, utf8('1'))
    await store.put(`${prefix}goes`, utf8('1'))
    await store.put(`${prefix}changes`, utf8('1'))
    map = await open()
    await settle()
    store.listFailure = down
    store.breakWatch(down)
    await settle()
    for (const read of [() => map.get('stays'), () => map.names(), () => map.size, () => map.assertLive()]) {
      const error = thrownBy(read)
      expect([error.code, error.retryable]).toEqual(['STORE_UNAVAILABLE', true])
      expect(reasonOf(error)).toContain('connection lost')
    }
    store.lagging = true
    await store.delete(`${prefix}goes`)
    await store.put(`${prefix}changes`, utf8('2'))
    await store.put(`${prefix}comes`, utf8('1'))
    await retry()
    expect(thrownBy(() => map.get('goes')).code).toBe('STORE_UNAVAILABLE')
    store.listFailure = undefined
    await retry()
    expect(content()).toEqual({ changes: '2', comes: '1', stays: '1' })
    expect(followed).toContainEqual(['goes', undefined])
    expect(followed.filter(([name]) => name === 'stays')).toHaveLength(1)
  })

  it.each<[string, () => void]>([
    ['ends without an error', () => store.endWatch()],
    [
      'fails with STORE_COMPACTED',
      () => store.breakWatch(new TrustholdError('STORE_COMPACTED', { after: '1', horizon: '2' })),
    ],
    ['fails with something untyped', () => store.breakWatch(new Error('socket'))],
    ['fails without a message', () => store.breakWatch(new Error(''))],
  ])('that it %s is noticed and mended', async (_, breakIt) => {
    map = await open()
    await settle()
    breakIt()
    await settle()
    expect(thrownBy(() => map.size).code).toBe('STORE_UNAVAILABLE')
    await retry()
    await store.put(`${prefix}a`, utf8('1'))
    await settle()
    expect(content()).toEqual({ a: '1' })
  })

  it('tries again after 100 ms, then more and more slowly', async () => {
    map = await open()
    await settle()
    let lists = 0
    store.beforeAnswer = () => undefined
    const list = store.list.bind(store)
    store.list = (...args) => {
      lists++
      return list(...args)
    }
    store.listFailure = down
    store.breakWatch(down)
    await settle()
    const waits: number[] = []
    for (let elapsed = 0, last = 0; elapsed < 20_000; elapsed += 100) {
      const before = lists
      await vi.advanceTimersByTimeAsync(100)
      if (lists > before) {
        waits.push(elapsed + 100 - last)
        last = elapsed + 100
      }
    }
    expect(waits.slice(0, 8)).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  })

  it('a damaged document keeps the map unreadable until it is replaced', async () => {
    map = await open()
    await map.create('a', '1')
    await store.put(`${prefix}a`, utf8('damaged'))
    await settle()
    expect(reasonOf(thrownBy(() => map.get('a')))).toContain('damaged')
    await retry()
    expect(thrownBy(() => map.get('a')).code).toBe('STORE_UNAVAILABLE')
    await store.put(`${prefix}a`, utf8('2'))
    await retry()
    expect(content()).toEqual({ a: '2' })
  })

  it('so does one that the follower refuses: what it holds must not stay behind', async () => {
    map = await open()
    await map.create('a', '1')
    refused = 'odd'
    await store.put(`${prefix}a`, utf8('odd'))
    await settle()
    for (let i = 0; i < 3; i++) {
      expect(reasonOf(thrownBy(() => map.get('a')))).toContain('cannot follow odd')
      await retry()
    }
    refused = undefined
    await retry()
    expect(content()).toEqual({ a: 'odd' })
    expect(followed.at(-1)).toEqual(['a', 'odd'])
  })

  it('a damaged document can be deleted', async () => {
    map = await open()
    await store.put(`${prefix}a`, utf8('damaged'))
    await settle()
    await map.delete('a')
    await retry()
    expect(content()).toEqual({})
  })

  it('a write whose answer comes after a load does not bring back what the load found deleted', async () => {
    map = await open()
    await settle()
    let answer: () => void = () => undefined
    store.beforeAnswer = (what) =>
      what === 'put' ? new Promise<void>((resolve) => (answer = resolve)) : undefined
    const writing = map.create('a', '1')
    await settle()
    store.beforeAnswer = () => undefined
    await store.delete(`${prefix}a`)
    store.breakWatch(down)
    store.lagging = true
    await retry()
    expect(content()).toEqual({})
    answer()
    await writing
    expect(content()).toEqual({})
  })

  it('a document made and deleted while all is loaded stays gone', async () => {
    map = await open()
    await settle()
    await store.put('unrelated', utf8('x'))
    let listed = false
    store.beforeAnswer = async (what) => {
      if (what !== 'list' || listed) return
      listed = true
      await map.create('a', '1')
      await map.delete('a')
    }
    store.lagging = true
    store.breakWatch(down)
    await retry()
    expect(listed).toBe(true)
    expect(content()).toEqual({})
    store.report(put('a', '1', 2n))
    await settle()
    expect(content()).toEqual({})
  })
})

describe('a store that goes back', () => {
  it('as after a restored backup, is not taken over: what was taken back must not return', async () => {
    map = await open()
    await map.create('a', '1')
    const restore = store.backup()
    await map.delete('a')
    await settle()
    restore()
    store.breakWatch(new Error('restarted'))
    await retry()
    const error = thrownBy(() => map.get('a'))
    expect(error.code).toBe('STORE_UNAVAILABLE')
    expect(reasonOf(error)).toContain('went back from revision 2 to 1')
    await map.close()
    map = await open()
    expect(content()).toEqual({ a: '1' })
  })
})

describe('close', () => {
  it('ends reading', async () => {
    map = await open()
    await map.create('a', '1')
    await map.close()
    await map.close()
    expect(thrownBy(() => map.get('a')).code).toBe('STORE_CLOSED')
  })

  it('ends also while the watch is broken, without waiting for the next attempt', async () => {
    map = await open()
    await settle()
    store.listFailure = new Error('down')
    store.breakWatch(new Error('down'))
    await settle()
    await map.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends also while a load is failing', async () => {
    map = await open()
    await settle()
    let closing: Promise<void> | undefined
    store.beforeAnswer = (what) => {
      if (what !== 'list') return
      closing = map.close()
      throw new Error('down')
    }
    store.breakWatch(new Error('down'))
    await vi.advanceTimersByTimeAsync(100)
    await closing
    expect(vi.getTimerCount()).toBe(0)
  })
})
