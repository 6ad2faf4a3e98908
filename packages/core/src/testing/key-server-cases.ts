import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { isTrustholdError, type TrustholdError } from '../errors/index.js'
import type { KeyServer, KeyServerCallOptions, SealedBytes } from '../ports/index.js'
import { expectCode } from './expectations.js'
import type { KeyServerSubject } from './key-server.contract.js'

/** One case of the suite: its name and what it does with a fresh subject. */
export type KeyServerCase<S extends KeyServerSubject = KeyServerSubject> = readonly [
  name: string,
  run: (subject: S) => Promise<void>,
]

/** Has the form of what was encrypted, and was not. */
export const neverSealed: SealedBytes = {
  iv: new Uint8Array(12).fill(1),
  ciphertext: new Uint8Array(32).fill(2),
  tag: new Uint8Array(16).fill(3),
}

const plaintext = new Uint8Array(32).fill(7)
const noData = new Uint8Array()

/** The calls of a key server that have to do with a key, by name. */
export const keyCalls = (server: KeyServer, id: string, name: string) =>
  ({
    describe: (options?: KeyServerCallOptions) => server.describe(id, options),
    abilities: (options?: KeyServerCallOptions) => server.abilities(id, options),
    get: (options?: KeyServerCallOptions) => server.get(id, options),
    encrypt: (options?: KeyServerCallOptions) => server.encrypt(id, plaintext, noData, options),
    decrypt: (options?: KeyServerCallOptions) => server.decrypt(id, neverSealed, noData, options),
    create: (options?: KeyServerCallOptions) => server.create(name, options),
  }) as const

/** All calls of a key server that ask a server something, by name. */
export const allCalls = (server: KeyServer, id: string, name: string) =>
  ({
    ...keyCalls(server, id, name),
    health: (options?: KeyServerCallOptions) => server.health(options),
  }) as const

/** Lends a key's bytes, and wipes them. */
export async function useKey<T>(server: KeyServer, id: string, use: (bytes: Uint8Array) => T): Promise<T> {
  const key = await server.get(id)
  try {
    return key.use(use)
  } finally {
    key.wipe()
  }
}

/** A copy of a key's bytes. */
export const readKey = (server: KeyServer, id: string): Promise<Uint8Array> =>
  useKey(server, id, (bytes) => Uint8Array.from(bytes))

/** Fails unless the call is refused with KMIP_RESULT of that kind. */
export async function expectKind(kind: string, run: () => Promise<unknown>): Promise<void> {
  const error = await expectCode('KMIP_RESULT', run)
  assert.equal(error.context.kind, kind)
}

/** What a call that must not succeed failed with. */
export async function failureOf(what: string, run: () => Promise<unknown>): Promise<TrustholdError> {
  const error = await run().then(
    () => assert.fail(`${what} succeeded`),
    (reason: unknown) => reason,
  )
  assert.ok(isTrustholdError(error), `${what}: ${inspect(error)}`)
  return error
}
