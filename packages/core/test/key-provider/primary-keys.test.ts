import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TrustholdError } from '../../src/errors/index.js'
import { PrimaryKeys } from '../../src/key-provider/primary-keys.js'
import type { PrimaryKeyInfo } from '../../src/ports/index.js'
import { reasonOf, rejectionOf } from '../jose/thrown.js'
import { type FakeClock, fakeClock } from '../token/fixtures.js'
import { type FakeKeyServer, fakeKeyServer } from './fixtures.js'

const lifetimeMs = 60_000
let server: FakeKeyServer
let clock: FakeClock
let keys: PrimaryKeys
const firstByte = (key: Uint8Array) => key[0]

beforeEach(() => {
  vi.useFakeTimers()
  server = fakeKeyServer()
  server.add('one')
  clock = fakeClock()
  keys = new PrimaryKeys({ provider: 'finance', keyServer: server, clock, lifetimeMs })
})
afterEach(async () => {
  await keys.close()
  expect(server.lent.every(({ wiped }) => wiped)).toBe(true)
  vi.useRealTimers()
})

describe('a primary key', () => {
  it('is fetched once and kept', async () => {
    for (let i = 0; i < 3; i++) expect(await keys.use('one', 'wrap', firstByte)).toBe(1)
    expect(server.calls).toEqual(['describe one', 'get one'])
  })

  it('is fetched once for all that ask at the same time', async () => {
    const used = await Promise.all(Array.from({ length: 20 }, () => keys.use('one', 'unwrap', firstByte)))
    expect(new Set(used)).toEqual(new Set([1]))
    expect(server.calls).toEqual(['describe one', 'get one'])
  })

  it('is kept until the millisecond at which its time ends, then asked for anew, state included', async () => {
    await keys.use('one', 'wrap', firstByte)
    clock.time += lifetimeMs - 1
    await keys.use('one', 'wrap', firstByte)
    expect(server.calls).toHaveLength(2)
    clock.time += 1
    server.add('one', { state: 'compromised' })
    expect((await rejectionOf(keys.use('one', 'wrap', firstByte))).code).toBe('PROVIDER_UNUSABLE')
    expect(server.calls).toEqual(['describe one', 'get one', 'describe one'])
    expect(server.lent[0]?.wiped).toBe(true)
  })

  it('lives no longer when the clock is set back', async () => {
    await keys.use('one', 'wrap', firstByte)
    clock.time -= 86_400_000
    server.add('one', { state: 'compromised' })
    expect((await rejectionOf(keys.use('one', 'wrap', firstByte))).code).toBe('PROVIDER_UNUSABLE')
  })

  it("that the key server describes by nonsense is the provider's trouble, not the request's", async () => {
    server.describe = () =>
      Promise.reject(new TrustholdError('CODEC_VALUE', { path: 'x', offset: 0, expected: 'a', actual: 'b' }))
    expect((await rejectionOf(keys.use('one', 'wrap', firstByte))).code).toBe('PROVIDER_UNUSABLE')
  })

  it('is wiped when its time has ended, also when nobody asks for it', async () => {
    await keys.use('one', 'wrap', firstByte)
    clock.time += lifetimeMs
    expect(server.lent[0]?.wiped).toBe(false)
    await vi.advanceTimersByTimeAsync(lifetimeMs)
    expect(server.lent[0]?.wiped).toBe(true)
  })

  it('is wiped when it is closed', async () => {
    await keys.use('one', 'wrap', firstByte)
    await keys.close()
    expect(server.lent[0]?.wiped).toBe(true)
    expect(server.closed).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not kept apart from its bytes: what a function throws comes through, and the key stays', async () => {
    await expect(
      keys.use('one', 'wrap', () => {
        throw new RangeError('x')
      }),
    ).rejects.toThrow(RangeError)
    expect(await keys.use('one', 'wrap', firstByte)).toBe(1)
    expect(server.calls).toHaveLength(2)
  })

  it('is not another', async () => {
    server.add('two')
    const both = [keys.use('one', 'wrap', firstByte), keys.use('two', 'wrap', firstByte)]
    expect(await Promise.all(both)).toEqual([1, 2])
    for (const id of ['__proto__', 'constructor', 'One', 'one ', '']) {
      expect((await rejectionOf(keys.use(id, 'unwrap', firstByte))).code).toBe('KMIP_RESULT')
    }
  })
})

describe('states', () => {
  const table: [PrimaryKeyInfo['state'], boolean, boolean][] = [
    ['pre-active', false, false],
    ['active', true, true],
    ['deactivated', false, true],
    ['compromised', false, false],
    ['destroyed', false, false],
    ['destroyed-compromised', false, false],
  ]
  it.each(table)('%s: wraps %s, unwraps %s', async (state, wraps, unwraps) => {
    server.add('one', { state })
    for (const [use, allowed] of [
      ['wrap', wraps],
      ['unwrap', unwraps],
      ['wrap', wraps],
    ] as const) {
      const used = keys.use('one', use, firstByte)
      if (allowed) expect(await used).toBeTypeOf('number')
      else
        expect((await rejectionOf(used)).context).toMatchObject({
          provider: 'finance',
          reason: expect.stringContaining(state),
        })
    }
    // A key that nothing may be done with is never fetched.
    expect(server.calls.includes('get one')).toBe(unwraps)
  })

  it.each<[string, Partial<PrimaryKeyInfo>]>([
    ['AES-128', { length: 128 }],
    ['AES-192', { length: 192 }],
    ['another algorithm', { algorithm: '3DES' }],
    ['a cipher in another spelling', { algorithm: 'aes' }],
    ['RSA', { algorithm: 'RSA', length: 256 }],
  ])('%s is never fetched', async (_, change) => {
    server.add('one', change)
    expect(reasonOf(await rejectionOf(keys.use('one', 'unwrap', firstByte)))).toContain('expected AES-256')
    expect(server.calls).toEqual(['describe one'])
  })

  it.each<[string, Partial<PrimaryKeyInfo>, boolean, boolean]>([
    ['for wrapping', { usage: ['wrap-key', 'unwrap-key'] }, true, true],
    ['for encryption', { usage: ['encrypt', 'decrypt'] }, true, true],
    ['for opening only', { usage: ['decrypt'] }, false, true],
    ['for closing only', { usage: ['encrypt', 'wrap-key'] }, false, false],
    ['for nothing', { usage: [] }, false, false],
    ['that may not leave', { extractable: false }, false, false],
    ['that may leave', { extractable: true }, true, true],
  ])('a key %s: wraps %s', async (_, change, wraps, unwraps) => {
    server.add('one', change)
    for (const [use, allowed] of [
      ['wrap', wraps],
      ['unwrap', unwraps],
    ] as const) {
      const used = keys.use('one', use, firstByte)
      if (allowed) expect(await used).toBeTypeOf('number')
      else expect((await rejectionOf(used)).code).toBe('PROVIDER_UNUSABLE')
    }
    expect(server.calls.includes('get one')).toBe(unwraps)
  })

  it.each([0, 16, 31, 33, 64])(
    'a key of %i bytes is wiped and refused, whatever was said of it',
    async (length) => {
      server.add('one', {}, new Uint8Array(length).fill(1))
      expect(reasonOf(await rejectionOf(keys.use('one', 'wrap', firstByte)))).toContain(
        `has ${length} bytes, expected 32`,
      )
      expect(server.lent[0]?.wiped).toBe(true)
    },
  )
})

describe('a key server that fails', () => {
  const down = new TrustholdError('TRANSPORT_FAILED', {
    endpoint: 'kms1',
    phase: 'connect',
    reason: 'refused',
  })

  it('fails all that wait, and is asked again by the next', async () => {
    server.failure = down
    const waiting = await Promise.allSettled([1, 2, 3].map(() => keys.use('one', 'wrap', firstByte)))
    expect(waiting.map((one) => one.status === 'rejected' && one.reason)).toEqual([down, down, down])
    expect(server.calls).toEqual(['describe one'])
    server.failure = undefined
    expect(await keys.use('one', 'wrap', firstByte)).toBe(1)
  })

  it('does not matter while a key is kept, and does afterwards', async () => {
    await keys.use('one', 'wrap', firstByte)
    server.failure = down
    expect(await keys.use('one', 'wrap', firstByte)).toBe(1)
    clock.time += lifetimeMs
    expect((await rejectionOf(keys.use('one', 'wrap', firstByte))).code).toBe('TRANSPORT_FAILED')
  })
})

describe('close', () => {
  it('wins against a fetch that is under way: the key is wiped and not lent', async () => {
    let open: () => void = () => undefined
    server.gate = new Promise((resolve) => (open = resolve))
    const using = keys.use('one', 'wrap', firstByte)
    await keys.close()
    open()
    const error = await rejectionOf(using)
    expect([error.code, reasonOf(error)]).toEqual(['PROVIDER_UNUSABLE', 'it was closed'])
    expect(server.lent.every(({ wiped }) => wiped)).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves nothing that could be used, and asks the server for nothing more', async () => {
    await keys.use('one', 'wrap', firstByte)
    await keys.close()
    const calls = server.calls.length
    expect(reasonOf(await rejectionOf(keys.use('one', 'wrap', firstByte)))).toBe('it was closed')
    expect(server.calls).toHaveLength(calls)
  })
})
