import type { SecretBytes } from '../bytes/index.js'
import { describeError, isTrustholdError, TrustholdError } from '../errors/index.js'
import type { Clock, KeyServer, KeyServerNodeHealth, PrimaryKeyInfo } from '../ports/index.js'
import { findLatestKey } from './follow-rotation.js'
import { findKeyFault, type PrimaryKeyUse } from './primary-key-use.js'

interface CachedKey {
  readonly info: PrimaryKeyInfo
  readonly secret: SecretBytes
  /** When its state was asked, milliseconds since 1970. */
  readonly fetchedAt: number
}

/** Options of {@link PrimaryKeys}. */
export interface PrimaryKeysOptions {
  provider: string
  keyServer: KeyServer
  clock: Clock
  /** How long a key stays in memory after it was fetched; then its state is asked again as well. */
  lifetimeMs: number
}

/**
 * The primary keys of one provider, fetched from the key server when needed, kept for a short time and wiped.
 * Calls that come while a key is being fetched wait for that one fetch.
 */
export class PrimaryKeys {
  readonly #options: PrimaryKeysOptions
  readonly #cached = new Map<string, CachedKey>()
  readonly #fetching = new Map<string, Promise<CachedKey>>()
  #sweep: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: PrimaryKeysOptions) {
    this.#options = options
  }

  /**
   * Lends a primary key's bytes to a function.
   * @throws PROVIDER_UNUSABLE when its state, algorithm or length do not allow the use, and what the key server threw
   */
  async use<T>(id: string, use: PrimaryKeyUse, fn: (key: Uint8Array) => T): Promise<T> {
    const known = this.#fresh(id) ?? (await this.#fetch(id))
    this.#assertOpen()
    this.#assertUsable(known.info, use)
    return known.secret.use(fn)
  }

  /** The key that replaces this one by now, after any number of rotations; itself when none does. */
  latest(id: string): Promise<string> {
    this.#assertOpen()
    const { keyServer, provider } = this.#options
    return this.#ask(findLatestKey(keyServer, provider, id))
  }

  /** Tries every key server. */
  health(): Promise<readonly KeyServerNodeHealth[]> {
    return this.#options.keyServer.health()
  }

  /** Wipes all keys and closes the connection to the key server. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweep)
    for (const id of [...this.#cached.keys()]) this.#drop(id)
    await this.#options.keyServer.close()
  }

  #fresh(id: string): CachedKey | undefined {
    const known = this.#cached.get(id)
    if (known === undefined) return undefined
    const age = this.#options.clock.now() - known.fetchedAt
    // A clock that was set back must not make a key live longer.
    if (age >= 0 && age < this.#options.lifetimeMs) return known
    this.#drop(id)
    return undefined
  }

  #fetch(id: string): Promise<CachedKey> {
    const running = this.#fetching.get(id)
    if (running !== undefined) return running
    const fetching = this.#load(id).finally(() => this.#fetching.delete(id))
    this.#fetching.set(id, fetching)
    return fetching
  }

  async #load(id: string): Promise<CachedKey> {
    const { keyServer, clock, lifetimeMs } = this.#options
    this.#assertOpen()
    const fetchedAt = clock.now()
    const info = await this.#ask(keyServer.describe(id))
    // Never fetched for nothing: a key that no use is allowed for stays in the server.
    this.#assertUsable(info, 'unwrap')
    const secret = await this.#ask(keyServer.get(id))
    if (secret.length !== 32) {
      secret.wipe()
      throw this.#unusable(`primary key ${id} has ${secret.length} bytes, expected 32`)
    }
    const loaded = { info, secret, fetchedAt }
    if (this.#closed) secret.wipe()
    this.#assertOpen()
    this.#drop(id)
    this.#cached.set(id, loaded)
    this.#sweep ??= setInterval(() => this.#dropExpired(), lifetimeMs).unref()
    return loaded
  }

  /** Whatever is wrong with a key server's answer is no fault of the request that led to it. */
  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (isTrustholdError(error) && /^(?:KMIP_|TRANSPORT_|PROVIDER_UNUSABLE$)/.test(error.code)) throw error
      throw this.#unusable(`its key server: ${describeError(error)}`, error)
    }
  }

  #dropExpired(): void {
    for (const id of [...this.#cached.keys()]) this.#fresh(id)
  }

  #drop(id: string): void {
    this.#cached.get(id)?.secret.wipe()
    this.#cached.delete(id)
  }

  #assertOpen(): void {
    if (this.#closed) throw this.#unusable('it was closed')
  }

  #assertUsable(info: PrimaryKeyInfo, use: PrimaryKeyUse): void {
    const fault = findKeyFault(info, use, 'local')
    if (fault !== undefined) throw this.#unusable(fault)
  }

  #unusable(reason: string, cause?: unknown): TrustholdError<'PROVIDER_UNUSABLE'> {
    const { provider } = this.#options
    return new TrustholdError('PROVIDER_UNUSABLE', { provider, reason }, { cause })
  }
}
