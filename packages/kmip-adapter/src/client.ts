import { type KmipClientOptions, openTransport, runnerSettings } from './client-options.js'
import type { CallOptions, EndpointHealth, Transport } from './cluster/index.js'
import type {
  CheckedUse,
  Command,
  CreateKey,
  CreateKeyPair,
  DeriveKey,
  ExportedObject,
  ImportObject,
  IntendedUse,
  KeyPairIds,
  Lease,
  LocateFilter,
  ObjectDescription,
  ObjectForm,
  Replacement,
  Revocation,
  WrappedKey,
  Wrapping,
} from './commands/index.js'
import { commands } from './commands/index.js'
import { createSecurity, type KmipTlsOptions } from './connection/index.js'
import { type CreatedKeyPair, type CreatedObject, withActivation } from './created.js'
import { CryptographicClient } from './cryptographic-client.js'
import type { ManagedKey } from './managed-key.js'
import type { BatchSettings } from './messages/index.js'
import type { AttributeKey, Instance, QueryFunction, QueryResponse } from './operations/index.js'
import type { Attribute, AttributeSet, ManagedObject } from './protocol/index.js'
import {
  type BatchResults,
  createRunner,
  type Deferred,
  type KmipCallOptions,
  locateAll,
  type PagedFilter,
} from './run/index.js'
import type { KmipVersion } from './ttlv/index.js'

/**
 * A client of KMIP servers that hold the same objects. Every method throws KMIP_RESULT when the server refuses,
 * KMIP_PROTOCOL and CODEC codes when its answer cannot be believed, and TRANSPORT codes when it cannot be reached in
 * time; an operation that changes something may then have happened or not. ARGUMENT_INVALID and CODEC_RANGE say that
 * the request itself cannot be made.
 */
export class KmipClient extends CryptographicClient implements AsyncDisposable {
  readonly #transport: Transport

  private constructor(transport: Transport, options: KmipClientOptions) {
    super(createRunner(transport, runnerSettings(options)))
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
      return new KmipClient(transport, options)
    } catch (error) {
      transport.close()
      throw error
    }
  }

  /** A client that connects on first use. @throws CONFIGURATION_INVALID */
  static lazy(options: KmipClientOptions): KmipClient {
    return new KmipClient(openTransport(options), options)
  }

  /** The version that is spoken with the first server that can be reached. */
  version(call?: CallOptions): Promise<KmipVersion> {
    return this.#transport.version(call)
  }

  /** Tries every server, and resolves to what was found out; a server that cannot be used is no error. */
  health(call?: CallOptions): Promise<readonly EndpointHealth[]> {
    return this.#transport.health(call)
  }

  /**
   * Uses another certificate, key or trust from now on; open connections end when what runs on them is over.
   * @throws CONFIGURATION_INVALID, and then all stays as it was
   */
  reload(tls: KmipTlsOptions): void {
    this.#transport.reload(createSecurity(tls))
  }

  /**
   * Sends several commands in one message, which the server carries out in their order. Commands are made by the
   * functions of `commands`, and one can be about the object that the one before made: `commands.activate(lastObject)`.
   * @param call `onFailure` says what happens to the others when one fails: `Stop` by default
   * @returns for each command what it came to, in their order
   */
  batch<const C extends readonly Command<unknown>[]>(
    list: C,
    call?: KmipCallOptions & BatchSettings,
  ): Promise<BatchResults<C>> {
    return this.runner.batch(list, call)
  }

  /** Sends a command whose answer the server may give later, and resolves to the handle by which to ask for it. */
  defer<T>(command: Command<T>, call?: KmipCallOptions): Promise<Deferred<T>> {
    return this.runner.defer(command, call)
  }

  /**
   * Makes a symmetric key in the server. The request is sent at once; `await client.create(...)` gives the id,
   * `await client.create(...).activate()` that of an active key.
   */
  create(key: CreateKey, call?: KmipCallOptions): CreatedObject {
    return this.#created(() => commands.create(key), call)
  }

  /** Makes a pair of keys in the server; `.activate()` as with {@link KmipClient.create}. */
  createKeyPair(pair: CreateKeyPair, call?: KmipCallOptions): CreatedKeyPair<KeyPairIds> {
    return this.#createdPair(() => commands.createKeyPair(pair), call)
  }

  /**
   * Gives the server an object to keep; `.activate()` as with {@link KmipClient.create}.
   * @param object as `symmetricKeyObject` and its like make it
   * @param description servers want the `usage` of keys
   */
  register(object: ManagedObject, description?: ObjectDescription, call?: KmipCallOptions): CreatedObject {
    return this.#created(() => commands.register(object, description), call)
  }

  /** Gives the server an object to keep under an id of one's own, and returns the id. KMIP 1.4 and later. */
  async importObject(
    id: string,
    object: ManagedObject,
    options?: ImportObject,
    call?: KmipCallOptions,
  ): Promise<string> {
    return this.run(commands.importObject(id, object, options), call)
  }

  /** Derives a key or a secret in the server; `.activate()` as with {@link KmipClient.create}. */
  deriveKey(key: DeriveKey, call?: KmipCallOptions): CreatedObject {
    return this.#created(() => commands.deriveKey(key), call)
  }

  /**
   * Makes a symmetric key that replaces another and takes its name over; the other one's state stays. `.activate()` as
   * with {@link KmipClient.create}, on the new key.
   */
  rekey(id: string, replacement?: Replacement, call?: KmipCallOptions): CreatedObject {
    return this.#created(() => commands.rekey(id, replacement), call)
  }

  /** Makes a pair of keys that replaces another, named by its private key. KMIP 1.1 and later. */
  rekeyKeyPair(
    privateKey: string,
    replacement?: Replacement,
    call?: KmipCallOptions,
  ): CreatedKeyPair<KeyPairIds> {
    return this.#createdPair(() => commands.rekeyKeyPair(privateKey, replacement), call)
  }

  /** Makes a pre-active object active, and returns its id. */
  async activate(id: string, call?: KmipCallOptions): Promise<string> {
    return this.run(commands.activate(id), call)
  }

  /** Takes an object out of use: as compromised, with the time when that happened, or as deactivated. */
  async revoke(id: string, revocation: Revocation, call?: KmipCallOptions): Promise<void> {
    return this.run(commands.revoke(id, revocation), call)
  }

  /** Destroys an object for good. One that is active has to be revoked first. */
  async destroy(id: string, call?: KmipCallOptions): Promise<void> {
    return this.run(commands.destroy(id), call)
  }

  /** Lets the server put an object away, where it cannot be used until it is recovered. */
  async archive(id: string, call?: KmipCallOptions): Promise<void> {
    return this.run(commands.archive(id), call)
  }

  /** Brings an object back from the archive. */
  async recover(id: string, call?: KmipCallOptions): Promise<void> {
    return this.run(commands.recover(id), call)
  }

  /** Asks to use an object for a while. */
  async obtainLease(id: string, call?: KmipCallOptions): Promise<Lease> {
    return this.run(commands.obtainLease(id), call)
  }

  /** Asks whether an object may be used so. */
  async check(id: string, use: IntendedUse, call?: KmipCallOptions): Promise<CheckedUse> {
    return this.run(commands.check(id, use), call)
  }

  /** A symmetric key with its material, in whatever state it is. The caller wipes the material. */
  async get(id: string, call?: KmipCallOptions): Promise<ManagedKey> {
    return this.run(commands.get(id), call)
  }

  /** An object of any type. What of it is secret, the caller wipes. */
  async getObject(id: string, form?: ObjectForm, call?: KmipCallOptions): Promise<ManagedObject> {
    return this.run(commands.getObject(id, form), call)
  }

  /**
   * A key, wrapped by another one in the server; `unwrapKey` opens it.
   * @throws KMIP_PROTOCOL when the key came in the clear, or wrapped otherwise than was asked
   */
  async getWrapped(id: string, wrapping: Wrapping, call?: KmipCallOptions): Promise<WrappedKey> {
    return this.run(commands.getWrapped(id, wrapping), call)
  }

  /** An object of any type with all its attributes. KMIP 1.4 and later. */
  async exportObject(id: string, form?: ObjectForm, call?: KmipCallOptions): Promise<ExportedObject> {
    return this.run(commands.exportObject(id, form), call)
  }

  /**
   * Attributes of an object.
   * @param keys which ones; all that it has when the list is empty. Those that the version does not have are not asked.
   */
  async getAttributes(
    id: string,
    keys: readonly AttributeKey[] = [],
    call?: KmipCallOptions,
  ): Promise<AttributeSet> {
    return this.run(commands.getAttributes(id, keys), call)
  }

  /** Which attributes an object has; a title or tag that the standard does not have as it came. */
  async getAttributeList(
    id: string,
    call?: KmipCallOptions,
  ): Promise<readonly (AttributeKey | (string & {}) | number)[]> {
    return this.run(commands.getAttributeList(id), call)
  }

  /** Gives an object an attribute that it does not have, or one more of those that it can have several of. */
  async addAttribute(id: string, attribute: Attribute, call?: KmipCallOptions): Promise<void> {
    return this.run(commands.addAttribute(id, attribute), call)
  }

  /**
   * Gives an attribute of an object another value.
   * @param current of several: the one that is to change, for KMIP 2.x; before, `attribute.index` tells
   */
  async modifyAttribute(
    id: string,
    attribute: Attribute,
    current?: Attribute,
    call?: KmipCallOptions,
  ): Promise<void> {
    return this.run(commands.modifyAttribute(id, attribute, current), call)
  }

  /** Gives an object an attribute in place of all values that it had. KMIP 2.0 and later. */
  async setAttribute(id: string, attribute: Attribute, call?: KmipCallOptions): Promise<void> {
    return this.run(commands.setAttribute(id, attribute), call)
  }

  /**
   * Takes an attribute from an object.
   * @param instance of several: which, by `index` before KMIP 2.0, by `current` value since
   */
  async deleteAttribute(
    id: string,
    key: AttributeKey,
    instance?: Instance,
    call?: KmipCallOptions,
  ): Promise<void> {
    return this.run(commands.deleteAttribute(id, key, instance), call)
  }

  /** Ids of the objects that meet the filter. */
  async locate(filter: LocateFilter, call?: KmipCallOptions): Promise<readonly string[]> {
    return this.run(commands.locate(filter), call)
  }

  /** Ids of the objects that meet the filter, asked for page by page; each page is a call of its own. */
  locateAll(filter: PagedFilter, call: KmipCallOptions = {}): AsyncGenerator<string, void, undefined> {
    return locateAll(this.runner, this.#transport, filter, call)
  }

  /**
   * What the server says of itself.
   * @param functions what to ask; the operations, the object types and the vendor by default. What the version does
   * not have is not asked.
   */
  async query(functions?: readonly QueryFunction[], call?: KmipCallOptions): Promise<QueryResponse> {
    return this.run(commands.query(functions), call)
  }

  /** The versions that the server has, newest first as a rule. KMIP 1.1 and later. */
  async discoverVersions(call?: KmipCallOptions): Promise<readonly string[]> {
    return this.run(commands.discoverVersions(), call)
  }

  /** Asks for nothing, to see whether the server answers. KMIP 2.1; `version` does before. */
  async ping(call?: KmipCallOptions): Promise<void> {
    return this.run(commands.ping(), call)
  }

  /** Destroys the connections; calls that are running fail with TRANSPORT_CLOSED. May be called again. */
  async close(): Promise<void> {
    this.#transport.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A command that cannot be made rejects, as one that fails does. */
  async #start<T>(command: () => Command<T>, call: KmipCallOptions | undefined): Promise<T> {
    return await this.run(command(), call)
  }

  #created(command: () => Command<string>, call: KmipCallOptions | undefined): CreatedObject {
    return withActivation(this.#start(command, call), (id) => this.activate(id, call))
  }

  #createdPair(
    command: () => Command<KeyPairIds>,
    call: KmipCallOptions | undefined,
  ): CreatedKeyPair<KeyPairIds> {
    return withActivation(this.#start(command, call), async ({ privateKey, publicKey }) => {
      await this.activate(privateKey, call)
      await this.activate(publicKey, call)
    })
  }
}
