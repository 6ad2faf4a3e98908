import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { fromHex, SecretBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { ConfigStore } from '@trusthold/core/ports'
import { openSqlite } from '@trusthold/storage-adapter'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSealer } from '../../src/server/objects/sealing.js'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities, testKey } from './embedded.js'
import { connectRaw } from './raw-client.js'
import type { ProcessOptions } from './server-process.js'
import { attr, named, type Payload, requestFrame, talk } from './talker.js'

let identities: TestIdentities
let directory: string
beforeAll(async () => {
  identities = await createIdentities()
  directory = await mkdtemp(join(tmpdir(), 'trusthold-kmip-server-'))
})
afterAll(async () => {
  await identities.remove()
  await rm(directory, { recursive: true, force: true })
})

const materialOf = (got: Payload): string => {
  const { keyBlock } = got['symmetricKey'] as { keyBlock: { keyValue: { keyMaterial: SecretBytes } } }
  return Buffer.from(keyBlock.keyValue.keyMaterial.copy()).toString('hex')
}

async function entries(store: ConfigStore, prefix = ''): Promise<{ key: string; value: Uint8Array }[]> {
  return [...(await store.list(prefix, { limit: 1_000 })).entries]
}

/** A key with bytes that can be looked for. */
const marked = fromHex('a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90')
const markedBytes = Buffer.from(marked)
const registration = (...attributes: object[]) => ({
  objectType: 'SymmetricKey',
  attributes: [attr('CryptographicUsageMask', 0xc), ...attributes],
  symmetricKey: {
    keyBlock: {
      keyFormatType: 'Raw',
      keyValue: { keyMaterial: SecretBytes.from(marked) },
      cryptographicAlgorithm: 'AES',
      cryptographicLength: 256,
    },
  },
})

describe('a store', () => {
  test('outlives the server: objects, states and names are there again', async () => {
    const store = openMemory().config
    let id: string
    {
      await using first = await startEmbedded(identities, { store })
      await using talker = await talk(first, identities, '2.1')
      id = await talker.createKey(named('lasting'), attr('Comment', 'kept'))
      await talker.ask('Activate', { uniqueIdentifier: id })
    }
    await using second = await startEmbedded(identities, { store })
    await using talker = await talk(second, identities, '2.1')
    expect((await talker.ask('Locate', { attributes: [named('lasting')] }))['uniqueIdentifier']).toEqual([id])
    expect(await talker.refused('Activate', { uniqueIdentifier: id })).toBe('WrongKeyLifecycleState')
    await expect(talker.createKey(named('lasting'))).rejects.toThrow('NonUniqueNameAttribute')
    expect(materialOf(await talker.ask('Get', { uniqueIdentifier: id }))).toHaveLength(64)
  })

  test('holds nothing in the clear, and nothing at all of a key that was destroyed', async () => {
    const store = openMemory().config
    await using embedded = await startEmbedded(identities, { store })
    await using talker = await talk(embedded, identities, '2.1')
    const mark = 'a-name-to-look-for'
    const { uniqueIdentifier } = await talker.ask(
      'Register',
      registration(named(mark), attr('Comment', mark)),
    )
    for (const { key, value } of await entries(store)) {
      const all = Buffer.concat([Buffer.from(key), value])
      expect(all.includes(markedBytes)).toBe(false)
      expect(all.includes(mark)).toBe(false)
      expect(key).toMatch(/^kmip\/(?:key-check|owners\/[0-9a-f]{32}\/(?:objects|names)\/[0-9a-f-]+)$/)
    }
    const live = await entries(store, 'kmip/owners/')
    expect(new Set(live.map(({ key }) => key.split('/')[3]))).toEqual(new Set(['names', 'objects']))
    const opened = live.map(({ key, value }) => open(key, value))
    expect(opened.some((plain) => plain.includes(markedBytes))).toBe(true)
    await talker.ask('Destroy', { uniqueIdentifier })
    const left = await entries(store, 'kmip/owners/')
    expect(left.map(({ key }) => key.split('/')[3])).toEqual(['destroyed'])
    for (const { key, value } of left) expect(open(key, value).includes(markedBytes)).toBe(false)
  })

  const random = { bytes: (length: number) => new Uint8Array(length) }
  const open = (place: string, sealed: Uint8Array): Buffer =>
    Buffer.from(createSealer(SecretBytes.from(testKey), random).open(place, sealed))

  test('opens with its own key-encryption key only', async () => {
    const store = openMemory().config
    await using first = await startEmbedded(identities, { store })
    const other = new Uint8Array(32).fill(8)
    await expect(startEmbedded(identities, { store, keyEncryptionKey: other })).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      context: { name: 'keyEncryptionKey' },
    })
    await first.server.close()
    await using again = await startEmbedded(identities, {
      store,
      keyEncryptionKey: SecretBytes.from(testKey),
    })
    expect(again.port).toBeGreaterThan(0)
  })

  test('whose records were changed, or moved to another object, is not believed, and clients learn nothing of it', async () => {
    const errors: unknown[] = []
    const store = openMemory().config
    await using embedded = await startEmbedded(identities, { store, onError: (error) => errors.push(error) })
    await using talker = await talk(embedded, identities, '2.1')
    const [first, second] = [await talker.createKey(), await talker.createKey()]
    const objects = await entries(store, 'kmip/owners/')
    const at = (id: string) =>
      objects.find(({ key }) => key.endsWith(id)) as { key: string; value: Uint8Array }
    const refuses = async (id: string) => {
      expect(await talker.refused('Get', { uniqueIdentifier: id })).toBe('InternalServerError')
      expect(errors.pop()).toMatchObject({ code: 'STORE_CORRUPT' })
    }
    const flipped = at(first).value.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
    for (const value of [at(second).value, flipped, at(first).value.subarray(0, 20), new Uint8Array()]) {
      await store.put(at(first).key, value)
      await refuses(first)
    }
    await store.put(
      at(first).key,
      at(first).value.map((byte, i) => (i === 0 ? 2 : byte)),
    )
    await refuses(first)
    await talker.ask('Get', { uniqueIdentifier: second })
    await store.put(at(first).key, at(first).value)
    await talker.ask('Get', { uniqueIdentifier: first })
  })

  test('that fails is told to nobody but the operator', async () => {
    const errors: unknown[] = []
    const { config } = openMemory()
    let fails = false
    const store: ConfigStore = {
      ...config,
      get: (key) =>
        fails
          ? Promise.reject(
              new TrustholdError('STORE_UNAVAILABLE', { operation: 'get', reason: 'secret place' }),
            )
          : config.get(key),
    }
    await using embedded = await startEmbedded(identities, { store, onError: (error) => errors.push(error) })
    await using client = await connectRaw(embedded.port, identities.client, identities.authority.certificate)
    fails = true
    const frame = requestFrame('1.4', [{ operation: 'Get', payload: { uniqueIdentifier: 'any' } }])
    const { batchItem } = await client.exchange(frame)
    expect(batchItem).toMatchObject([
      { operation: 'Get', resultReason: 'GeneralFailure', resultMessage: 'the server failed' },
    ])
    expect(errors).toMatchObject([{ code: 'STORE_UNAVAILABLE' }])
  })
})

describe('several servers', () => {
  test('of one store serve the same objects, each what the others did', async () => {
    const store = openMemory().config
    await using a = await startEmbedded(identities, { store })
    await using b = await startEmbedded(identities, { store })
    await using left = await talk(a, identities, '2.1')
    await using right = await talk(b, identities, '2.1')
    const id = await left.createKey(named('shared'))
    await right.ask('Get', { uniqueIdentifier: id })
    await left.ask('Activate', { uniqueIdentifier: id })
    expect(await right.refused('Activate', { uniqueIdentifier: id })).toBe('WrongKeyLifecycleState')
    await right.ask('Revoke', {
      uniqueIdentifier: id,
      revocationReason: { revocationReasonCode: 'Superseded' },
    })
    await left.ask('Destroy', { uniqueIdentifier: id })
    expect(await right.refused('Get', { uniqueIdentifier: id })).toBe('ObjectDestroyed')
    const tries = await Promise.allSettled([
      left.createKey(named('shared')),
      right.createKey(named('shared')),
    ])
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('with prefixes of their own see nothing of each other', async () => {
    const store = openMemory().config
    await using a = await startEmbedded(identities, { store, prefix: 'a/' })
    await using b = await startEmbedded(identities, {
      store,
      prefix: 'b/',
      keyEncryptionKey: new Uint8Array(32).fill(8),
    })
    await using left = await talk(a, identities)
    await using right = await talk(b, identities)
    const id = await left.createKey()
    expect(await right.refused('Get', { uniqueIdentifier: id })).toBe('ItemNotFound')
  })
})

describe('a server that has its store for itself', () => {
  async function counting(): Promise<{ embedded: Embedded; reads: () => number }> {
    const { config } = openMemory()
    let count = 0
    const store = {
      ...config,
      get(key: string) {
        count++
        return config.get(key)
      },
    }
    return { embedded: await startEmbedded(identities, { store, exclusive: true }), reads: () => count }
  }

  test('does not ask it for what it knows, and knows what it changed', async () => {
    const { embedded, reads } = await counting()
    await using talker = await talk(embedded, identities, '2.1')
    const id = await talker.createKey()
    const before = reads()
    for (let i = 0; i < 3; i++) await talker.ask('Get', { uniqueIdentifier: id })
    await talker.ask('Activate', { uniqueIdentifier: id })
    expect(await talker.refused('Activate', { uniqueIdentifier: id })).toBe('WrongKeyLifecycleState')
    expect(reads()).toBe(before)
    await talker.ask('Revoke', {
      uniqueIdentifier: id,
      revocationReason: { revocationReasonCode: 'Superseded' },
    })
    await talker.ask('Destroy', { uniqueIdentifier: id })
    expect(await talker.refused('Get', { uniqueIdentifier: id })).toBe('ObjectDestroyed')
    await embedded.server.close()
  })

  test('notices at its next change when that was not so', async () => {
    const store = openMemory().config
    await using mine = await startEmbedded(identities, { store, exclusive: true })
    await using theirs = await startEmbedded(identities, { store })
    await using talker = await talk(mine, identities, '2.1')
    await using other = await talk(theirs, identities, '2.1')
    const id = await talker.createKey()
    await other.ask('Activate', { uniqueIdentifier: id })
    expect(await talker.refused('Activate', { uniqueIdentifier: id })).toBe('WrongKeyLifecycleState')
  })
})

describe('kill -9', () => {
  async function startProcess(file: string) {
    const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
    const runner = here('../../../storage-adapter/test/processes/run-worker.mjs')
    const child = spawn(process.execPath, [runner, here('server-process.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const tls = {
      certificate: identities.server.certificate,
      privateKey: identities.server.privateKey,
      clientCertificates: [identities.authority.certificate],
    }
    const options: ProcessOptions = { file, keyEncryptionKey: [...testKey], tls }
    child.stdin.write(`${JSON.stringify(options)}\n`)
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const { port } = JSON.parse(line) as { port: number }
    return {
      port,
      async kill() {
        child.kill('SIGKILL')
        await once(child, 'close')
      },
    }
  }

  test('loses nothing that was answered, and leaves no key that was destroyed', async () => {
    const file = join(directory, 'killed.db')
    const first = await startProcess(file)
    await using talker = await talk(first, identities, '2.1')
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.push(await talker.createKey(named(`killed-${i}`)))
    const { uniqueIdentifier } = await talker.ask('Register', registration())
    await talker.ask('Destroy', { uniqueIdentifier })
    await talker.ask('Activate', { uniqueIdentifier: ids[0] })
    // Some of these are answered before it dies, and some are not.
    const racing = Array.from({ length: 3 }, async (_, i) => {
      const racer = await talk(first, identities, '2.1')
      const made: string[] = []
      for (let j = 0; ; j++) {
        const id = await racer.createKey(named(`racing-${i}-${j}`)).catch(() => undefined)
        if (id === undefined) return made
        made.push(id)
      }
    })
    while ((await talker.ask('Locate', {}))['locatedItems'] === ids.length);
    await first.kill()
    const answered = (await Promise.all(racing)).flat()

    const second = await startProcess(file)
    await using again = await talk(second, identities, '2.1')
    for (const id of [...ids, ...answered]) {
      expect(materialOf(await again.ask('Get', { uniqueIdentifier: id }))).toHaveLength(64)
    }
    expect(await again.refused('Activate', { uniqueIdentifier: ids[0] })).toBe('WrongKeyLifecycleState')
    expect(await again.refused('Get', { uniqueIdentifier })).toBe('ObjectDestroyed')
    await expect(again.createKey(named('killed-1'))).rejects.toThrow('NonUniqueNameAttribute')
    await again.createKey(named('racing-0-1000000'))
    await second.kill()
    const files = (await readdir(directory)).filter((name) => name.startsWith('killed.db'))
    for (const name of files) {
      expect((await readFile(join(directory, name))).includes(markedBytes)).toBe(false)
    }
    const storage = await openSqlite(file)
    const kinds = (await entries(storage.config, 'kmip/owners/')).map(({ key }) => key.split('/')[3])
    expect(kinds.filter((kind) => kind === 'destroyed')).toHaveLength(1)
    await storage.close()
  })
})
