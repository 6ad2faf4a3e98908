import { describe, expect, it } from 'vitest'
import { createAuthority } from '../../src/authority/index.js'
import { utf8 } from '../../src/bytes/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { rejectionOf } from '../jose/thrown.js'
import { fakeKeyServer, fakeStorage, keyServerConfig } from '../key-provider/fixtures.js'
import { fakeClock, random } from '../token/fixtures.js'

const make = (change: object = {}, storage = fakeStorage()) => ({
  storage,
  options: {
    group: 'production',
    origins: ['https://a.example'],
    storage,
    keyServer: fakeKeyServer,
    clock: fakeClock(),
    random,
    ...change,
  },
})
const settle = () => new Promise(setImmediate)
const watched = async (storage: ReturnType<typeof fakeStorage>) => {
  await settle()
  return storage.config.watching
}

describe('createAuthority', () => {
  it('serves both services, and ends all that it began', async () => {
    const { storage, options } = make()
    const authority = await createAuthority(options)
    expect(await watched(storage)).toBe(5)
    const health = await authority.fetch(new Request('https://a.example/api/trusthold/health'))
    expect(await health.json()).toEqual({ health: 'OK', details: [] })
    const keys = (await (
      await authority.fetch(new Request('https://a.example/.well-known/jwks.json'))
    ).json()) as {
      keys: Record<string, unknown>[]
    }
    expect(keys.keys).toEqual(authority.attestation.publicKeys())
    expect(keys.keys[0]).not.toHaveProperty('d')
    await authority.close()
    await authority.close()
    expect(await watched(storage)).toBe(0)
  })

  it('shares its signing key with every node on the same storage', async () => {
    const storage = fakeStorage()
    const nodes = await Promise.all([1, 2, 3].map(() => createAuthority(make({}, storage).options)))
    const kids = nodes.map(({ attestation }) => attestation.publicKeys()[0]?.kid)
    expect(new Set(kids).size).toBe(1)
    await Promise.all(nodes.map((node) => node.close()))
  })

  it('makes a provider on one node known to the other', async () => {
    const storage = fakeStorage()
    const server = fakeKeyServer()
    const change = { keyServer: () => server }
    const [one, two] = await Promise.all([1, 2].map(() => createAuthority(make(change, storage).options)))
    await settle()
    await one?.keyProvider.providers.create({ name: 'finance', keyServer: keyServerConfig })
    await settle()
    expect(two?.keyProvider.providers.has('finance')).toBe(true)
    await Promise.all([one?.close(), two?.close()])
  })

  it.each<[string, object]>([
    ['an empty group', { group: '' }],
    ['an origin that is none', { origins: ['authority.example'] }],
    ['a lifetime of primary keys that is none', { primaryKeyLifetimeSeconds: 0 }],
    ['a lifetime of primary keys that is too long', { primaryKeyLifetimeSeconds: 3_601 }],
    ['a lifetime of challenges that is none', { challengeLifetimeSeconds: 0 }],
    ['a lifetime of challenges that is no number', { challengeLifetimeSeconds: Number.NaN }],
    ['a lifetime of challenges that is too long', { challengeLifetimeSeconds: 3_601 }],
    ['a lifetime of tokens that is not whole', { tokenLifetimeSeconds: 1.5 }],
    ['a lifetime of tokens that never ends', { tokenLifetimeSeconds: Number.POSITIVE_INFINITY }],
    ['a lifetime of tokens that is too long', { tokenLifetimeSeconds: 86_401 }],
  ])('refuses %s, and leaves nothing running', async (_, change) => {
    const { storage, options } = make(change)
    expect((await rejectionOf(createAuthority(options))).code).toBe('CONFIGURATION_INVALID')
    expect(await watched(storage)).toBe(0)
  })

  it.each(['ca-certificates/vendor', 'endorsement-keys/host', 'settings/tpm2', 'base-images/one'])(
    'fails on a damaged %s, and leaves nothing running',
    async (key) => {
      const { storage, options } = make()
      await storage.config.put(`attestation/${key}`, utf8('{}'))
      expect((await rejectionOf(createAuthority(options))).code).toMatch(
        /^(?:STORE_CORRUPT|BASE_IMAGE_INVALID)$/,
      )
      expect(await watched(storage)).toBe(0)
    },
  )

  it('fails on a damaged provider, and leaves nothing running', async () => {
    const { storage, options } = make()
    await storage.config.put('key-provider/providers/finance', utf8('{}'))
    expect((await rejectionOf(createAuthority(options))).code).toBe('STORE_CORRUPT')
    expect(await watched(storage)).toBe(0)
  })

  it('reports bad health while its configuration cannot be followed', async () => {
    const { storage, options } = make()
    const authority = await createAuthority(options)
    await settle()
    const down = new TrustholdError('STORE_UNAVAILABLE', { operation: 'watch', reason: 'at 10.0.0.5' })
    storage.config.listFailure = down
    storage.config.breakWatch(down)
    await settle()
    const response = await authority.fetch(new Request('https://a.example/api/trusthold/health'))
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('10.0.0.5')
    expect(authority.attestation.health()).toHaveLength(4)
    expect(authority.keyProvider.health()).toHaveLength(1)
    await authority.close()
  })
})
