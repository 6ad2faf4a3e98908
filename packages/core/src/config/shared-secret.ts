import { SecretBytes } from '../bytes/index.js'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import type { ConfigStore } from '../ports/index.js'

/**
 * A secret that all nodes on one store share: the first to ask makes it, all others find it.
 * @param key where it is stored
 * @param make a fresh value; called at most once per call
 * @throws STORE_CORRUPT when what is stored is empty
 */
export async function shareSecret(
  store: ConfigStore,
  key: string,
  make: () => SecretBytes,
): Promise<SecretBytes> {
  const existing = await store.get(key)
  if (existing !== undefined) return takeStored(key, existing.value)
  const fresh = make()
  try {
    await fresh.use((bytes) => store.put(key, bytes, { ifRevision: 0n }))
    return fresh
  } catch (error) {
    fresh.wipe()
    if (!isTrustholdError(error, 'STORE_CONFLICT')) throw error
  }
  const winner = await store.get(key)
  if (winner === undefined) throw new TrustholdError('STORE_CORRUPT', { key, reason: 'it was deleted' })
  return takeStored(key, winner.value)
}

function takeStored(key: string, value: Uint8Array): SecretBytes {
  if (value.length === 0) throw new TrustholdError('STORE_CORRUPT', { key, reason: 'it is empty' })
  return SecretBytes.take(value)
}
