import { TrustholdError } from '@trusthold/core/errors'
import { type KmipClientOptions, openTransport } from './client-options.js'
import type { CallOptions, EndpointHealth, Transport } from './cluster/index.js'
import { createSecurity, type KmipTlsOptions } from './connection/index.js'
import { type ManagedKey, toManagedKey } from './managed-key.js'
import {
  activate,
  attributesOf,
  create,
  createRequest,
  destroy,
  get,
  getAttributes,
  getAttributesRequest,
  locate,
  locateRequest,
  type OperationName,
  type QueryFunction,
  type QueryResponse,
  query,
  queryRequest,
  type RevocationReasonCode,
  revoke,
} from './operations/index.js'
import {
  type Attribute,
  type AttributeName,
  type AttributeSet,
  collectAttributes,
  plainName,
  type UsageBit,
  usageMask,
} from './protocol/index.js'
import type { Enumerated, KmipVersion } from './ttlv/index.js'

/** A symmetric key to make. */
export interface CreateKey {
  /** KMIP's name, such as `AES`. */
  readonly algorithm: Exclude<Enumerated<'CryptographicAlgorithm'>, number>
  /** Length in bits. */
  readonly length: number
  /** What it may be used for; `Encrypt` and `Decrypt` by default. */
  readonly usage?: readonly UsageBit[]
  /** A name for it. Most servers do not mind two objects of one name. */
  readonly name?: string
}

/** What to look for: objects that meet all that is given. */
export interface LocateFilter {
  readonly name?: string
  readonly objectType?: Exclude<Enumerated<'ObjectType'>, number>
  readonly algorithm?: Exclude<Enumerated<'CryptographicAlgorithm'>, number>
  /** Length in bits. */
  readonly length?: number
  readonly state?: Exclude<Enumerated<'State'>, number>
  /** At most this many answers. */
  readonly maximumItems?: number
}

type Compromise = 'KeyCompromise' | 'CACompromise'

/** Why an object is taken out of use, and, when it was compromised, since when. */
export type Revocation =
  | { readonly reason: Exclude<RevocationReasonCode, Compromise> }
  | { readonly reason: Compromise; readonly occurred: Date }

/** Resolves to the new key's id; `activate` also activates it. */
export interface CreatedKey extends Promise<string> {
  /** Activates the key once it is made, and resolves to its id. */
  activate(): Promise<string>
}

function keyAttributes(key: CreateKey): Attribute[] {
  const attributes: Attribute[] = [
    { name: 'CryptographicAlgorithm', value: key.algorithm },
    { name: 'CryptographicLength', value: key.length },
    { name: 'CryptographicUsageMask', value: usageMask(key.usage ?? ['Encrypt', 'Decrypt']) },
  ]
  return key.name === undefined ? attributes : [...attributes, { name: 'Name', value: plainName(key.name) }]
}

function filterAttributes({ name, objectType, algorithm, length, state }: LocateFilter): Attribute[] {
  const attributes: Attribute[] = []
  if (name !== undefined) attributes.push({ name: 'Name', value: plainName(name) })
  if (objectType !== undefined) attributes.push({ name: 'ObjectType', value: objectType })
  if (algorithm !== undefined) attributes.push({ name: 'CryptographicAlgorithm', value: algorithm })
  if (length !== undefined) attributes.push({ name: 'CryptographicLength', value: length })
  if (state !== undefined) attributes.push({ name: 'State', value: state })
  return attributes
}

/** Servers are known to take an absent identifier for some other object, so that there always has to be one. */
function requireId(id: string): string {
  if (typeof id === 'string' && id !== '') return id
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'id', reason: 'expected the id of an object' })
}

function requireSame(operation: OperationName, id: string, answered: string): string {
  if (answered === id) return id
  throw new TrustholdError('KMIP_PROTOCOL', { operation, reason: 'the answer is about another object' })
}

/**
 * A client of KMIP servers that hold the same objects. Every method throws KMIP_RESULT when the server refuses,
 * KMIP_PROTOCOL and CODEC codes when its answer cannot be believed, and TRANSPORT codes when it cannot be reached in
 * time; an operation that changes something may then have happened or not.
 */
export class KmipClient implements AsyncDisposable {
  readonly #transport: Transport

  private constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Connects to the first server that can be reached and agrees on a version with it.
   * @throws CONFIGURATION_INVALID, KMIP_VERSION, and what every method throws
   */
  static async connect(options: KmipClientOptions, call?: CallOptions): Promise<KmipClient> {
    const transport = openTransport(options)
    try {
      await transport.version(call)
      return new KmipClient(transport)
    } catch (error) {
      transport.close()
      throw error
    }
  }

  /** A client that connects on first use. @throws CONFIGURATION_INVALID */
  static lazy(options: KmipClientOptions): KmipClient {
    return new KmipClient(openTransport(options))
  }

  /** The version that is spoken with the first server that can be reached. */
  version(call?: CallOptions): Promise<KmipVersion> {
    return this.#transport.version(call)
  }

  /**
   * Makes a symmetric key in the server. The request is sent at once; `await client.create(...)` gives the id,
   * `await client.create(...).activate()` that of an active key.
   */
  create(key: CreateKey, call?: CallOptions): CreatedKey {
    const created = this.#create(key, call)
    const activated = async (): Promise<string> => this.activate(await created, call)
    return Object.assign(created, { activate: activated })
  }

  async #create(key: CreateKey, call: CallOptions | undefined): Promise<string> {
    const attributes = keyAttributes(key)
    const response = await this.#transport.perform(
      create,
      (version) => createRequest('SymmetricKey', attributes, version),
      call,
    )
    if (response.objectType !== 'SymmetricKey' || response.uniqueIdentifier === '') {
      const reason = `expected a SymmetricKey with an id, found a ${response.objectType}`
      throw new TrustholdError('KMIP_PROTOCOL', { operation: 'Create', reason })
    }
    return response.uniqueIdentifier
  }

  /** Makes a pre-active object active, and returns its id. */
  async activate(id: string, call?: CallOptions): Promise<string> {
    const uniqueIdentifier = requireId(id)
    const response = await this.#transport.perform(activate, () => ({ uniqueIdentifier }), call)
    return requireSame('Activate', id, response.uniqueIdentifier)
  }

  /** A symmetric key with its material, in whatever state it is. */
  async get(id: string, call?: CallOptions): Promise<ManagedKey> {
    const uniqueIdentifier = requireId(id)
    return toManagedKey(id, await this.#transport.perform(get, () => ({ uniqueIdentifier }), call))
  }

  /**
   * Attributes of an object.
   * @param names which ones; all that it has when the list is empty
   */
  async getAttributes(
    id: string,
    names: readonly AttributeName[] = [],
    call?: CallOptions,
  ): Promise<AttributeSet> {
    requireId(id)
    const request = (version: KmipVersion) => getAttributesRequest(id, names, version)
    const response = await this.#transport.perform(getAttributes, request, call)
    requireSame('GetAttributes', id, response.uniqueIdentifier)
    return collectAttributes('GetAttributes', attributesOf(response))
  }

  /** Ids of the objects that meet the filter. */
  async locate(filter: LocateFilter, call?: CallOptions): Promise<readonly string[]> {
    const attributes = filterAttributes(filter)
    const request = (version: KmipVersion) =>
      locateRequest(
        attributes,
        filter.maximumItems === undefined ? {} : { maximumItems: filter.maximumItems },
        version,
      )
    const response = await this.#transport.perform(locate, request, call)
    return response.uniqueIdentifier ?? []
  }

  /**
   * What the server says of itself.
   * @param functions what to ask; the operations, the object types and the vendor by default. What the version does
   * not have is not asked.
   */
  query(
    functions: readonly QueryFunction[] = ['QueryOperations', 'QueryObjects', 'QueryServerInformation'],
    call?: CallOptions,
  ): Promise<QueryResponse> {
    return this.#transport.perform(query, (version) => queryRequest(functions, version), call)
  }

  /** Takes an object out of use: as compromised, with the time when that happened, or as deactivated. */
  async revoke(id: string, revocation: Revocation, call?: CallOptions): Promise<void> {
    const { reason } = revocation
    const occurred =
      'occurred' in revocation ? BigInt(Math.floor(revocation.occurred.getTime() / 1000)) : undefined
    const request = {
      uniqueIdentifier: requireId(id),
      revocationReason: { revocationReasonCode: reason },
      ...(occurred === undefined ? {} : { compromiseOccurrenceDate: occurred }),
    }
    const response = await this.#transport.perform(revoke, () => request, call)
    requireSame('Revoke', id, response.uniqueIdentifier)
  }

  /** Destroys an object for good. One that is active has to be revoked first. */
  async destroy(id: string, call?: CallOptions): Promise<void> {
    const uniqueIdentifier = requireId(id)
    const response = await this.#transport.perform(destroy, () => ({ uniqueIdentifier }), call)
    requireSame('Destroy', id, response.uniqueIdentifier)
  }

  /**
   * Tries every server, over connections made for that, and resolves to what was found out. It carries out a search, for
   * which servers ask for credentials.
   * @throws TRANSPORT_ABORTED and TRANSPORT_CLOSED only
   */
  health(call?: CallOptions): Promise<readonly EndpointHealth[]> {
    return this.#transport.health(call)
  }

  /**
   * Proves who we are, and believes servers, by these from now on: certificates are replaced without a restart.
   * Connections that are open end when the call that runs on them is over.
   * @throws CONFIGURATION_INVALID; nothing changes then
   */
  reload(tls: KmipTlsOptions): void {
    this.#transport.reload(createSecurity(tls))
  }

  /** Destroys the connections; calls that are running fail with TRANSPORT_CLOSED. May be called again. */
  async close(): Promise<void> {
    this.#transport.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
