import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { SecretBytes } from '../bytes/index.js'
import { isTrustholdError } from '../errors/index.js'
import type { KeyServer } from '../ports/index.js'
import type { TestRunner } from './contract.js'
import { expectCode, expectWithin } from './expectations.js'
import { allCalls, expectKind, type KeyServerCase, readKey } from './key-server-cases.js'
import { failingCases } from './key-server-failing.js'
import { outOfUseSealingCases, sealingCases, unsealingCases } from './key-server-sealing.js'

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
  /** Has the server replace a key by a new one (Re-key) and returns the new one's id; absent where nobody can. */
  replace?(subject: S, id: string): Promise<string>
  /** Whether the server encrypts safely with the keys that it makes. */
  encrypts: boolean
  /** A key server at an address where nothing listens. */
  unreachable(): Promise<KeyServer>
  /** A key server that is reached with credentials that it does not accept. */
  refused(): Promise<KeyServer>
  /** How long a call may take before the suite gives it up, in milliseconds; 20,000 by default. */
  patience?: number
}

const keyCases: readonly KeyServerCase[] = [
  [
    'a new key is an active AES key of 256 bits',
    async ({ keyServer, uniqueName }) => {
      const made = await keyServer.create(uniqueName())
      assert.notEqual(made.id, '')
      const { state, algorithm, length } = made
      assert.deepEqual({ state, algorithm, length }, { state: 'active', algorithm: 'AES', length: 256 })
      assert.deepEqual(await keyServer.describe(made.id), made)
    },
  ],
  [
    'a new key may be used for all that primary keys are for, may leave the server, and is replaced by none',
    async ({ keyServer, uniqueName }) => {
      const { id, usage, extractable, replacedBy } = await keyServer.create(uniqueName())
      assert.deepEqual([...usage].sort(), ['decrypt', 'encrypt', 'unwrap-key', 'wrap-key'])
      assert.notEqual(extractable, false)
      assert.equal(replacedBy, undefined)
      assert.deepEqual((await keyServer.abilities(id)).get, { able: true })
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
      await expectKind('notFound', () => keyServer.abilities(unknownId))
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
  [
    'a server that works is well: trust both ways, version, certificates that have not ended',
    async ({ keyServer }) => {
      const nodes = await keyServer.health()
      const well = nodes.filter(({ health }) => health !== 'ERROR')
      assert.ok(well.length > 0, inspect(nodes))
      for (const node of well) {
        assert.deepEqual([node.clientTrustsServer, node.serverTrustsClient], [true, true])
        assert.notEqual(node.name, '')
        assert.match(node.endpoint, /:\d+$/)
        assert.notEqual(node.version ?? '', '')
        assert.ok(node.latencyMilliseconds !== undefined && node.latencyMilliseconds >= 0)
        for (const days of [node.clientCertificateDays, node.serverCertificateDays]) {
          assert.ok(days !== undefined && days >= 0, inspect(node))
        }
        assert.equal(node.details.length > 0, node.health === 'WARNING')
      }
    },
  ],
]

const endingCases: readonly KeyServerCase[] = [
  [
    'an aborted call fails with TRANSPORT_ABORTED, before and while it runs; the next one is answered',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const key = await readKey(keyServer, id)
      for (const [name, call] of Object.entries(allCalls(keyServer, id, uniqueName()))) {
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
      for (const call of Object.values(allCalls(keyServer, id, uniqueName()))) {
        await expectCode('TRANSPORT_CLOSED', () => call())
      }
      await keyServer.close()
    },
  ],
  [
    'calls that run while it closes fail with TRANSPORT_CLOSED',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const running = Object.values(allCalls(keyServer, id, uniqueName())).map((call) => call())
      const ends = running.map((call) => expectCode('TRANSPORT_CLOSED', () => call))
      await keyServer.close()
      await Promise.all(ends)
    },
  ],
]

const deactivateCases = <S extends KeyServerSubject>(
  deactivate: (subject: S, id: string) => Promise<void>,
): readonly KeyServerCase<S>[] => [
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

const replaceCases = <S extends KeyServerSubject>(
  replace: (subject: S, id: string) => Promise<string>,
): readonly KeyServerCase<S>[] => [
  [
    'a key that was replaced names the one that replaces it, and both are returned',
    async (subject) => {
      const { keyServer, uniqueName } = subject
      const { id } = await keyServer.create(uniqueName())
      const before = await readKey(keyServer, id)
      const second = await replace(subject, id)
      const third = await replace(subject, second)
      assert.equal((await keyServer.describe(id)).replacedBy, second)
      assert.equal((await keyServer.describe(second)).replacedBy, third)
      assert.equal((await keyServer.describe(third)).replacedBy, undefined)
      assert.deepEqual(await readKey(keyServer, id), before)
      assert.notDeepEqual(await readKey(keyServer, third), before)
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
  const cases: readonly KeyServerCase<S>[] = [
    ...keyCases,
    ...endingCases,
    ...(options.encrypts ? sealingCases : unsealingCases),
    ...(options.deactivate ? deactivateCases(options.deactivate) : []),
    ...(options.deactivate && options.encrypts ? outOfUseSealingCases(options.deactivate) : []),
    ...(options.replace ? replaceCases(options.replace) : []),
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
