import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { SecretBytes } from '../../src/bytes/index.js'
import { isTrustholdError, TrustholdError } from '../../src/errors/index.js'
import type {
  KeyServer,
  KeyServerCallOptions,
  KeyServerNodeHealth,
  PrimaryKeyAbilities,
  PrimaryKeyInfo,
  SealedBytes,
} from '../../src/ports/index.js'
import { keyServerContract } from '../../src/testing/key-server.contract.js'

const endpoint = 'memory:1'

interface Held {
  readonly info: PrimaryKeyInfo
  readonly bytes: Uint8Array
}

type Calls = Omit<KeyServer, 'close'>
type Kind = TrustholdError<'KMIP_RESULT'>['context']['kind']

const refusal = (kind: Kind): TrustholdError =>
  new TrustholdError('KMIP_RESULT', { operation: 'any', status: 'OperationFailed', reason: 'any', kind })

const well: KeyServerNodeHealth = {
  name: 'memory',
  endpoint,
  health: 'OK',
  details: [],
  clientTrustsServer: true,
  serverTrustsClient: true,
  version: '1.4',
  vendor: 'memory',
  latencyMilliseconds: 0,
  clientCertificateDays: 100,
  serverCertificateDays: 100,
}

function newHeld(): Held {
  const info: PrimaryKeyInfo = {
    id: randomUUID(),
    state: 'active',
    algorithm: 'AES',
    length: 256,
    usage: ['encrypt', 'decrypt', 'wrap-key', 'unwrap-key'],
  }
  return { info, bytes: new Uint8Array(randomBytes(32)) }
}

function requireLength(bytes: Uint8Array, least: number, most: number): void {
  if (bytes.length >= least && bytes.length <= most) return
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'bytes', reason: 'length' })
}

function seal({ info, bytes }: Held, plaintext: Uint8Array, data: Uint8Array): SealedBytes {
  requireLength(plaintext, 1, 4_096)
  if (info.state !== 'active') throw refusal('state')
  const iv = new Uint8Array(randomBytes(12))
  const cipher = createCipheriv('aes-256-gcm', bytes, iv).setAAD(data)
  const ciphertext = new Uint8Array(Buffer.concat([cipher.update(plaintext), cipher.final()]))
  return { iv, ciphertext, tag: new Uint8Array(cipher.getAuthTag()) }
}

function unseal({ bytes }: Held, { iv, ciphertext, tag }: SealedBytes, data: Uint8Array): SecretBytes {
  requireLength(iv, 12, 12)
  requireLength(tag, 16, 16)
  requireLength(ciphertext, 1, 4_096)
  const decipher = createDecipheriv('aes-256-gcm', bytes, iv).setAAD(data).setAuthTag(tag)
  const plaintext = decipher.update(ciphertext)
  try {
    decipher.final()
  } catch {
    throw refusal('other')
  }
  return SecretBytes.take(new Uint8Array(plaintext))
}

const able = { able: true } as const
const unable = { able: false, reason: 'the key is not active' } as const

function abilitiesOf({ state }: PrimaryKeyInfo): PrimaryKeyAbilities {
  return { get: able, encrypt: state === 'active' ? able : unable, decrypt: able }
}

/** What ails the key server under test; nothing when absent. */
interface Illness {
  error(): TrustholdError
  readonly health: Partial<KeyServerNodeHealth>
}

/** A key server that keeps the contract, in memory, to be broken below. */
function createKeyServer(held: Map<string, Held>, illness?: Illness): KeyServer {
  const names = new Set<string>()
  let closed = false

  /** Answers a little later, unless the call ends before. */
  const pass = async (options: KeyServerCallOptions | undefined): Promise<void> => {
    const checkEnd = (): void => {
      if (closed) throw new TrustholdError('TRANSPORT_CLOSED', { endpoint })
      if (options?.signal?.aborted) throw new TrustholdError('TRANSPORT_ABORTED', { endpoint })
    }
    checkEnd()
    await new Promise((resolve) => setImmediate(resolve))
    checkEnd()
  }
  const answer = async <T>(options: KeyServerCallOptions | undefined, work: () => T): Promise<T> => {
    await pass(options)
    if (illness) throw illness.error()
    return work()
  }

  const find = (id: string): Held => {
    const found = held.get(id)
    if (found) return found
    throw refusal('notFound')
  }

  return {
    describe: (id, options) => answer(options, () => find(id).info),
    abilities: (id, options) => answer(options, () => abilitiesOf(find(id).info)),
    get: (id, options) => answer(options, () => SecretBytes.from(find(id).bytes)),
    encrypt: (id, plaintext, data, options) => answer(options, () => seal(find(id), plaintext, data)),
    decrypt: (id, sealed, data, options) => answer(options, () => unseal(find(id), sealed, data)),
    create: (name, options) =>
      answer(options, () => {
        if (names.has(name)) throw new TrustholdError('ALREADY_EXISTS', { kind: 'primary key', name })
        names.add(name)
        const made = newHeld()
        held.set(made.info.id, made)
        return made.info
      }),
    async health(options) {
      await pass(options)
      if (!illness) return [well]
      return [{ name: 'memory', endpoint, health: 'ERROR', details: ['ill'], ...illness.health }]
    },
    async close() {
      closed = true
    },
  }
}

type Case = readonly [name: string, run: () => Promise<void>]

/** The suite's cases for a key server that is built from the good one. */
function casesOf(
  change: (good: KeyServer, held: Map<string, Held>) => Partial<KeyServer> = () => ({}),
  encrypts = true,
): Case[] {
  const cases: Case[] = []
  const build = (illness?: Illness) => {
    const held = new Map<string, Held>()
    const good = createKeyServer(held, illness)
    const keyServer: KeyServer = { ...good, ...change(good, held) }
    return { keyServer, held, uniqueName: randomUUID, unknownId: 'nobody', close: () => good.close() }
  }
  const unreached = new TrustholdError('TRANSPORT_FAILED', { endpoint, phase: 'connect', reason: 'refused' })
  keyServerContract((name, run) => cases.push([name, run]), {
    create: async () => build(),
    encrypts,
    async deactivate({ held }, id) {
      const { info, bytes } = held.get(id) as Held
      held.set(id, { info: { ...info, state: 'deactivated' }, bytes })
    },
    async replace({ held }, id) {
      const made = newHeld()
      held.set(made.info.id, made)
      const { info, bytes } = held.get(id) as Held
      held.set(id, { info: { ...info, replacedBy: made.info.id }, bytes })
      return made.info.id
    },
    unreachable: async () => build({ error: () => unreached, health: {} }).keyServer,
    refused: async () =>
      build({
        error: () => refusal('authentication'),
        health: { clientTrustsServer: true, serverTrustsClient: false },
      }).keyServer,
    patience: 500,
  })
  return cases
}

async function failuresOf(cases: readonly Case[]): Promise<string[]> {
  const ends = await Promise.all(
    cases.map(([name, run]) =>
      run().then(
        () => [],
        () => [name],
      ),
    ),
  )
  return ends.flat()
}

describe('the suite passes a key server that keeps the contract', () => {
  for (const [name, run] of casesOf()) test(name, run)
})

const unsealed = async (): Promise<never> => {
  throw refusal('unsupported')
}

/** A key server that keeps the contract without encryption. */
const withoutSealing = (good: KeyServer): Partial<KeyServer> => ({
  async abilities(id, options) {
    return { ...(await good.abilities(id, options)), encrypt: unable, decrypt: unable }
  },
  encrypt: (id, _, __, options) => good.get(id, options).then(unsealed),
  decrypt: (id, _, __, options) => good.get(id, options).then(unsealed),
})

describe('the suite passes a key server that does not encrypt', () => {
  for (const [name, run] of casesOf(withoutSealing, false)) test(name, run)
})

const zeros = new Uint8Array(32)
const noBytes = new Uint8Array()

/** Key servers with one fault each. */
const broken: Readonly<
  Record<string, (good: KeyServer, held: Map<string, Held>) => Partial<Calls> & Partial<KeyServer>>
> = {
  'returns zeros': () => ({ get: async () => SecretBytes.from(zeros) }),
  'returns half a key': (good) => ({
    get: async (id, options) => {
      const key = await good.get(id, options)
      return key.use((bytes) => SecretBytes.from(bytes.subarray(0, 16)))
    },
  }),
  'returns other bytes each time': () => ({
    get: async () => SecretBytes.take(new Uint8Array(randomBytes(32))),
  }),
  'lends one secret to all': (good) => {
    const lent = new Map<string, Promise<SecretBytes>>()
    return {
      get: (id, options) => {
        const key = lent.get(id) ?? good.get(id, options)
        lent.set(id, key)
        return key
      },
    }
  },
  'returns a key that shows': (good) => ({
    get: async (id, options) => {
      const bytes = (await good.get(id, options)).copy()
      const shown = {
        bytes,
        length: 32,
        use: <T>(fn: (lent: Uint8Array) => T) => fn(bytes),
        wipe: () => undefined,
      }
      return shown as unknown as SecretBytes
    },
  }),
  'does not activate': (good) => ({
    create: async (name, options) => ({ ...(await good.create(name, options)), state: 'pre-active' }),
  }),
  'makes short keys': (good) => ({
    create: async (name, options) => ({ ...(await good.create(name, options)), length: 128 }),
  }),
  'takes a name twice': (good) => ({ create: (_, options) => good.create(randomUUID(), options) }),
  'looks for the name and forgets the race': (good) => {
    const names = new Set<string>()
    return {
      create: async (name, options) => {
        if (names.has(name)) throw new TrustholdError('ALREADY_EXISTS', { kind: 'primary key', name })
        const made = await good.create(randomUUID(), options)
        names.add(name)
        return made
      },
    }
  },
  'replaces the key of a name that is taken': (good, held) => ({
    create: async (name, options) => {
      try {
        return await good.create(name, options)
      } catch (error) {
        for (const [id, { info }] of held) held.set(id, { info, bytes: new Uint8Array(randomBytes(32)) })
        throw error
      }
    },
  }),
  'ignores case and blanks of names': (good) => ({
    create: (name, options) => good.create(name.trim().toLowerCase(), options),
  }),
  'invents a key for an unknown id': (good) => ({
    get: (id, options) =>
      id === 'nobody' ? Promise.resolve(SecretBytes.from(zeros)) : good.get(id, options),
  }),
  'says denied for an unknown id': (good) => ({
    describe: (id, options) =>
      good.describe(id, options).catch((error: unknown) => {
        if (!(error instanceof TrustholdError) || error.code !== 'KMIP_RESULT') throw error
        throw refusal('denied')
      }),
  }),
  'swaps concurrent answers': (good) => {
    let last: Promise<SecretBytes> | undefined
    return {
      get: (id, options) => {
        const before = last
        last = good.get(id, options)
        last.catch(() => undefined)
        setImmediate(() => {
          last = undefined
        })
        return before ? before.then((key) => SecretBytes.take(key.copy())) : last
      },
    }
  },
  'hides keys that are out of use': (good) => ({
    get: async (id, options) => {
      const { state } = await good.describe(id, options)
      if (state === 'active') return await good.get(id, options)
      throw refusal('state')
    },
  }),
  'always says active': (good) => ({
    describe: async (id, options) => ({ ...(await good.describe(id, options)), state: 'active' }),
  }),
  'ignores the signal': (good) => ({ get: (id) => good.get(id) }),
  'never answers once aborted': (good) => ({
    get: (id, options) =>
      options?.signal ? new Promise<SecretBytes>(() => undefined) : good.get(id, options),
  }),
  'goes on after close': () => ({ close: async () => undefined }),
  'is ill without a reason': () => ({ health: async () => [{ ...well, health: 'ERROR' }] }),
  'is never ill': () => ({ health: async () => [well] }),
  'knows no server': () => ({ health: async () => [] }),
  'does not say that a certificate has ended': () => ({
    health: async () => [{ ...well, serverCertificateDays: -1 }],
  }),
  'throws its illness': (good) => ({
    async health(options) {
      await good.describe('nobody', options).catch((error: unknown) => {
        if (isTrustholdError(error, 'KMIP_RESULT') && error.context.kind === 'notFound') return
        throw error
      })
      return await good.health(options)
    },
  }),
  'says nothing of use': (good) => ({
    describe: async (id, options) => ({ ...(await good.describe(id, options)), usage: [] }),
    create: async (name, options) => ({ ...(await good.create(name, options)), usage: [] }),
  }),
  'forgets what replaced a key': (good) => ({
    async describe(id, options) {
      const { replacedBy: _, ...info } = await good.describe(id, options)
      return info
    },
  }),
  'says that it cannot encrypt': (good) => ({
    abilities: async (id, options) => ({ ...(await good.abilities(id, options)), encrypt: unable }),
  }),
  'says that every key can encrypt': (good) => ({
    abilities: async (id, options) => ({ ...(await good.abilities(id, options)), encrypt: able }),
  }),
  'encrypts with keys that are out of use': (good, held) => ({
    async encrypt(id, plaintext, data, options) {
      await good.describe(id, options)
      const { info, bytes } = held.get(id) as Held
      return seal({ info: { ...info, state: 'active' }, bytes }, plaintext, data)
    },
  }),
  'authenticates no additional data': (good) => ({
    encrypt: (id, plaintext, _, options) => good.encrypt(id, plaintext, noBytes, options),
    decrypt: (id, sealed, _, options) => good.decrypt(id, sealed, noBytes, options),
  }),
  'authenticates half of the additional data': (good) => ({
    encrypt: (id, plaintext, data, options) => good.encrypt(id, plaintext, data.subarray(0, 3), options),
    decrypt: (id, sealed, data, options) => good.decrypt(id, sealed, data.subarray(0, 3), options),
  }),
  'checks no tag': (good, held) => ({
    async decrypt(id, { iv, ciphertext, tag }, _, options) {
      requireLength(iv, 12, 12)
      requireLength(tag, 16, 16)
      requireLength(ciphertext, 1, 4_096)
      await good.describe(id, options)
      const decipher = createDecipheriv('aes-256-gcm', (held.get(id) as Held).bytes, iv)
      return SecretBytes.take(new Uint8Array(decipher.update(ciphertext)))
    },
  }),
  'takes short tags': (good, held) => ({
    async decrypt(id, sealed, data, options) {
      if (sealed.tag.length === 16) return await good.decrypt(id, sealed, data, options)
      const { bytes } = held.get(id) as Held
      const decipher = createDecipheriv('aes-256-gcm', bytes, sealed.iv).setAAD(data).setAuthTag(sealed.tag)
      return SecretBytes.take(new Uint8Array(decipher.update(sealed.ciphertext)))
    },
  }),
  'loses the tag': (good) => ({
    encrypt: async (id, plaintext, data, options) => ({
      ...(await good.encrypt(id, plaintext, data, options)),
      tag: noBytes,
    }),
  }),
  'encrypts with a key of its own': (good) => {
    const own = newHeld()
    return {
      encrypt: async (id, plaintext, data, options) => {
        const { state } = await good.describe(id, options)
        return seal({ info: { ...own.info, state }, bytes: own.bytes }, plaintext, data)
      },
      decrypt: async (id, sealed, data, options) => {
        await good.describe(id, options)
        return unseal(own, sealed, data)
      },
    }
  },
  'uses a vector twice': (good, held) => ({
    async encrypt(id, plaintext, data, options) {
      requireLength(plaintext, 1, 4_096)
      await good.encrypt(id, plaintext, data, options)
      const iv = new Uint8Array(12)
      const cipher = createCipheriv('aes-256-gcm', (held.get(id) as Held).bytes, iv).setAAD(data)
      const ciphertext = new Uint8Array(Buffer.concat([cipher.update(plaintext), cipher.final()]))
      return { iv, ciphertext, tag: new Uint8Array(cipher.getAuthTag()) }
    },
  }),
  'overwrites what it encrypts': (good) => ({
    async encrypt(id, plaintext, data, options) {
      const sealed = await good.encrypt(id, plaintext, data, options)
      plaintext.fill(0)
      return sealed
    },
  }),
  'encrypts anything': (good) => ({
    async encrypt(id, plaintext, data, options) {
      const sealed = await good.encrypt(id, plaintext.length > 0 ? plaintext : zeros, data, options)
      return sealed
    },
  }),
  'throws errors of no kind when it cannot reach the server': (good) => ({
    describe: async (id, options) => {
      try {
        return await good.describe(id, options)
      } catch (error) {
        if (error instanceof TrustholdError && error.code === 'TRANSPORT_FAILED')
          throw new Error('ECONNREFUSED')
        throw error
      }
    },
  }),
}

describe('the suite finds every fault', () => {
  test.each(Object.entries(broken))('%s', async (_, change) => {
    expect(await failuresOf(casesOf(change))).not.toEqual([])
  })
})

describe('the suite finds every fault of a key server that does not encrypt', () => {
  test.each(
    Object.entries<(good: KeyServer) => Partial<KeyServer>>({
      'says that it can': () => ({}),
      'says so, and encrypts': (good) => ({ abilities: withoutSealing(good).abilities ?? good.abilities }),
      'says not why': (good) => ({
        ...withoutSealing(good),
        abilities: async (id, options) => {
          const no = { able: false, reason: '' } as const
          return { ...(await good.abilities(id, options)), encrypt: no, decrypt: no }
        },
      }),
    }),
  )('%s', async (_, change) => {
    expect(await failuresOf(casesOf(change, false))).not.toEqual([])
  })
})
