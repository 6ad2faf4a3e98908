import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toBase64url, toHex } from '../../src/bytes/index.js'
import { isTrustholdError, TrustholdError } from '../../src/errors/index.js'
import { decryptWith } from '../../src/jose/index.js'
import { KeyProviderService, parseWrappedKey, wrapKey } from '../../src/key-provider/index.js'
import type { RandomSource } from '../../src/ports/index.js'
import { keyRequestDigest } from '../../src/protocol/index.js'
import {
  createProof,
  createTokenVerifier,
  type ProofTarget,
  tokenProfiles,
  tokenType,
} from '../../src/token/index.js'
import { checkOf, reasonOf, rejectionOf } from '../jose/thrown.js'
import {
  type FakeClock,
  fakeClock,
  goodClaims,
  group,
  issuer,
  makeKey,
  random,
  signJws,
} from '../token/fixtures.js'
import {
  canaryPem,
  type FakeKeyServer,
  type FakeStorage,
  fakeKeyServer,
  fakeStorage,
  keyServerConfig,
  wellNode,
} from './fixtures.js'

const signing = makeKey()
const host = makeKey()
const target = { method: 'POST', url: 'https://authority.example/api/esx/kms/key-operation' }
const down = new TrustholdError('STORE_UNAVAILABLE', { operation: 'append', reason: 'disk full' })

let server: FakeKeyServer
let storage: FakeStorage
let clock: FakeClock
let service: KeyProviderService
/** Every key that the service drew. */
let drawn: Uint8Array[]

const recording: RandomSource = {
  bytes(length) {
    const bytes = random.bytes(length)
    if (length > 12) drawn.push(Uint8Array.from(bytes))
    return bytes
  },
}
const tokenOf = (change: object = {}) =>
  signJws(
    signing.privateKey,
    { alg: 'ES256', typ: tokenType, kid: signing.thumbprint },
    { ...goodClaims(host.thumbprint), ...change },
  )
const credentials = (token = tokenOf(), key = host, at: ProofTarget | typeof target = target) => ({
  token,
  proof: createProof(key.privateKey, { ...at, token }, { clock, random }),
})
type Credentials = ReturnType<typeof credentials>
const generate = (change: object = {}, with_?: Credentials) => {
  const request = { provider: 'finance', length: 32, delivery: 'jwe' as const, ...change }
  const requestDigest = keyRequestDigest({ action: 'generate-key', ...request })
  const own = { ...target, token: '', requestDigest }
  return service.generateKey(with_ ?? credentials(undefined, undefined, own), target, request)
}
const decrypt = (wrapped: string, change: object = {}, with_?: Credentials) => {
  const request = { provider: 'finance', wrapped, delivery: 'jwe' as const, ...change }
  const requestDigest = keyRequestDigest({ action: 'decrypt', ...request })
  const own = { ...target, token: '', requestDigest }
  return service.decrypt(with_ ?? credentials(undefined, undefined, own), target, request)
}
const openDelivered = async (jwe: string, provider = 'finance') => {
  const header = { typ: 'trusthold-delivery', kid: host.thumbprint, provider, token: 'token-1' }
  return (await decryptWith(host.privateKey, jwe, header, 'key')).copy()
}
const records = () =>
  storage.records.map(
    ({ content }) => JSON.parse(new TextDecoder().decode(content)) as Record<string, unknown>,
  )
const lastRecord = () => records().at(-1)

beforeEach(async () => {
  drawn = []
  server = fakeKeyServer()
  server.add('key-1')
  server.add('key-2')
  storage = fakeStorage()
  clock = fakeClock()
  const jwk = { ...signing.jwk, kid: signing.thumbprint, alg: 'ES256', use: 'sig' } as const
  const tokens = createTokenVerifier({ issuer, group, keys: () => [jwk], clock })
  service = await KeyProviderService.open({
    storage,
    keyServer: () => server,
    tokens,
    clock,
    random: recording,
  })
  await service.providers.create({ name: 'finance', primaryKeyId: 'key-1', keyServer: keyServerConfig })
  await service.providers.create({
    name: 'open',
    primaryKeyId: 'key-2',
    keyServer: keyServerConfig,
    allowTlsDelivery: true,
  })
  server.calls.length = 0
})
afterEach(async () => {
  await service.close()
  expect(server.lent.every(({ wiped }) => wiped)).toBe(true)
})

describe('a key', () => {
  it.each([16, 32, 512])(
    'of %i bytes is made, wrapped, delivered, and comes back the same',
    async (length) => {
      const made = await generate({ length })
      if (made.key.delivery !== 'jwe') throw new Error('not jwe')
      const key = await openDelivered(made.key.jwe)
      expect(key).toHaveLength(length)
      expect(key).toEqual(drawn.at(-1))
      expect(parseWrappedKey(made.wrapped)).toMatchObject({ provider: 'finance', primaryKeyId: 'key-1' })
      const again = await decrypt(made.wrapped)
      if (again.delivery !== 'jwe') throw new Error('not jwe')
      expect(await openDelivered(again.jwe)).toEqual(key)
    },
  )

  it('is different every time', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => generate()))
    expect(new Set(made.map(({ wrapped }) => wrapped)).size).toBe(10)
    expect(new Set(drawn.map(toHex)).size).toBe(10)
  })

  it('travels bare where the provider allows it', async () => {
    const made = await generate({ provider: 'open', delivery: 'tls' })
    if (made.key.delivery !== 'tls') throw new Error('not tls')
    expect(made.key.plaintext).toEqual(drawn.at(-1))
    expect(await decrypt(made.wrapped, { provider: 'open', delivery: 'tls' })).toEqual(made.key)
  })

  it('is for the host alone: the delivery names token, host and provider', async () => {
    const made = await generate()
    if (made.key.delivery !== 'jwe') throw new Error('not jwe')
    const stranger = makeKey()
    await expect(decryptWith(stranger.privateKey, made.key.jwe, {}, 'key')).rejects.toMatchObject({
      code: 'JOSE_INVALID',
    })
    await expect(openDelivered(made.key.jwe, 'open')).rejects.toMatchObject({ code: 'JOSE_INVALID' })
  })

  it('wrapped before a rotation still opens; new ones are wrapped under the new primary key', async () => {
    const before = await generate()
    server.add('key-1', { state: 'deactivated' }, server.keys.get('key-1')?.bytes)
    await service.providers.rotate('finance', 'key-2')
    const after = await generate()
    expect(parseWrappedKey(after.wrapped).primaryKeyId).toBe('key-2')
    expect((await decrypt(before.wrapped)).delivery).toBe('jwe')
    expect((await decrypt(after.wrapped)).delivery).toBe('jwe')
  })
})

describe('the token comes before everything else', () => {
  /** Of the requests below. */
  const digestOf = (name: string) =>
    name === 'generateKey'
      ? keyRequestDigest({
          action: 'generate-key',
          ...({ provider: 'nobody', length: 0, delivery: 'tls' } as const),
        })
      : keyRequestDigest({ action: 'decrypt', provider: 'nobody', wrapped: 'garbage', delivery: 'tls' })
  const calls: [string, (c: ReturnType<typeof credentials>) => Promise<unknown>][] = [
    [
      'generateKey',
      (c) => service.generateKey(c, target, { provider: 'nobody', length: 0, delivery: 'tls' }),
    ],
    [
      'decrypt',
      (c) => service.decrypt(c, target, { provider: 'nobody', wrapped: 'garbage', delivery: 'tls' }),
    ],
  ]

  it.each(calls)(
    '%s refuses a bad token whatever else is wrong, and asks nothing of anyone',
    async (_, call) => {
      const bad: [string, string][] = [
        ['', 'token.format'],
        [tokenOf({ eat_profile: tokenProfiles.REPORTING_JWT }), 'token.profile'],
        [tokenOf({ aud: 'staging' }), 'token.audience'],
        [tokenOf({ exp: 1 }), 'token.time'],
        [
          signJws(
            host.privateKey,
            { alg: 'ES256', typ: tokenType, kid: signing.thumbprint },
            goodClaims(host.thumbprint),
          ),
          'token.signature',
        ],
      ]
      for (const [token, check] of bad) {
        const error = await rejectionOf(call({ token, proof: 'garbage' }))
        expect([error.code, checkOf(error)]).toEqual(['TOKEN_INVALID', check])
      }
      expect(server.calls).toEqual([])
      expect(storage.replay.claims.size).toBe(0)
    },
  )

  it.each(calls)('%s then refuses a bad proof', async (_, call) => {
    const token = tokenOf()
    const bad: [string, string][] = [
      ['', 'proof.format'],
      [credentials(token, makeKey()).proof, 'proof.key'],
      [credentials(token, host, { ...target, method: 'GET' }).proof, 'proof.target'],
      [credentials(token, host, { ...target, url: 'https://other.example/' }).proof, 'proof.target'],
      [credentials(tokenOf({ jti: 'other' })).proof, 'proof.token'],
    ]
    for (const [proof, check] of bad) {
      const error = await rejectionOf(call({ token, proof }))
      expect([error.code, checkOf(error)]).toEqual(['PROOF_INVALID', check])
    }
    expect(server.calls).toEqual([])
  })

  it.each(calls)('%s takes a proof once', async (name, call) => {
    const once = credentials(undefined, undefined, { ...target, token: '', requestDigest: digestOf(name) })
    expect((await rejectionOf(call(once))).code).toBe('PROVIDER_NOT_FOUND')
    expect(checkOf(await rejectionOf(call(once)))).toBe('proof.unused')
  })

  it.each(calls)('%s decides nothing when it cannot tell whether a proof was used', async (name, call) => {
    storage.replay.broken = true
    const own = credentials(undefined, undefined, { ...target, token: '', requestDigest: digestOf(name) })
    expect((await rejectionOf(call(own))).code).toBe('STORE_UNAVAILABLE')
    expect(server.calls).toEqual([])
  })
})

describe('refusals', () => {
  it.each([
    ['an unknown provider', { provider: 'marketing' }, 'PROVIDER_NOT_FOUND'],
    ['a provider in another case', { provider: 'Finance' }, 'PROVIDER_NOT_FOUND'],
    ['a provider by path', { provider: '../providers/finance' }, 'PROVIDER_NOT_FOUND'],
    ['an inherited name', { provider: 'constructor' }, 'PROVIDER_NOT_FOUND'],
    ['no provider', { provider: '' }, 'REQUEST_INVALID'],
    ['a name with a line feed', { provider: 'a\nb' }, 'REQUEST_INVALID'],
    ['bare delivery where it is not allowed', { delivery: 'tls' }, 'DELIVERY_REFUSED'],
  ])('%s', async (_, change, code) => {
    expect((await rejectionOf(generate(change))).code).toBe(code)
    expect((await rejectionOf(decrypt('garbage', change))).code).toBe(code)
    expect(server.calls).toEqual([])
    expect(drawn).toEqual([])
    expect(lastRecord()).toMatchObject({ outcome: 'refused', subject: 'ek:000b00', details: { code } })
  })

  it.each([15, 513, 0, -1, 16.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'a key of %d bytes',
    async (length) => {
      const error = await rejectionOf(generate({ length }))
      expect([error.code, error.context]).toMatchObject(['REQUEST_INVALID', { path: 'num_of_bytes' }])
      expect(drawn).toEqual([])
    },
  )

  it('a key that another provider wrapped, without opening it', async () => {
    const { wrapped } = await generate({ provider: 'open' })
    server.calls.length = 0
    const error = await rejectionOf(decrypt(wrapped))
    expect([error.code, reasonOf(error)]).toEqual([
      'WRAPPED_KEY_INVALID',
      'it was wrapped by another provider',
    ])
    expect(server.calls).toEqual([])
  })

  it('a key that says it is of this provider, wrapped under another\u2019s primary key', async () => {
    const bytes = server.keys.get('key-2')?.bytes as Uint8Array
    const forged = wrapKey(bytes, { provider: 'finance', primaryKeyId: 'key-1' }, new Uint8Array(32), random)
    expect((await rejectionOf(decrypt(forged))).code).toBe('WRAPPED_KEY_INVALID')
  })

  it('a key whose primary key the server does not know, or will not use', async () => {
    const under = (primaryKeyId: string) =>
      wrapKey(new Uint8Array(32), { provider: 'finance', primaryKeyId }, new Uint8Array(32), random)
    expect((await rejectionOf(decrypt(under('gone')))).code).toBe('WRAPPED_KEY_INVALID')
    server.add('stolen', { state: 'compromised' })
    expect((await rejectionOf(decrypt(under('stolen')))).code).toBe('WRAPPED_KEY_INVALID')
    expect(server.calls).not.toContain('describe stolen')
    expect(server.calls).not.toContain('get stolen')
  })

  it('new keys under a primary key that was deactivated', async () => {
    server.add('key-1', { state: 'deactivated' }, server.keys.get('key-1')?.bytes)
    expect((await rejectionOf(generate())).code).toBe('PROVIDER_UNUSABLE')
    // Outcome "failed": it is not the host that is to blame.
    expect(lastRecord()).toMatchObject({ action: 'key.generate', outcome: 'failed' })
  })

  it('all, while the configuration cannot be followed', async () => {
    storage.config.listFailure = down
    storage.config.breakWatch(down)
    await new Promise(setImmediate)
    expect((await rejectionOf(generate())).code).toBe('STORE_UNAVAILABLE')
    expect(service.health()).toHaveLength(1)
    expect(lastRecord()).toMatchObject({ outcome: 'failed', details: { code: 'STORE_UNAVAILABLE' } })
  })

  it('of a deleted provider at once', async () => {
    const { wrapped } = await generate()
    await service.providers.delete('finance')
    expect((await rejectionOf(decrypt(wrapped))).code).toBe('PROVIDER_NOT_FOUND')
    expect(server.lent.every(({ wiped }) => wiped)).toBe(true)
  })

  it('pass on what the key server said, and record a failure', async () => {
    server.failure = new TrustholdError('TRANSPORT_TIMEOUT', {
      endpoint: 'kms1',
      phase: 'read',
      milliseconds: 5,
    })
    expect((await rejectionOf(generate())).code).toBe('TRANSPORT_TIMEOUT')
    expect(lastRecord()).toMatchObject({ outcome: 'failed', details: { code: 'TRANSPORT_TIMEOUT' } })
  })
})

describe('the record', () => {
  it('is written before a key leaves, and says who, what and with which primary key', async () => {
    const { wrapped } = await generate()
    await decrypt(wrapped)
    const details = { token: 'token-1', delivery: 'jwe', provider: 'finance', primaryKey: 'key-1' }
    const time = new Date(clock.time).toISOString()
    expect(records()).toEqual([
      { time, action: 'key.generate', outcome: 'allowed', subject: 'ek:000b00', details },
      { time, action: 'key.decrypt', outcome: 'allowed', subject: 'ek:000b00', details },
    ])
  })

  it('failing, no key leaves', async () => {
    const { wrapped } = await generate()
    storage.auditFailure = down
    for (const call of [
      () => generate(),
      () => decrypt(wrapped),
      () => generate({ provider: 'open', delivery: 'tls' }),
    ]) {
      const error = await rejectionOf(call())
      expect(error === down).toBe(true)
      expect(error.cause).toBeUndefined()
    }
    expect(storage.records).toHaveLength(1)
  })

  it('failing for a refusal, the refusal is what is said, with the failure behind it', async () => {
    storage.auditFailure = down
    const error = await rejectionOf(generate({ provider: 'marketing' }))
    expect([error.code, error.cause]).toEqual(['PROVIDER_NOT_FOUND', down])
  })

  it('and every error hold no secret', async () => {
    const made = await generate({ provider: 'open', delivery: 'tls' })
    const delivered = await generate()
    const given = credentials()
    const errors: unknown[] = []
    const failing = [
      decrypt(`${made.wrapped}x`, { provider: 'open' }),
      decrypt(made.wrapped, {}, given),
      generate({ provider: 'marketing' }),
      service.providers.create({ name: 'finance', primaryKeyId: 'key-1', keyServer: keyServerConfig }),
      service.providers.create({ name: 'new', primaryKeyId: 'none', keyServer: keyServerConfig }),
      service.providers.create({ name: 'odd', primaryKeyId: '', keyServer: keyServerConfig }),
      service.providers.rotate('finance', 'none'),
    ]
    for (const outcome of await Promise.allSettled(failing)) {
      if (outcome.status === 'fulfilled') throw new Error('expected an error')
      errors.push(outcome.reason)
    }
    expect(errors.every((error) => isTrustholdError(error))).toBe(true)
    const described = errors.map((error) => {
      const { message, context, cause } = error as TrustholdError
      return [message, context, cause instanceof Error ? [cause.message, cause] : cause]
    })
    const said = JSON.stringify([
      records(),
      described,
      service.providers.list(),
      await service.providers.health('finance'),
      service.health(),
    ])
    const primary = [...server.keys.values()].map(({ bytes }) => bytes)
    const secrets = [...drawn, ...primary].flatMap((bytes) => [
      toHex(bytes),
      toBase64url(bytes),
      Buffer.from(bytes).toString('base64'),
    ])
    const texts = ['canary-private-key', canaryPem, given.token, given.proof, made.wrapped, delivered.wrapped]
    for (const secret of [...secrets, ...texts]) expect(said).not.toContain(secret)
  })
})

describe('providers', () => {
  it('are listed without what is secret', () => {
    const { servers } = keyServerConfig
    const common = { formerPrimaryKeyIds: [], primaryKeyMode: 'local', servers }
    expect(service.providers.list()).toEqual([
      { name: 'finance', primaryKeyId: 'key-1', allowTlsDelivery: false, ...common },
      { name: 'open', primaryKeyId: 'key-2', allowTlsDelivery: true, ...common },
    ])
  })

  it('are tried before they are stored', async () => {
    const before = storage.config.revision
    const create = (primaryKeyId: string, change: object = {}) =>
      rejectionOf(
        service.providers.create({ name: 'new', primaryKeyId, keyServer: { ...keyServerConfig, ...change } }),
      )
    expect((await create('none')).code).toBe('KMIP_RESULT')
    server.add('old', { state: 'deactivated' })
    expect((await create('old')).code).toBe('PROVIDER_UNUSABLE')
    expect((await create('key-1', { servers: [] })).code).toBe('REQUEST_INVALID')
    expect(
      (await rejectionOf(service.providers.create({ name: ' x', keyServer: keyServerConfig }))).code,
    ).toBe('REQUEST_INVALID')
    expect(storage.config.revision).toBe(before)
    expect(service.providers.has('new')).toBe(false)
  })

  it('of a name exist once, and no key is made for a second one', async () => {
    const error = await rejectionOf(service.providers.create({ name: 'finance', keyServer: keyServerConfig }))
    expect([error.code, server.calls]).toEqual(['ALREADY_EXISTS', []])
  })

  it('have their primary key made when none is named', async () => {
    const info = await service.providers.create({ name: 'fresh', keyServer: keyServerConfig })
    expect(info.primaryKeyId).toBe('made-trusthold-fresh')
    expect(server.calls[0]).toBe('create trusthold-fresh')
    expect((await generate({ provider: 'fresh' })).key.delivery).toBe('jwe')
  })

  it('rotate only to a key that can wrap', async () => {
    server.add('old', { state: 'deactivated' })
    expect((await rejectionOf(service.providers.rotate('finance', 'old'))).code).toBe('PROVIDER_UNUSABLE')
    expect((await rejectionOf(service.providers.rotate('finance', ''))).code).toBe('REQUEST_INVALID')
    expect((await rejectionOf(service.providers.rotate('none', 'key-1'))).code).toBe('PROVIDER_NOT_FOUND')
    expect(service.providers.list()[0]?.primaryKeyId).toBe('key-1')
  })

  it('tell how they and their key servers are', async () => {
    const health = (name = 'finance') => service.providers.health(name)
    expect(await health()).toEqual({ health: 'OK', details: [], servers: [wellNode] })
    const ending = { ...wellNode, health: 'WARNING', details: ['a certificate ends in 3 days'] } as const
    const down = { ...wellNode, name: 'b', health: 'ERROR', details: ['down', 'out'] } as const
    server.nodes = [wellNode, ending, down]
    expect(await health()).toEqual({
      health: 'WARNING',
      details: ['a: a certificate ends in 3 days', 'b: down', 'b: out'],
      servers: server.nodes,
    })
    server.nodes = [wellNode]
    server.add('key-1', { state: 'destroyed' })
    clock.time += 60_000
    expect(await health()).toMatchObject({ health: 'ERROR', servers: [wellNode] })
    server.failure = new Error('down')
    expect(await health()).toMatchObject({ health: 'ERROR', servers: [] })
    expect(await health('none')).toMatchObject({ health: 'ERROR', servers: [] })
  })

  it('follow the rotation of their primary key in the key server', async () => {
    const follow = () => service.providers.followRotation('finance')
    expect((await follow()).primaryKeyId).toBe('key-1')
    server.add('key-1', { replacedBy: 'key-3' })
    server.add('key-3', { replacedBy: 'key-4' })
    server.add('key-4')
    const old = await generate()
    expect(await follow()).toMatchObject({ primaryKeyId: 'key-4', formerPrimaryKeyIds: ['key-1'] })
    expect(parseWrappedKey((await generate()).wrapped).primaryKeyId).toBe('key-4')
    expect((await decrypt(old.wrapped)).delivery).toBe('jwe')
  })

  it.each([
    ['comes back', { 'key-1': 'key-3', 'key-3': 'key-1' }, 'PROVIDER_UNUSABLE'],
    ['names itself', { 'key-1': 'key-1' }, 'PROVIDER_UNUSABLE'],
    ['does not end', Object.fromEntries(Array.from({ length: 110 }, (_, i) => [`key-${i}`, `key-${i + 1}`]))],
    ['ends nowhere', { 'key-1': 'gone' }, 'KMIP_RESULT'],
  ])('do not follow a rotation that %s', async (_, replacements, code = 'PROVIDER_UNUSABLE') => {
    for (const [id, replacedBy] of Object.entries(replacements)) server.add(id, { replacedBy })
    expect((await rejectionOf(service.providers.followRotation('finance'))).code).toBe(code)
    expect(service.providers.list()[0]?.primaryKeyId).toBe('key-1')
  })

  it('do not follow a rotation to a key that cannot wrap', async () => {
    server.add('key-1', { replacedBy: 'key-3' })
    server.add('key-3', { state: 'pre-active' })
    expect((await rejectionOf(service.providers.followRotation('finance'))).code).toBe('PROVIDER_UNUSABLE')
    expect(service.providers.list()[0]?.primaryKeyId).toBe('key-1')
  })

  it('reach key servers by a proxy, and only those whose certificates are pinned', async () => {
    const proxy = { host: 'proxy.example', port: 3_128, username: 'us', password: 'canary-password' }
    const pinnedCertificates = ['ab'.repeat(32)]
    const credential = { username: 'us', password: 'canary-password' }
    const keyServer = { ...keyServerConfig, proxy, pinnedCertificates, credential }
    const create = (change: object) =>
      service.providers.create({ name: 'far', primaryKeyId: 'key-1', keyServer: { ...keyServer, ...change } })
    for (const wrong of [
      { proxy: { host: 'x' } },
      { proxy: { ...proxy, port: 0 } },
      { pinnedCertificates: ['a'] },
    ]) {
      expect((await rejectionOf(create(wrong))).code).toBe('REQUEST_INVALID')
    }
    expect(JSON.stringify(await create({}))).not.toContain('canary-password')
    expect(service.providers.get('far').config.keyServer).toEqual(keyServer)
  })

  it('can leave primary keys in their key server, also those that used them here before', async () => {
    server.add('fixed', { extractable: false })
    const create = (change: object) =>
      service.providers.create({ name: 'far', primaryKeyId: 'fixed', keyServer: keyServerConfig, ...change })
    expect((await rejectionOf(create({}))).code).toBe('PROVIDER_UNUSABLE')
    expect((await rejectionOf(create({ primaryKeyMode: 'elsewhere' }))).code).toBe('REQUEST_INVALID')
    expect((await create({ primaryKeyMode: 'remote' })).primaryKeyMode).toBe('remote')
    server.calls.length = 0
    const made = await generate({ provider: 'far' })
    const again = await decrypt(made.wrapped, { provider: 'far' })
    expect(server.calls.some((call) => call.startsWith('get'))).toBe(false)
    expect(server.calls).toContain('encrypt fixed')
    const [first, second] = await Promise.all(
      [made.key, again].map((delivered) => openDelivered((delivered as { readonly jwe: string }).jwe, 'far')),
    )
    expect(first).toEqual(second)
    expect((await service.providers.health('far')).health).toBe('OK')
  })

  it('that were stored before there was a choice fetch their primary keys', async () => {
    const stored = await storage.config.get('key-provider/providers/finance')
    const before = new TextDecoder().decode(stored?.value)
    const old = before.replace(/,?"primaryKeyMode":"local"/, '')
    expect(old).not.toBe(before)
    await storage.config.put('key-provider/providers/finance', new TextEncoder().encode(old))
    await new Promise(setImmediate)
    expect(service.providers.list()[0]?.primaryKeyMode).toBe('local')
    await generate()
    expect(server.calls).toContain('get key-1')
  })

  it('that another node deletes or changes are so here, too', async () => {
    await generate()
    const stored = await storage.config.get('key-provider/providers/finance')
    const changed = new TextDecoder().decode(stored?.value).replace('key-1', 'key-2')
    await storage.config.put('key-provider/providers/finance', new TextEncoder().encode(changed))
    await new Promise(setImmediate)
    expect(parseWrappedKey((await generate()).wrapped).primaryKeyId).toBe('key-2')
    await storage.config.delete('key-provider/providers/finance')
    await new Promise(setImmediate)
    expect((await rejectionOf(generate())).code).toBe('PROVIDER_NOT_FOUND')
  })
})

it.each([0, 0.5, -1, 3_601, Number.NaN, Number.POSITIVE_INFINITY])(
  'a primary key is not kept for %d seconds',
  async (seconds) => {
    const opening = KeyProviderService.open({
      storage,
      keyServer: () => server,
      tokens: { verify: () => goodClaims(host.thumbprint) },
      clock,
      random,
      primaryKeyLifetimeSeconds: seconds,
    })
    expect((await rejectionOf(opening)).code).toBe('CONFIGURATION_INVALID')
  },
)
