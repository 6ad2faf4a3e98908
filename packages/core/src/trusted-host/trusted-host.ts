import { SecretBytes } from '../bytes/index.js'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import { type AuthorityClient, type CallOptions, createAuthorityClient } from '../http/client.js'
import { decryptWith, parseDirect } from '../jose/index.js'
import { type Clock, type RandomSource, systemClock, systemRandom, type Tpm } from '../ports/index.js'
import {
  type DeliveredKey,
  type KeyDelivery,
  type KeyRequestCredentials,
  keyRequestDigest,
} from '../protocol/index.js'
import { createProof, readTimes } from '../token/index.js'
import { type Attested, attestHost } from './attest.js'
import { generateBindingKey } from './binding-key.js'

/** What {@link createTrustedHost} takes. */
export interface TrustedHostOptions {
  /** `https://host:port` of the authority, or a client of it. */
  authority: string | AuthorityClient
  /** PEM certificates that the authority's certificate must chain to; the system's when absent. */
  ca?: readonly string[]
  tpm: Tpm
  /** An attestation key of an earlier run, from {@link TrustedHost.savedAttestationKey}. */
  savedAttestationKey?: Uint8Array
  clock?: Clock
  random?: RandomSource
}

/** Options of {@link TrustedHost.generateKey}. */
export interface GenerateKeyOptions extends CallOptions {
  /** Length in bytes, 16 to 512; 32 by default. */
  length?: number
  /** `jwe` (encrypted to this host's binding key) by default. */
  delivery?: KeyDelivery
}

/** Options of {@link TrustedHost.decrypt}. */
export interface DecryptOptions extends CallOptions {
  /** `jwe` (encrypted to this host's binding key) by default. */
  delivery?: KeyDelivery
}

/** A machine with a TPM that attests and gets keys. */
export interface TrustedHost {
  /** Attests now, whatever token there is. @throws ATTESTATION_REFUSED, ATTESTATION_UNDECIDED and others */
  attest(options?: CallOptions): Promise<Attested>
  /** A token with at least a quarter of its lifetime left; attests when there is none. */
  token(options?: CallOptions): Promise<string>
  /** A new key of a trusted key provider, and its wrapped form, which is all that has to be kept. */
  generateKey(provider: string, options?: GenerateKeyOptions): Promise<{ key: SecretBytes; wrapped: string }>
  /** The key inside a wrapped key. @throws WRAPPED_KEY_INVALID and others */
  decrypt(wrapped: string, options?: DecryptOptions): Promise<SecretBytes>
  /** The attestation key in use, to be passed on to the next run; undefined before the first attestation. */
  savedAttestationKey(): Uint8Array | undefined
  /** Closes the client if it was made here. The TPM stays open. */
  close(): Promise<void>
}

interface CurrentToken {
  readonly token: string
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly refreshAt: number
}

/** Makes the host's side of both services. Nothing happens before the first call. */
export function createTrustedHost(options: TrustedHostOptions): TrustedHost {
  return new Host(options)
}

class Host implements TrustedHost {
  readonly #client: AuthorityClient
  readonly #ownsClient: boolean
  readonly #tpm: Tpm
  readonly #source: { clock: Clock; random: RandomSource }
  readonly #bindingKey = generateBindingKey()
  #saved: Uint8Array | undefined
  #current: CurrentToken | undefined
  #attesting: Promise<Attested> | undefined

  constructor(options: TrustedHostOptions) {
    const { authority, ca, clock = systemClock, random = systemRandom } = options
    this.#ownsClient = typeof authority === 'string'
    this.#client =
      typeof authority === 'string'
        ? createAuthorityClient({ url: authority, ...(ca === undefined ? {} : { ca }) })
        : authority
    this.#tpm = options.tpm
    this.#saved = options.savedAttestationKey
    this.#source = { clock, random }
  }

  attest(options: CallOptions = {}): Promise<Attested> {
    if (this.#attesting !== undefined) {
      return this.#attesting.catch((error: unknown) => {
        // Whoever began it gave up; this caller did not.
        if (!isTrustholdError(error, 'TRANSPORT_ABORTED') || options.signal?.aborted === true) throw error
        return this.attest(options)
      })
    }
    this.#attesting = this.#attestOnce(options).finally(() => {
      this.#attesting = undefined
    })
    return this.#attesting
  }

  async token(options: CallOptions = {}): Promise<string> {
    if (this.#current === undefined || this.#source.clock.now() >= this.#current.refreshAt) {
      await this.attest(options)
    }
    if (this.#current === undefined) throw noToken()
    return this.#current.token
  }

  async generateKey(
    provider: string,
    options: GenerateKeyOptions = {},
  ): Promise<{ key: SecretBytes; wrapped: string }> {
    const { length = 32, delivery = 'jwe' } = options
    const request = { provider, length, delivery }
    const requestDigest = keyRequestDigest({ action: 'generate-key', ...request })
    return this.#withCredentials(options, requestDigest, async (credentials) => {
      const made = await this.#client.generateKey(credentials, request, callOf(options))
      return { wrapped: made.wrapped, key: await this.#receive(made.key, provider, delivery) }
    })
  }

  async decrypt(wrapped: string, options: DecryptOptions = {}): Promise<SecretBytes> {
    const { delivery = 'jwe' } = options
    const provider = providerOf(wrapped)
    const request = { provider, wrapped, delivery }
    const requestDigest = keyRequestDigest({ action: 'decrypt', ...request })
    return this.#withCredentials(options, requestDigest, async (credentials) => {
      const key = await this.#client.decrypt(credentials, request, callOf(options))
      return this.#receive(key, provider, delivery)
    })
  }

  savedAttestationKey(): Uint8Array | undefined {
    return this.#saved
  }

  async close(): Promise<void> {
    if (this.#ownsClient) await this.#client.close()
  }

  async #attestOnce(options: CallOptions): Promise<Attested> {
    const attested = await attestHost({
      client: this.#client,
      tpm: this.#tpm,
      bindingKey: this.#bindingKey,
      types: ['KMS_AUTH_JWT'],
      ...(this.#saved === undefined ? {} : { saved: this.#saved }),
      ...callOf(options),
    })
    const token = attested.documents.find(({ type }) => type === 'KMS_AUTH_JWT')?.token
    if (token === undefined) throw noToken()
    const { issuedAt, expiresAt } = readTimes(token)
    this.#saved = attested.saved
    this.#current = { token, refreshAt: expiresAt - (expiresAt - issuedAt) / 4 }
    return attested
  }

  /** Calls with a token and a fresh proof; when the service no longer takes the token, once more with a new one. */
  async #withCredentials<T>(
    options: CallOptions,
    requestDigest: string,
    call: (credentials: KeyRequestCredentials) => Promise<T>,
  ): Promise<T> {
    const token = await this.token(options)
    try {
      return await call(this.#credentials(token, requestDigest))
    } catch (error) {
      if (!isTrustholdError(error, 'SERVICE_ERROR') || error.context.serviceCode !== 'TOKEN_INVALID')
        throw error
      // Another call may have renewed it in the meantime.
      if (this.#current?.token === token) this.#current = undefined
      return call(this.#credentials(await this.token(options), requestDigest))
    }
  }

  #credentials(token: string, requestDigest: string): KeyRequestCredentials {
    const target = { method: 'POST', url: this.#client.keyOperationUrl, token, requestDigest }
    return { token, proof: createProof(this.#bindingKey.privateKey, target, this.#source) }
  }

  /** Opens a delivered key, which has to come in the form that was asked for. */
  async #receive(key: DeliveredKey, provider: string, delivery: KeyDelivery): Promise<SecretBytes> {
    if (key.delivery !== delivery) {
      throw new TrustholdError('SERVICE_ERROR', {
        status: 200,
        serviceCode: 'none',
        message: `the key came by ${key.delivery}, expected ${delivery}`,
      })
    }
    if (key.delivery === 'tls') return SecretBytes.take(key.plaintext)
    const expected = { typ: 'trusthold-delivery', kid: this.#bindingKey.thumbprint, provider }
    return decryptWith(this.#bindingKey.privateKey, key.jwe, expected, 'delivered key')
  }
}

/** The provider that a wrapped key names; the service, which opens it, sees whether that is true. */
function providerOf(wrapped: string): string {
  try {
    const { provider } = parseDirect(wrapped, 'wrapped key', 4_096).header
    if (typeof provider === 'string') return provider
  } catch (error) {
    if (!isTrustholdError(error, 'JOSE_INVALID')) throw error
    throw new TrustholdError('WRAPPED_KEY_INVALID', { reason: error.context.reason }, { cause: error })
  }
  throw new TrustholdError('WRAPPED_KEY_INVALID', { reason: 'it names no provider' })
}

const callOf = ({ signal }: CallOptions): CallOptions => (signal === undefined ? {} : { signal })

const noToken = () =>
  new TrustholdError('SERVICE_ERROR', {
    status: 200,
    serviceCode: 'none',
    message: 'it gave no KMS_AUTH_JWT',
  })
