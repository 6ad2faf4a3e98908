import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { SecretBytes } from '../../src/bytes/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import type { KeyServer, KeyServerCallOptions, PrimaryKeyInfo } from '../../src/ports/index.js'
import { keyServerContract } from '../../src/testing/key-server.contract.js'

const endpoint = 'memory'

interface Held {
  readonly info: PrimaryKeyInfo
  readonly bytes: Uint8Array
}

type Calls = Omit<KeyServer, 'close'>

/** A key server that keeps the contract, in memory, to be broken below. */
function createKeyServer(held: Map<string, Held>, deny?: () => TrustholdError): KeyServer {
  const names = new Set<string>()
  let closed = false

  /** Answers a little later, unless the call ends before. */
  const answer = async <T>(options: KeyServerCallOptions | undefined, work: () => T): Promise<T> => {
    const checkEnd = (): void => {
      if (closed) throw new TrustholdError('TRANSPORT_CLOSED', { endpoint })
      if (options?.signal?.aborted) throw new TrustholdError('TRANSPORT_ABORTED', { endpoint })
    }
    checkEnd()
    await new Promise((resolve) => setImmediate(resolve))
    checkEnd()
    if (deny) throw deny()
    return work()
  }

  const find = (id: string): Held => {
    const found = held.get(id)
    if (found) return found
    const context = { operation: 'Get', status: 'OperationFailed', reason: 'ItemNotFound' }
    throw new TrustholdError('KMIP_RESULT', { ...context, kind: 'notFound' })
  }

  return {
    describe: (id, options) => answer(options, () => find(id).info),
    get: (id, options) => answer(options, () => SecretBytes.from(find(id).bytes)),
    create: (name, options) =>
      answer(options, () => {
        if (names.has(name)) throw new TrustholdError('ALREADY_EXISTS', { kind: 'primary key', name })
        names.add(name)
        const info: PrimaryKeyInfo = { id: randomUUID(), state: 'active', algorithm: 'AES', length: 256 }
        held.set(info.id, { info, bytes: new Uint8Array(randomBytes(32)) })
        return info
      }),
    check: (options) => answer(options, () => undefined),
    async close() {
      closed = true
    },
  }
}

type Case = readonly [name: string, run: () => Promise<void>]

/** The suite's cases for a key server that is built from the good one. */
function casesOf(
  change: (good: KeyServer, held: Map<string, Held>) => Partial<KeyServer> = () => ({}),
): Case[] {
  const cases: Case[] = []
  const refusal = { operation: 'Locate', status: 'OperationFailed', reason: 'PermissionDenied' } as const
  const build = (deny?: () => TrustholdError) => {
    const held = new Map<string, Held>()
    const good = createKeyServer(held, deny)
    const keyServer: KeyServer = { ...good, ...change(good, held) }
    return { keyServer, held, uniqueName: randomUUID, unknownId: 'nobody', close: () => good.close() }
  }
  keyServerContract((name, run) => cases.push([name, run]), {
    create: async () => build(),
    async deactivate({ held }, id) {
      const { info, bytes } = held.get(id) as Held
      held.set(id, { info: { ...info, state: 'deactivated' }, bytes })
    },
    unreachable: async () =>
      build(() => new TrustholdError('TRANSPORT_FAILED', { endpoint, phase: 'connect', reason: 'refused' }))
        .keyServer,
    refused: async () =>
      build(() => new TrustholdError('KMIP_RESULT', { ...refusal, kind: 'authentication' })).keyServer,
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

const zeros = new Uint8Array(32)

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
        const context = { operation: 'Get', status: 'OperationFailed', reason: 'PermissionDenied' }
        throw new TrustholdError('KMIP_RESULT', { ...context, kind: 'denied' })
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
      const context = { operation: 'Get', status: 'OperationFailed', reason: 'PermissionDenied' }
      throw new TrustholdError('KMIP_RESULT', { ...context, kind: 'state' })
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
  'fails its check': () => ({
    check: async () => {
      throw new TrustholdError('TRANSPORT_FAILED', { endpoint, phase: 'connect', reason: 'refused' })
    },
  }),
  'checks nothing': () => ({ check: async () => undefined }),
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
