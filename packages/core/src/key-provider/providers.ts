import {
  assertName,
  LiveMap,
  type ProviderConfig,
  parseInput,
  providerConfig,
  providerDocument,
} from '../config/index.js'
import { describeError, TrustholdError } from '../errors/index.js'
import type {
  Clock,
  ConfigStore,
  KeyServerConfig,
  KeyServerFactory,
  KeyServerNodeHealth,
  RandomSource,
} from '../ports/index.js'
import { type KeyWrapping, wrapLocally, wrapRemotely } from './key-wrapping.js'
import type { PrimaryKeyMode } from './primary-key-use.js'
import { PrimaryKeys } from './primary-keys.js'
import { RemotePrimaryKeys } from './remote-primary-keys.js'

/** What a new trusted key provider is made of. */
export interface CreateProvider {
  /** Chosen by the administrator; part of every wrapped key. */
  name: string
  /** The key server's identifier of an existing primary key. When absent, one is made in the key server. */
  primaryKeyId?: string
  /** Primary keys that keys of this provider were wrapped under before, when it is set up anew. */
  formerPrimaryKeyIds?: readonly string[]
  keyServer: KeyServerConfig
  /** Whether keys may also travel bare inside TLS; false by default. */
  allowTlsDelivery?: boolean
  /**
   * Where primary keys are used: `local` fetches them for a short time, and is the default; `remote` has the key server
   * encrypt and decrypt, so that they never leave it, at the price of a request for each key.
   */
  primaryKeyMode?: PrimaryKeyMode
}

/** What is shown of a trusted key provider: everything but the private key. */
export interface ProviderInfo {
  readonly name: string
  readonly primaryKeyId: string
  /** Other primary keys that wrapped keys may name. */
  readonly formerPrimaryKeyIds: readonly string[]
  readonly allowTlsDelivery: boolean
  readonly primaryKeyMode: PrimaryKeyMode
  readonly servers: readonly { readonly name: string; readonly host: string; readonly port?: number }[]
}

/** Whether a provider can work, and what keeps it from doing so. */
export interface ProviderHealth {
  /** `WARNING` when its primary key can be used, and not every key server is well. */
  readonly health: 'OK' | 'WARNING' | 'ERROR'
  /** What is wrong, for people; empty when all is well. */
  readonly details: readonly string[]
  /** Its key servers, in the order of the configuration. */
  readonly servers: readonly KeyServerNodeHealth[]
}

/** A provider that is ready for use. */
export interface OpenProvider {
  readonly name: string
  readonly config: ProviderConfig
  readonly primaryKeys: PrimaryKeys
  readonly wrapping: KeyWrapping
}

/** What {@link Providers} needs. */
export interface ProvidersOptions {
  config: ConfigStore
  keyServer: KeyServerFactory
  clock: Clock
  random: RandomSource
  /** Milliseconds. */
  primaryKeyLifetimeMs: number
}

/** The trusted key providers of a Key Provider Service. */
export class Providers {
  readonly #options: ProvidersOptions
  readonly #open = new Map<string, OpenProvider>()
  readonly #closing = new Set<Promise<void>>()
  #documents!: LiveMap<ProviderConfig>

  private constructor(options: ProvidersOptions) {
    this.#options = options
  }

  /** Loads the providers' configuration; key servers are connected on first use. */
  static async open(options: ProvidersOptions): Promise<Providers> {
    const providers = new Providers(options)
    providers.#documents = await LiveMap.open({
      store: options.config,
      prefix: 'key-provider/providers/',
      kind: 'trusted key provider',
      ...providerDocument,
      onChange: (name) => providers.#release(name),
    })
    return providers
  }

  /**
   * Configures a provider. The primary key is looked at (or made) in the key server first, so that a provider that
   * exists has worked once.
   * @throws ALREADY_EXISTS, REQUEST_INVALID, PROVIDER_UNUSABLE, and what the key server throws
   */
  async create(request: CreateProvider): Promise<ProviderInfo> {
    assertName(request.name, 'provider.name')
    if (this.has(request.name)) {
      throw new TrustholdError('ALREADY_EXISTS', { kind: 'trusted key provider', name: request.name })
    }
    const { name, keyServer, formerPrimaryKeyIds = [], allowTlsDelivery = false } = request
    const given = {
      primaryKeyId: request.primaryKeyId ?? 'to be made',
      formerPrimaryKeyIds,
      keyServer,
      allowTlsDelivery,
      primaryKeyMode: request.primaryKeyMode ?? 'local',
    }
    const checked = parseInput(providerConfig, given, 'provider')
    const primaryKeyId = request.primaryKeyId ?? (await this.#makePrimaryKey(request))
    const config = { ...checked, primaryKeyId }
    const candidate = this.#connect(name, config)
    try {
      await candidate.wrapping.probe(primaryKeyId)
    } finally {
      await candidate.primaryKeys.close()
    }
    await this.#documents.create(name, config)
    return describeProvider(name, config)
  }

  /**
   * Names another primary key for new wrapped keys; existing ones go on naming theirs, which stays allowed.
   * @throws PROVIDER_NOT_FOUND, PROVIDER_UNUSABLE, REQUEST_INVALID, STORE_CONFLICT, and what the key server throws
   */
  async rotate(name: string, primaryKeyId: string): Promise<ProviderInfo> {
    const current = this.#document(name)
    const used = [current.document.primaryKeyId, ...current.document.formerPrimaryKeyIds]
    const formerPrimaryKeyIds = [...new Set(used)].filter((id) => id !== primaryKeyId)
    const changed = { ...current.document, primaryKeyId, formerPrimaryKeyIds }
    const config = parseInput(providerConfig, changed, 'provider')
    await this.get(name).wrapping.probe(primaryKeyId)
    await this.#documents.replace(name, config, current.revision)
    return describeProvider(name, config)
  }

  /** Removes the configuration; the primary key stays in the key server. @throws PROVIDER_NOT_FOUND */
  async delete(name: string): Promise<void> {
    this.#document(name)
    await this.#documents.delete(name)
  }

  /** Whether there is a provider of that name. */
  has(name: string): boolean {
    return this.#documents.get(name) !== undefined
  }

  /** All providers by name. */
  list(): ProviderInfo[] {
    return this.#documents.names().map((name) => describeProvider(name, this.#document(name).document))
  }

  /** The provider, connected on first use. @throws PROVIDER_NOT_FOUND */
  get(name: string): OpenProvider {
    const { document } = this.#document(name)
    const known = this.#open.get(name)
    if (known !== undefined) return known
    const opened = this.#connect(name, document)
    this.#open.set(name, opened)
    return opened
  }

  /**
   * Goes on to the key that replaces the primary key in the key server by now, as {@link Providers.rotate} does. Nothing
   * changes when none does.
   * @throws as {@link Providers.rotate}
   */
  async followRotation(name: string): Promise<ProviderInfo> {
    const { primaryKeys, config } = this.get(name)
    const latest = await primaryKeys.latest(config.primaryKeyId)
    return latest === config.primaryKeyId ? describeProvider(name, config) : await this.rotate(name, latest)
  }

  /** Tries the provider's primary key, and each of its key servers. */
  async health(name: string): Promise<ProviderHealth> {
    const [trouble, servers] = await Promise.all([this.#findTrouble(name), this.#serversHealth(name)])
    const ill = servers.filter(({ health }) => health !== 'OK')
    const details = [
      ...trouble,
      ...ill.flatMap((server) => server.details.map((detail) => `${server.name}: ${detail}`)),
    ]
    const health = trouble.length > 0 ? 'ERROR' : ill.length > 0 ? 'WARNING' : 'OK'
    return { health, details, servers }
  }

  /** Wipes all primary keys and closes all connections. */
  async close(): Promise<void> {
    await this.#documents.close()
    for (const name of [...this.#open.keys()]) this.#release(name)
    await Promise.all(this.#closing)
  }

  /** What keeps the provider from wrapping keys. */
  async #findTrouble(name: string): Promise<readonly string[]> {
    try {
      const { wrapping, config } = this.get(name)
      await wrapping.probe(config.primaryKeyId)
      return []
    } catch (error) {
      return [describeError(error)]
    }
  }

  async #serversHealth(name: string): Promise<readonly KeyServerNodeHealth[]> {
    try {
      return await this.get(name).primaryKeys.health()
    } catch {
      // The provider is unknown or being closed, which the trouble with its key says.
      return []
    }
  }

  #document(name: string) {
    const found = this.#documents.get(name)
    if (found === undefined) throw new TrustholdError('PROVIDER_NOT_FOUND', { provider: name.slice(0, 128) })
    return found
  }

  #connect(name: string, config: ProviderConfig): OpenProvider {
    const { clock, random, primaryKeyLifetimeMs: lifetimeMs } = this.#options
    const keyServer = this.#options.keyServer(config.keyServer)
    const options = { provider: name, keyServer, clock, lifetimeMs }
    const primaryKeys = new PrimaryKeys(options)
    const wrapping =
      config.primaryKeyMode === 'local'
        ? wrapLocally(name, primaryKeys, random)
        : wrapRemotely(name, new RemotePrimaryKeys(options), random)
    return { name, config, primaryKeys, wrapping }
  }

  async #makePrimaryKey(request: CreateProvider): Promise<string> {
    const keyServer = this.#options.keyServer(request.keyServer)
    try {
      return (await keyServer.create(`trusthold-${request.name}`)).id
    } finally {
      await keyServer.close()
    }
  }

  #release(name: string): void {
    const opened = this.#open.get(name)
    if (opened === undefined) return
    this.#open.delete(name)
    const closing: Promise<void> = opened.primaryKeys
      .close()
      .catch(() => undefined)
      .finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}

function describeProvider(name: string, config: ProviderConfig): ProviderInfo {
  const { keyServer, ...shown } = config
  return { name, ...shown, servers: keyServer.servers }
}
