import { type SecretBytes, utf8 } from '../bytes/index.js'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import {
  directHeader,
  type JweHeader,
  joinDirect,
  openDirect,
  type ParsedJwe,
  parseDirect,
  type SealedParts,
  sealDirect,
} from '../jose/index.js'
import type { RandomSource } from '../ports/index.js'

const wrappedKeyType = 'trusthold-key'
const wrappedKeyVersion = 1
/** A key of 512 bytes, a provider's name of 128 characters and a primary key id of 256 fit. */
const maxWrappedLength = 4_096

/** A wrapped key, taken apart. Its names are authentic only once it has been opened. */
export interface WrappedKey {
  readonly provider: string
  readonly primaryKeyId: string
  readonly jwe: ParsedJwe
}

const refuse = (reason: string, cause?: unknown) =>
  new TrustholdError('WRAPPED_KEY_INVALID', { reason }, { cause })

/** What a wrapped key's header names. */
export interface WrappedKeyNames {
  readonly provider: string
  readonly primaryKeyId: string
}

function headerOf({ provider, primaryKeyId }: WrappedKeyNames): JweHeader {
  return { typ: wrappedKeyType, v: wrappedKeyVersion, provider, kid: primaryKeyId }
}

/**
 * Wraps a key under a primary key: a compact JWE, `dir` and `A256GCM`, whose protected header names format version,
 * provider and primary key. The result identifies the key; nothing else needs to be kept.
 * @param primaryKey 32 bytes
 */
export function wrapKey(
  primaryKey: Uint8Array,
  names: WrappedKeyNames,
  key: Uint8Array,
  random: RandomSource,
): string {
  return sealDirect(primaryKey, random.bytes(12), headerOf(names), key)
}

/**
 * Wraps a key as {@link wrapKey} does, by someone else who has the primary key.
 * @param encrypt encrypts the key with AES-256-GCM and the additional data that it is given
 */
export async function wrapKeyBy(
  encrypt: (additionalData: Uint8Array) => Promise<SealedParts>,
  names: WrappedKeyNames,
): Promise<string> {
  const header = directHeader(headerOf(names))
  return joinDirect(header, await encrypt(utf8(header)))
}

/**
 * Takes a wrapped key apart.
 * @throws WRAPPED_KEY_INVALID
 */
export function parseWrappedKey(wrapped: string): WrappedKey {
  const jwe = orRefuse(() => parseDirect(wrapped, 'wrapped key', maxWrappedLength))
  const { typ, v, provider, kid } = jwe.header
  if (typ !== wrappedKeyType) throw refuse('it is not a wrapped key')
  if (v !== wrappedKeyVersion) throw refuse(`expected format version ${wrappedKeyVersion}`)
  if (typeof provider !== 'string' || typeof kid !== 'string')
    throw refuse('it names no provider or primary key')
  return { provider, primaryKeyId: kid, jwe }
}

/**
 * Opens a wrapped key.
 * @throws WRAPPED_KEY_INVALID when it was wrapped under another key or changed
 */
export function unwrapKey(primaryKey: Uint8Array, wrapped: WrappedKey): SecretBytes {
  return orRefuse(() => openDirect(primaryKey, wrapped.jwe, 'wrapped key'))
}

function orRefuse<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (isTrustholdError(error, 'JOSE_INVALID')) throw refuse(error.context.reason, error)
    throw error
  }
}
