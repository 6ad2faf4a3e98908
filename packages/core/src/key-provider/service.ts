import { type AuditLog, createAuditLog } from '../audit/index.js'
import { assertLifetime, assertName } from '../config/index.js'
import { describeError, type ErrorCode, isTrustholdError, TrustholdError } from '../errors/index.js'
import { type EcPublicJwk, encryptTo } from '../jose/index.js'
import type { Clock, KeyServerFactory, RandomSource, Storage } from '../ports/index.js'
import {
  type DecryptRequest,
  type DeliveredKey,
  type GeneratedKey,
  type GenerateKeyRequest,
  type KeyDelivery,
  type KeyRequestCredentials,
  keyRequestDigest,
} from '../protocol/index.js'
import { createProofVerifier, type TokenClaims, type TokenVerifier } from '../token/index.js'
import { type OpenProvider, Providers } from './providers.js'
import { parseWrappedKey } from './wrapped-key.js'

/** Where a request came in, as its proof of possession names it. */
export interface RequestTarget {
  readonly method: string
  readonly url: string
}

/** What a Key Provider Service needs. */
export interface KeyProviderOptions {
  storage: Storage
  keyServer: KeyServerFactory
  /** Verifies the tokens of the one Attestation Service group that is trusted. */
  tokens: TokenVerifier
  /**
   * Called with the claims of every token that verified: throws TOKEN_INVALID when what the token rests on was taken back
   * since it was issued. Left out where the Attestation Service runs elsewhere; tokens then hold until they end.
   */
  assertStillTrusted?: (claims: TokenClaims) => void
  clock: Clock
  random: RandomSource
  /** How long a primary key stays in memory after it was fetched, in seconds, 1 to 3,600; 60 by default. */
  primaryKeyLifetimeSeconds?: number
}

/** A host that has shown a valid token and holds the key that it is bound to. */
interface AuthorizedHost {
  readonly claims: TokenClaims
  readonly bindingKey: EcPublicJwk
}

/** Seconds. For this long a key that was taken back at the key server may still be used. */
const longestPrimaryKeyLifetime = 3_600

/** Errors that the host is to blame for. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'REQUEST_INVALID',
  'PROVIDER_NOT_FOUND',
  'DELIVERY_REFUSED',
  'WRAPPED_KEY_INVALID',
  'TOKEN_INVALID',
  'PROOF_INVALID',
])

const keyLengths = { least: 16, most: 512 } as const

/**
 * The Key Provider Service: the gatekeeper before the organisation's key servers. Every call verifies the caller's
 * token and proof anew, and no key leaves before its release is on record.
 */
export class KeyProviderService {
  /** The trusted key providers. */
  readonly providers: Providers
  readonly #options: KeyProviderOptions
  readonly #audit: AuditLog
  readonly #proofs: ReturnType<typeof createProofVerifier>

  private constructor(options: KeyProviderOptions, providers: Providers) {
    this.#options = options
    this.providers = providers
    this.#audit = createAuditLog(options.storage.audit, options.clock)
    this.#proofs = createProofVerifier({ replay: options.storage.replay, clock: options.clock })
  }

  /**
   * Loads the configuration.
   * @throws CONFIGURATION_INVALID, STORE_UNAVAILABLE, STORE_CORRUPT
   */
  static async open(options: KeyProviderOptions): Promise<KeyProviderService> {
    const { primaryKeyLifetimeSeconds = 60 } = options
    assertLifetime('primaryKeyLifetimeSeconds', primaryKeyLifetimeSeconds, longestPrimaryKeyLifetime)
    const providers = await Providers.open({
      config: options.storage.config,
      keyServer: options.keyServer,
      clock: options.clock,
      random: options.random,
      primaryKeyLifetimeMs: primaryKeyLifetimeSeconds * 1_000,
    })
    return new KeyProviderService(options, providers)
  }

  /**
   * Makes a key, wraps it under the provider's primary key and delivers both.
   * @throws TOKEN_INVALID, PROOF_INVALID, PROVIDER_NOT_FOUND, PROVIDER_UNUSABLE, DELIVERY_REFUSED, REQUEST_INVALID,
   *   STORE_UNAVAILABLE, and what the key server throws
   */
  async generateKey(
    credentials: KeyRequestCredentials,
    target: RequestTarget,
    request: GenerateKeyRequest,
  ): Promise<GeneratedKey> {
    const requestDigest = keyRequestDigest({ action: 'generate-key', ...request })
    const host = await this.#authorize('key.generate', credentials, { ...target, requestDigest })
    return this.#release('key.generate', host, request, async (provider) => {
      const { length } = request
      if (!Number.isInteger(length) || length < keyLengths.least || length > keyLengths.most) {
        throw new TrustholdError('REQUEST_INVALID', {
          path: 'num_of_bytes',
          expected: `an integer of ${keyLengths.least} to ${keyLengths.most}`,
          actual: String(length),
        })
      }
      const { primaryKeyId } = provider.config
      const key = this.#options.random.bytes(length)
      try {
        const wrapped = await provider.wrapping.wrap(primaryKeyId, key)
        return {
          primaryKeyId,
          result: { wrapped, key: await deliver(key, request.delivery, host, provider) },
        }
      } finally {
        key.fill(0)
      }
    })
  }

  /**
   * Opens a wrapped key and delivers what is inside.
   * @throws WRAPPED_KEY_INVALID and as {@link KeyProviderService.generateKey}
   */
  async decrypt(
    credentials: KeyRequestCredentials,
    target: RequestTarget,
    request: DecryptRequest,
  ): Promise<DeliveredKey> {
    const requestDigest = keyRequestDigest({ action: 'decrypt', ...request })
    const host = await this.#authorize('key.decrypt', credentials, { ...target, requestDigest })
    return this.#release('key.decrypt', host, request, async (provider) => {
      const wrapped = parseWrappedKey(request.wrapped)
      if (wrapped.provider !== provider.name) {
        throw new TrustholdError('WRAPPED_KEY_INVALID', { reason: 'it was wrapped by another provider' })
      }
      const { primaryKeyId } = wrapped
      assertPrimaryKeyOf(provider, primaryKeyId)
      const key = await provider.wrapping.unwrap(wrapped)
      const plaintext = key.copy()
      try {
        return { primaryKeyId, result: await deliver(plaintext, request.delivery, host, provider) }
      } finally {
        plaintext.fill(0)
        key.wipe()
      }
    })
  }

  /** What keeps the service from working, for health reports; empty when nothing does. */
  health(): string[] {
    try {
      this.providers.list()
      return []
    } catch (error) {
      return [describeError(error)]
    }
  }

  /** Closes all providers. The storage stays open. */
  async close(): Promise<void> {
    await this.providers.close()
  }

  /**
   * Token first, then possession, before anything else is looked at. What fails after the token was found to be genuine is
   * on record: someone has a token that is not theirs, or uses a request again.
   */
  async #authorize(
    action: string,
    { token, proof }: KeyRequestCredentials,
    target: RequestTarget & { requestDigest: string },
  ): Promise<AuthorizedHost> {
    const claims = this.#options.tokens.verify(token, 'KMS_AUTH_JWT')
    try {
      const bindingKey = await this.#proofs.verify(proof, { ...target, token }, claims.cnf.jkt)
      this.#options.assertStillTrusted?.(claims)
      return { claims, bindingKey }
    } catch (error) {
      await this.#recordFailure(action, claims.sub, { token: claims.jti }, error)
      throw error
    }
  }

  /** Carries out a release and records how it ended; what is not on record does not leave. */
  async #release<T>(
    action: string,
    host: AuthorizedHost,
    request: { provider: string; delivery: KeyDelivery },
    work: (provider: OpenProvider) => Promise<{ primaryKeyId: string; result: T }>,
  ): Promise<T> {
    const subject = host.claims.sub
    const details = { token: host.claims.jti, delivery: request.delivery }
    try {
      assertName(request.provider, 'provider')
      const provider = this.providers.get(request.provider)
      assertDelivery(provider, request.delivery)
      const { primaryKeyId, result } = await work(provider)
      await this.#audit.record({
        action,
        outcome: 'allowed',
        subject,
        details: { ...details, provider: provider.name, primaryKey: primaryKeyId },
      })
      return result
    } catch (error) {
      await this.#recordFailure(action, subject, details, error)
      throw error
    }
  }

  async #recordFailure(
    action: string,
    subject: string,
    details: Record<string, string>,
    error: unknown,
  ): Promise<void> {
    const outcome = isTrustholdError(error) && refusals.has(error.code) ? 'refused' : 'failed'
    const code = isTrustholdError(error) ? error.code : 'INTERNAL'
    // The caller learns of the first error; that the record of it failed too must not hide it.
    await this.#audit
      .record({ action, outcome, subject, details: { ...details, code, reason: describeError(error) } })
      .catch((cause: unknown) => {
        if (error instanceof Error && error !== cause) error.cause ??= cause
      })
  }
}

/** A wrapped key's header is only what its bearer says: it must not choose among all keys of the key server. */
function assertPrimaryKeyOf({ config }: OpenProvider, id: string): void {
  if (id === config.primaryKeyId || config.formerPrimaryKeyIds.includes(id)) return
  throw new TrustholdError('WRAPPED_KEY_INVALID', {
    reason: "it names a primary key that is not the provider's",
  })
}

function assertDelivery(provider: OpenProvider, delivery: KeyDelivery): void {
  if (delivery === 'tls' && !provider.config.allowTlsDelivery) {
    throw new TrustholdError('DELIVERY_REFUSED', {
      provider: provider.name,
      delivery,
      reason: 'the provider allows encrypted delivery only',
    })
  }
}

/** Puts a key into the form in which it travels. The JWE's header ties it to token, provider and host. */
async function deliver(
  key: Uint8Array,
  delivery: KeyDelivery,
  host: AuthorizedHost,
  provider: OpenProvider,
): Promise<DeliveredKey> {
  if (delivery === 'tls') return { delivery, plaintext: Uint8Array.from(key) }
  const { jti, cnf } = host.claims
  const header = { typ: 'trusthold-delivery', kid: cnf.jkt, provider: provider.name, token: jti }
  return { delivery, jwe: await encryptTo(host.bindingKey, header, key) }
}
