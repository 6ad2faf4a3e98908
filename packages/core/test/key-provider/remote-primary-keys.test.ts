import { beforeEach, describe, expect, it } from 'vitest'
import { SecretBytes, utf8 } from '../../src/bytes/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { wrapLocally, wrapRemotely } from '../../src/key-provider/key-wrapping.js'
import { PrimaryKeys } from '../../src/key-provider/primary-keys.js'
import { RemotePrimaryKeys } from '../../src/key-provider/remote-primary-keys.js'
import { parseWrappedKey } from '../../src/key-provider/wrapped-key.js'
import type { KeyServer, PrimaryKeyInfo } from '../../src/ports/index.js'
import { systemRandom } from '../../src/ports/index.js'
import { reasonOf, rejectionOf } from '../jose/thrown.js'
import { type FakeClock, fakeClock } from '../token/fixtures.js'
import { type FakeKeyServer, fakeKeyServer, refusal } from './fixtures.js'

const lifetimeMs = 60_000
const data = utf8('header')
const key = new Uint8Array(32).fill(9)
let server: FakeKeyServer
let clock: FakeClock

beforeEach(() => {
  server = fakeKeyServer()
  server.add('one')
  clock = fakeClock()
})

const open = (change: Partial<KeyServer> = {}) => {
  const keyServer: KeyServer = { ...server, ...change }
  return new RemotePrimaryKeys({ provider: 'finance', keyServer, clock, lifetimeMs })
}
const copyOf = (secret: SecretBytes): Uint8Array => {
  const copy = secret.copy()
  secret.wipe()
  return copy
}
const allWiped = () => server.lent.every(({ wiped }) => wiped)

describe('a primary key in its key server', () => {
  it('wraps and unwraps, and is never fetched', async () => {
    const keys = open()
    const sealed = await keys.wrap('one', key, data)
    expect(copyOf(await keys.unwrap('one', sealed, data))).toEqual(key)
    expect(server.calls.some((call) => call.startsWith('get'))).toBe(false)
    expect(allWiped()).toBe(true)
  })

  it('proves itself once: what was changed is refused', async () => {
    const keys = open()
    await keys.wrap('one', key, data)
    const proof = ['decrypt one', 'decrypt one', 'decrypt one', 'decrypt one']
    expect(server.calls).toEqual(['describe one', 'encrypt one', ...proof])
    server.calls.length = 0
    const sealed = await keys.wrap('one', key, data)
    await keys.unwrap('one', sealed, data)
    expect(server.calls).toEqual(['encrypt one', 'decrypt one'])
    server.add('two')
    await keys.wrap('two', key, data)
    expect(server.calls.filter((call) => call === 'decrypt two')).toHaveLength(4)
  })

  it('proves itself by the first wrapped key that it opens, too', async () => {
    const sealed = await open().wrap('one', key, data)
    server.calls.length = 0
    expect(copyOf(await open().unwrap('one', sealed, data))).toEqual(key)
    expect(server.calls.filter((call) => call === 'decrypt one')).toHaveLength(4)
  })

  it('is asked for its state again when that is old, or the clock was set back', async () => {
    const keys = open()
    await keys.wrap('one', key, data)
    server.add('one', { state: 'compromised' })
    await keys.wrap('one', key, data).catch(() => undefined)
    for (const step of [lifetimeMs, -1]) {
      clock.time += step
      expect((await rejectionOf(keys.wrap('one', key, data))).code).toBe('PROVIDER_UNUSABLE')
    }
  })

  it.each<[string, Partial<PrimaryKeyInfo>, boolean, boolean]>([
    ['active', {}, true, true],
    ['deactivated', { state: 'deactivated' }, false, true],
    ['compromised', { state: 'compromised' }, false, false],
    ['not active yet', { state: 'pre-active' }, false, false],
    ['of another length', { length: 128 }, false, false],
    ['that may not leave', { extractable: false }, true, true],
    ['only for wrapping', { usage: ['wrap-key', 'unwrap-key'] }, false, false],
    ['only for decryption', { usage: ['decrypt'] }, false, true],
  ])('%s', async (_, change, wraps, unwraps) => {
    const sealed = await open().wrap('one', key, data)
    const { bytes } = server.keys.get('one') as { bytes: Uint8Array }
    server.add('one', change, bytes)
    const keys = open()
    const end = (promise: Promise<unknown>) =>
      promise.then(
        () => true,
        () => false,
      )
    expect([await end(keys.wrap('one', key, data)), await end(keys.unwrap('one', sealed, data))]).toEqual([
      wraps,
      unwraps,
    ])
  })
})

describe('a key server that', () => {
  const careless = (how: (sealed: Parameters<KeyServer['decrypt']>[1]) => boolean): Partial<KeyServer> => ({
    decrypt: (id, sealed, additionalData) =>
      server.decrypt(id, sealed, additionalData).catch((error: unknown) => {
        if (!how(sealed)) throw error
        const secret = SecretBytes.from(key)
        server.lent.push(secret)
        return secret
      }),
  })
  const withoutData: Partial<KeyServer> = {
    encrypt: (id, plaintext) => server.encrypt(id, plaintext, new Uint8Array()),
    decrypt: (id, sealed) => server.decrypt(id, sealed, new Uint8Array()),
  }

  it.each<[string, () => Partial<KeyServer>, RegExp]>([
    ['checks nothing', () => careless(() => true), /decrypts what was changed/],
    ['authenticates no additional data', () => withoutData, /decrypts what was changed/],
    [
      'decrypts to something else',
      () => ({ decrypt: async () => SecretBytes.take(new Uint8Array(32)) }),
      /decrypts to other bytes/,
    ],
  ])('%s is not used', async (_, change, reason) => {
    const error = await rejectionOf(open(change()).wrap('one', key, data))
    expect([error.code, reasonOf(error)]).toEqual(['PROVIDER_UNUSABLE', expect.stringMatching(reason)])
    expect(allWiped()).toBe(true)
  })

  it('opens what was changed gives no key away', async () => {
    const change = careless(() => true)
    const sealed = await open().wrap('one', key, data)
    const error = await rejectionOf(open(change).unwrap('one', sealed, data))
    expect(error.code).toBe('PROVIDER_UNUSABLE')
    expect(allWiped()).toBe(true)
  })

  it('does not answer while it is tried has proved nothing', async () => {
    let decryptions = 0
    const busy = refusal('decrypt', 'ServerLimitExceeded', 'transient')
    const change: Partial<KeyServer> = {
      decrypt: (id, sealed, additionalData) => {
        decryptions++
        return decryptions === 3 ? Promise.reject(busy) : server.decrypt(id, sealed, additionalData)
      },
    }
    const keys = open(change)
    expect(await rejectionOf(keys.wrap('one', key, data))).toBe(busy)
    await keys.wrap('one', key, data)
    expect(decryptions).toBe(7)
  })

  it("answers nonsense is the provider's trouble, not the request's", async () => {
    const nonsense: [unknown, string][] = [
      [
        new TrustholdError('CODEC_VALUE', { path: 'x', offset: 0, expected: 'a', actual: 'b' }),
        'PROVIDER_UNUSABLE',
      ],
      [new Error('broken'), 'PROVIDER_UNUSABLE'],
      [new TrustholdError('TRANSPORT_ABORTED', { endpoint: 'kms' }), 'TRANSPORT_ABORTED'],
      [refusal('encrypt', 'PermissionDenied', 'denied'), 'KMIP_RESULT'],
    ]
    for (const [error, code] of nonsense) {
      const encrypt = () => Promise.reject(error)
      expect((await rejectionOf(open({ encrypt }).wrap('one', key, data))).code).toBe(code)
    }
  })

  it('says that it cannot encrypt safely is not asked to', async () => {
    const no = { able: false, reason: 'it speaks KMIP 1.2' } as const
    const abilities = async () => ({ get: { able: true }, encrypt: no, decrypt: no }) as const
    const error = await rejectionOf(open({ abilities }).probe('one', systemRandom))
    expect([error.code, reasonOf(error)]).toEqual([
      'PROVIDER_UNUSABLE',
      expect.stringContaining('it speaks KMIP 1.2'),
    ])
    expect(server.calls).toEqual(['describe one'])
    await open().probe('one', systemRandom)
  })
})

describe('wrapped keys', () => {
  const both = () => {
    const local = new PrimaryKeys({ provider: 'finance', keyServer: server, clock, lifetimeMs })
    return {
      local: wrapLocally('finance', local, systemRandom),
      remote: wrapRemotely('finance', open(), systemRandom),
      close: () => local.close(),
    }
  }

  it('are the same, wherever they were wrapped', async () => {
    const { local, remote, close } = both()
    for (const [one, other] of [
      [local, remote],
      [remote, local],
    ] as const) {
      const wrapped = parseWrappedKey(await one.wrap('one', key))
      expect(wrapped).toMatchObject({ provider: 'finance', primaryKeyId: 'one' })
      expect(copyOf(await other.unwrap(wrapped))).toEqual(key)
    }
    await close()
  })

  it('that were changed are invalid, and no trouble of the key server', async () => {
    const { remote, close } = both()
    const wrapped = parseWrappedKey(await remote.wrap('one', key))
    const { jwe } = wrapped
    const ciphertext = jwe.ciphertext.map((byte, i) => (i === 0 ? byte ^ 1 : byte))
    for (const changed of [
      { ...jwe, ciphertext },
      { ...jwe, aad: utf8('other') },
    ]) {
      const error = await rejectionOf(remote.unwrap({ ...wrapped, jwe: changed }))
      expect(error.code).toBe('WRAPPED_KEY_INVALID')
    }
    server.calls.length = 0
    const empty = { ...wrapped, jwe: { ...jwe, ciphertext: new Uint8Array() } }
    expect((await rejectionOf(remote.unwrap(empty))).code).toBe('WRAPPED_KEY_INVALID')
    expect(server.calls).toEqual([])
    server.failure = refusal('decrypt', 'PermissionDenied', 'denied')
    expect(await rejectionOf(remote.unwrap(wrapped))).toBe(server.failure)
    await close()
  })
})
