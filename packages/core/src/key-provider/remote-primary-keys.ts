import { concatBytes, equalBytes, type SecretBytes } from '../bytes/index.js'
import { describeError, isTrustholdError, TrustholdError } from '../errors/index.js'
import type { Clock, KeyServer, PrimaryKeyInfo, RandomSource, SealedBytes } from '../ports/index.js'
import { findKeyFault, type PrimaryKeyUse } from './primary-key-use.js'

/** Options of {@link RemotePrimaryKeys}. */
export interface RemotePrimaryKeysOptions {
  readonly provider: string
  readonly keyServer: Pick<KeyServer, 'describe' | 'abilities' | 'encrypt' | 'decrypt'>
  readonly clock: Clock
  /** How long what the key server says of a key is taken for true. */
  readonly lifetimeMs: number
}

interface KnownKey {
  readonly info: PrimaryKeyInfo
  readonly askedAt: number
}

/** The same bytes but for one bit. */
function flipFirst(bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(bytes)
  changed[0] = (changed[0] ?? 0) ^ 1
  return changed
}

/**
 * The primary keys of one provider where they are: the key server encrypts and decrypts with them, and they never leave
 * it. Before a key is used in earnest, the key server has to show that it refuses what was changed.
 */
export class RemotePrimaryKeys {
  readonly #options: RemotePrimaryKeysOptions
  readonly #known = new Map<string, KnownKey>()
  readonly #proven = new Set<string>()

  constructor(options: RemotePrimaryKeysOptions) {
    this.#options = options
  }

  /**
   * Makes sure that new keys can be wrapped under a primary key, and opened again.
   * @throws as {@link RemotePrimaryKeys.wrap}
   */
  async probe(id: string, random: RandomSource): Promise<void> {
    await this.#assertUsable(id, 'wrap')
    const { encrypt, decrypt } = await this.#ask(this.#options.keyServer.abilities(id))
    for (const ability of [encrypt, decrypt]) {
      if (!ability.able) throw this.#unusable(`its key server cannot encrypt safely: ${ability.reason}`)
    }
    await this.wrap(id, random.bytes(32), random.bytes(16))
  }

  /**
   * Encrypts a key.
   * @throws PROVIDER_UNUSABLE when the primary key does not allow it, or the key server does not decrypt what it
   *   encrypted or decrypts what was changed; and what the key server throws
   */
  async wrap(id: string, key: Uint8Array, additionalData: Uint8Array): Promise<SealedBytes> {
    await this.#assertUsable(id, 'wrap')
    const sealed = await this.#ask(this.#options.keyServer.encrypt(id, key, additionalData))
    if (this.#proven.has(id)) return sealed
    const opened = await this.#ask(this.#options.keyServer.decrypt(id, sealed, additionalData))
    try {
      const isSame = opened.use((bytes) => equalBytes(bytes, key))
      if (!isSame) throw this.#unusable('its key server decrypts to other bytes')
    } finally {
      opened.wipe()
    }
    await this.#prove(id, sealed, additionalData)
    return sealed
  }

  /** Decrypts a key. @throws as {@link RemotePrimaryKeys.wrap} */
  async unwrap(id: string, sealed: SealedBytes, additionalData: Uint8Array): Promise<SecretBytes> {
    await this.#assertUsable(id, 'unwrap')
    const key = await this.#ask(this.#options.keyServer.decrypt(id, sealed, additionalData))
    if (this.#proven.has(id)) return key
    try {
      await this.#prove(id, sealed, additionalData)
      return key
    } catch (error) {
      key.wipe()
      throw error
    }
  }

  /** Makes sure, with bytes that the key server has just decrypted, that it decrypts them only as they are. */
  async #prove(id: string, sealed: SealedBytes, additionalData: Uint8Array): Promise<void> {
    const otherData = concatBytes(additionalData, Uint8Array.of(0))
    await this.#assertRefused(id, { ...sealed, tag: flipFirst(sealed.tag) }, additionalData)
    await this.#assertRefused(id, { ...sealed, ciphertext: flipFirst(sealed.ciphertext) }, additionalData)
    await this.#assertRefused(id, sealed, otherData)
    this.#proven.add(id)
  }

  async #assertRefused(id: string, changed: SealedBytes, additionalData: Uint8Array): Promise<void> {
    try {
      const opened = await this.#options.keyServer.decrypt(id, changed, additionalData)
      opened.wipe()
    } catch (error) {
      // An answer that does not pass by itself is a refusal; that there was none, such as after a time-out, is not.
      if (isTrustholdError(error, 'KMIP_RESULT') && !error.retryable) return
      throw error
    }
    throw this.#unusable('its key server decrypts what was changed')
  }

  async #assertUsable(id: string, use: PrimaryKeyUse): Promise<void> {
    const fault = findKeyFault(await this.#describe(id), use, 'remote')
    if (fault !== undefined) throw this.#unusable(fault)
  }

  async #describe(id: string): Promise<PrimaryKeyInfo> {
    const { clock, lifetimeMs, keyServer } = this.#options
    const known = this.#known.get(id)
    const age = known === undefined ? -1 : clock.now() - known.askedAt
    if (known !== undefined && age >= 0 && age < lifetimeMs) return known.info
    const askedAt = clock.now()
    const info = await this.#ask(keyServer.describe(id))
    this.#known.set(id, { info, askedAt })
    return info
  }

  /** Whatever is wrong with a key server's answer is no fault of the request that led to it. */
  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (isTrustholdError(error) && /^(?:KMIP|TRANSPORT)_/.test(error.code)) throw error
      throw this.#unusable(`its key server: ${describeError(error)}`, error)
    }
  }

  #unusable(reason: string, cause?: unknown): TrustholdError<'PROVIDER_UNUSABLE'> {
    const { provider } = this.#options
    return new TrustholdError('PROVIDER_UNUSABLE', { provider, reason }, { cause })
  }
}
