import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { SecretBytes } from '../bytes/index.js'
import { isTrustholdError } from '../errors/index.js'
import type { KeyServer, KeyServerCallOptions } from '../ports/index.js'
import type { TestRunner } from './contract.js'
import { expectCode, expectWithin } from './expectations.js'

/** What a suite works with. Subjects may share one server; names keep them apart. */
export interface KeyServerSubject {
  readonly keyServer: KeyServer
  /** A name that no key of the server has. */
  uniqueName(): string
  /** An id that no key of the server has, in the form that it gives to ids. */
  readonly unknownId: string
  /** Called once at the end of each test, also after the key server was closed. */
  close(): Promise<void>
}

/** What {@link keyServerContract} needs of an adapter. */
export interface KeyServerContractOptions<S extends KeyServerSubject> {
  create(): Promise<S>
  /** Takes a key out of use at the server, so that its state is `deactivated`; absent where nobody can. */
  deactivate?(subject: S, id: string): Promise<void>
  /** A key server at an address where nothing listens. */
  unreachable(): Promise<KeyServer>
  /** A key server that is reached with credentials that it does not accept. */
  refused(): Promise<KeyServer>
  /** How long a call may take before the suite gives it up, in milliseconds; 20,000 by default. */
  patience?: number
}

type Case<S> = readonly [name: string, run: (subject: S) => Promise<void>]

/** The calls of a key server that ask the server something, by name. */
const calls = (server: KeyServer, id: string, name: string) =>
  ({
    describe: (options?: KeyServerCallOptions) => server.describe(id, options),
    get: (options?: KeyServerCallOptions) => server.get(id, options),
    create: (options?: KeyServerCallOptions) => server.create(name, options),
    check: (options?: KeyServerCallOptions) => server.check(options),
  }) as const

async function useKey<T>(server: KeyServer, id: string, use: (bytes: Uint8Array) => T): Promise<T> {
  const key = await server.get(id)
  try {
    return key.use(use)
  } finally {
    key.wipe()
  }
}

const readKey = (server: KeyServer, id: string): Promise<Uint8Array> =>
  useKey(server, id, (bytes) => Uint8Array.from(bytes))

/** Fails unless the call is refused with KMIP_RESULT of that kind. */
async function expectKind(kind: string, run: () => Promise<unknown>): Promise<void> {
  const error = await expectCode('KMIP_RESULT', run)
  assert.equal(error.context.kind, kind)
}

/** Fails unless the call ends with one of the codes for transports. */
async function expectTransportError(what: string, run: () => Promise<unknown>): Promise<void> {
  const error = await run().then(
    () => assert.fail(`${what} succeeded`),
    (reason: unknown) => reason,
  )
  assert.ok(isTrustholdError(error) && error.code.startsWith('TRANSPORT_'), `${what}: ${inspect(error)}`)
}

const keyCases: readonly Case<KeyServerSubject>[] = [
  [
    'a new key is an active AES key of 256 bits',
    async ({ keyServer, uniqueName }) => {
      const made = await keyServer.create(uniqueName())
      assert.notEqual(made.id, '')
      assert.deepEqual({ ...made, id: '' }, { id: '', state: 'active', algorithm: 'AES', length: 256 })
      assert.deepEqual(await keyServer.describe(made.id), made)
    },
  ],
  [
    'a key has 32 bytes, the same each time',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const first = await readKey(keyServer, id)
      assert.equal(first.length, 32)
      assert.ok(first.some((byte) => byte !== 0))
      assert.deepEqual(await readKey(keyServer, id), first)
    },
  ],
  [
    'a key is a secret that does not show and that belongs to the caller',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const [first, second] = await Promise.all([keyServer.get(id), keyServer.get(id)])
      assert.ok(first instanceof SecretBytes)
      const hex = first.use((bytes) => Buffer.from(bytes).toString('hex'))
      assert.ok(!`${inspect(first)}${JSON.stringify(first)}${first}`.includes(hex))
      first.wipe()
      assert.equal(
        second.use((bytes) => Buffer.from(bytes).toString('hex')),
        hex,
      )
      second.wipe()
    },
  ],
  [
    'keys differ in id and bytes',
    async ({ keyServer, uniqueName }) => {
      const made = [await keyServer.create(uniqueName()), await keyServer.create(uniqueName())]
      assert.notEqual(made[0]?.id, made[1]?.id)
      const keys = await Promise.all(made.map(({ id }) => readKey(keyServer, id)))
      assert.notDeepEqual(keys[0], keys[1])
    },
  ],
  [
    'a name that is taken is refused, and its key stays as it was',
    async ({ keyServer, uniqueName }) => {
      const name = uniqueName()
      const { id } = await keyServer.create(name)
      const before = await readKey(keyServer, id)
      const error = await expectCode('ALREADY_EXISTS', () => keyServer.create(name))
      assert.equal(error.context.name, name)
      assert.deepEqual(await readKey(keyServer, id), before)
      assert.equal((await keyServer.describe(id)).state, 'active')
    },
  ],
  [
    'of concurrent creations with one name at most one succeeds',
    async ({ keyServer, uniqueName }) => {
      const name = uniqueName()
      const attempts = await Promise.allSettled(Array.from({ length: 4 }, () => keyServer.create(name)))
      const made = attempts.filter(({ status }) => status === 'fulfilled')
      assert.ok(made.length <= 1, `${made.length} succeeded`)
      for (const attempt of attempts) {
        if (attempt.status === 'rejected') assert.ok(isTrustholdError(attempt.reason, 'ALREADY_EXISTS'))
      }
    },
  ],
  [
    'names that are alike are told apart',
    async ({ keyServer, uniqueName }) => {
      const base = uniqueName()
      // ASCII only: PyKMIP, against which adapters are tested, cannot read other texts.
      const names = [base, `${base} `, ` ${base}`, `${base}%`, `${base}'"`, `${base}/..`, base.toUpperCase()]
      const ids = await Promise.all(names.map(async (name) => (await keyServer.create(name)).id))
      assert.equal(new Set(ids).size, names.length)
    },
  ],
  [
    'an id that the server does not know gives notFound',
    async ({ keyServer, unknownId }) => {
      await expectKind('notFound', () => keyServer.describe(unknownId))
      await expectKind('notFound', () => keyServer.get(unknownId))
    },
  ],
  [
    'concurrent calls get the answers to their own questions',
    async ({ keyServer, uniqueName }) => {
      const made = [await keyServer.create(uniqueName()), await keyServer.create(uniqueName())]
      const alone = await Promise.all(made.map(({ id }) => readKey(keyServer, id)))
      const mixed = await Promise.all(
        Array.from({ length: 24 }, async (_, i) => {
          const { id } = made[i % 2] as { id: string }
          assert.equal((await keyServer.describe(id)).id, id)
          return await readKey(keyServer, id)
        }),
      )
      mixed.forEach((key, i) => {
        assert.deepEqual(key, alone[i % 2])
      })
    },
  ],
  ['check passes', async ({ keyServer }) => keyServer.check()],
]

const endingCases: readonly Case<KeyServerSubject>[] = [
  [
    'an aborted call fails with TRANSPORT_ABORTED, before and while it runs; the next one is answered',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const key = await readKey(keyServer, id)
      for (const [name, call] of Object.entries(calls(keyServer, id, uniqueName()))) {
        await expectCode('TRANSPORT_ABORTED', () => call({ signal: AbortSignal.abort() }))
        const controller = new AbortController()
        const running = call({ signal: controller.signal })
        controller.abort()
        await assert.rejects(running, (error) => isTrustholdError(error, 'TRANSPORT_ABORTED'), name)
      }
      assert.deepEqual(await readKey(keyServer, id), key)
    },
  ],
  [
    'after close every call fails with TRANSPORT_CLOSED; close may be called again',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      await keyServer.close()
      for (const call of Object.values(calls(keyServer, id, uniqueName()))) {
        await expectCode('TRANSPORT_CLOSED', () => call())
      }
      await keyServer.close()
    },
  ],
  [
    'calls that run while it closes fail with TRANSPORT_CLOSED',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const running = Object.values(calls(keyServer, id, uniqueName())).map((call) => call())
      const ends = running.map((call) => expectCode('TRANSPORT_CLOSED', () => call))
      await keyServer.close()
      await Promise.all(ends)
    },
  ],
]

const deactivateCases = <S extends KeyServerSubject>(
  deactivate: (subject: S, id: string) => Promise<void>,
): readonly Case<S>[] => [
  [
    'a key that is out of use says so, and is returned all the same',
    async (subject) => {
      const { keyServer, uniqueName } = subject
      const { id } = await keyServer.create(uniqueName())
      const before = await readKey(keyServer, id)
      await deactivate(subject, id)
      assert.equal((await keyServer.describe(id)).state, 'deactivated')
      assert.deepEqual(await readKey(keyServer, id), before)
    },
  ],
]

/** Cases with key servers that cannot work, each closed at its end. */
const failingCases = <S extends KeyServerSubject>({
  unreachable,
  refused,
}: KeyServerContractOptions<S>): readonly Case<S>[] => [
  [
    'a server that cannot be reached gives a TRANSPORT code',
    async ({ unknownId, uniqueName }) => {
      const keyServer = await unreachable()
      try {
        for (const [name, call] of Object.entries(calls(keyServer, unknownId, uniqueName()))) {
          await expectTransportError(name, () => call())
        }
      } finally {
        await keyServer.close()
      }
    },
  ],
  [
    'credentials that are not accepted fail the check, and every other call',
    async ({ unknownId, uniqueName }) => {
      const keyServer = await refused()
      try {
        for (const [name, call] of Object.entries(calls(keyServer, unknownId, uniqueName()))) {
          const error = await call().then(
            () => assert.fail(`${name} succeeded`),
            (reason: unknown) => reason,
          )
          const isRefusal =
            isTrustholdError(error, 'KMIP_RESULT') &&
            (error.context.kind === 'authentication' || error.context.kind === 'denied')
          const isTransport = isTrustholdError(error, 'TRANSPORT_FAILED')
          assert.ok(isRefusal || isTransport, `${name}: ${inspect(error)}`)
        }
      } finally {
        await keyServer.close()
      }
    },
  ],
]

/**
 * Proves that an adapter keeps the contract of {@link KeyServer}.
 * @param test registers one test
 */
export function keyServerContract<S extends KeyServerSubject>(
  test: TestRunner,
  options: KeyServerContractOptions<S>,
): void {
  const cases: readonly Case<S>[] = [
    ...keyCases,
    ...endingCases,
    ...(options.deactivate ? deactivateCases(options.deactivate) : []),
    ...failingCases(options),
  ]
  for (const [name, run] of cases) {
    test(`KeyServer: ${name}`, async () => {
      const subject = await options.create()
      try {
        await expectWithin(options.patience ?? 20_000, name, run(subject))
      } finally {
        await subject.close()
      }
    })
  }
}
