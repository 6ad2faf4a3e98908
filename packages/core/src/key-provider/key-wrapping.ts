import type { SecretBytes } from '../bytes/index.js'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import type { RandomSource } from '../ports/index.js'
import type { PrimaryKeys } from './primary-keys.js'
import type { RemotePrimaryKeys } from './remote-primary-keys.js'
import { unwrapKey, type WrappedKey, wrapKey, wrapKeyBy } from './wrapped-key.js'

/** Wraps and unwraps a provider's keys. What either way of it wraps, the other unwraps. */
export interface KeyWrapping {
  /** Makes sure that keys can be wrapped under a primary key. @throws as `wrap` */
  probe(primaryKeyId: string): Promise<void>
  /**
   * Wraps a key.
   * @returns the wrapped key's text
   * @throws PROVIDER_UNUSABLE, and what the key server throws
   */
  wrap(primaryKeyId: string, key: Uint8Array): Promise<string>
  /**
   * Opens a wrapped key. The caller wipes what comes back.
   * @throws WRAPPED_KEY_INVALID, PROVIDER_UNUSABLE, and what the key server throws
   */
  unwrap(wrapped: WrappedKey): Promise<SecretBytes>
}

/** Wraps with primary keys that are fetched. */
export function wrapLocally(provider: string, primaryKeys: PrimaryKeys, random: RandomSource): KeyWrapping {
  return {
    probe: (primaryKeyId) => primaryKeys.use(primaryKeyId, 'wrap', () => undefined),
    wrap: (primaryKeyId, key) =>
      primaryKeys.use(primaryKeyId, 'wrap', (primaryKey) =>
        wrapKey(primaryKey, { provider, primaryKeyId }, key, random),
      ),
    unwrap: (wrapped) =>
      primaryKeys.use(wrapped.primaryKeyId, 'unwrap', (primaryKey) => unwrapKey(primaryKey, wrapped)),
  }
}

const refuse = (cause?: unknown) =>
  new TrustholdError('WRAPPED_KEY_INVALID', { reason: 'it does not open' }, { cause })

/** The reason that KMIP servers give when a tag does not fit. */
function isForged(error: unknown): boolean {
  return isTrustholdError(error, 'KMIP_RESULT') && error.context.reason === 'CryptographicFailure'
}

/** Wraps with primary keys that stay in their key server. */
export function wrapRemotely(
  provider: string,
  primaryKeys: RemotePrimaryKeys,
  random: RandomSource,
): KeyWrapping {
  return {
    probe: (primaryKeyId) => primaryKeys.probe(primaryKeyId, random),
    wrap: (primaryKeyId, key) =>
      wrapKeyBy((data) => primaryKeys.wrap(primaryKeyId, key, data), { provider, primaryKeyId }),
    async unwrap({ primaryKeyId, jwe }) {
      if (jwe.ciphertext.length === 0) throw refuse()
      try {
        return await primaryKeys.unwrap(primaryKeyId, jwe, jwe.aad)
      } catch (error) {
        if (!isForged(error)) throw error
        throw refuse(error)
      }
    },
  }
}
