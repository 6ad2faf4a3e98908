import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import {
  type Connection,
  createPool,
  type Endpoint,
  openConnection,
  openScope,
  type Pool,
  type Scope,
  waitWithin,
} from '../connection/index.js'
import { type Failure, isTransient, type Outcome, toResultError } from '../messages/index.js'
import type { KmipVersion } from '../ttlv/index.js'
import { type Circuit, createCircuit } from './circuit.js'
import { type Exchange, exchangeOf } from './exchange.js'
import { negotiateVersion } from './negotiate.js'
import type { NodeOptions } from './node-options.js'

/** Whether an idle connection turned out to be dead: the other side had closed it before it saw the request. */
function isStale(connection: Connection, error: unknown): boolean {
  return connection.answered > 0 && !connection.answering && isTrustholdError(error, 'TRANSPORT_FAILED')
}

/** Whether a server could not read a message: nothing was carried out then. */
function isUnread({ ofMessage, reason }: Failure): boolean {
  return reason === 'UnsupportedProtocolVersion' || (ofMessage && reason === 'InvalidMessage')
}

/** Whether a server may have refused a message because of its version: it may be another one by now, or was changed. */
function doubtsVersion(failure: Failure): boolean {
  return failure.ofMessage || isUnread(failure)
}

/** One server: its connections, the version that was agreed on, and whether it works. */
export class Node {
  readonly endpoint: Endpoint
  readonly circuit: Circuit
  readonly #options: NodeOptions
  readonly #pool: Pool
  #version: KmipVersion | undefined
  #negotiating: Promise<KmipVersion> | undefined

  constructor(endpoint: Endpoint, options: NodeOptions) {
    this.endpoint = endpoint
    this.circuit = createCircuit(options)
    this.#options = options
    this.#version = options.pinned
    this.#pool = createPool({
      ...options,
      label: endpoint.label,
      open: (scope) => this.open(scope),
      // A server that was restarted may be a newer or an older one.
      onEndedByServer: () => this.#forgetVersion(),
    })
  }

  /** Opens a connection that is none of the pool's. @throws TRANSPORT codes */
  async open(parent: Scope): Promise<Connection> {
    const { security, proxy, maxBytes, connectMilliseconds } = this.#options
    const scope = openScope({ parent, milliseconds: connectMilliseconds })
    try {
      const route = { endpoint: this.endpoint, proxy }
      return await openConnection(route, { security: security(), maxBytes }, scope)
    } finally {
      scope.dispose()
    }
  }

  /** Makes sure that the server can be reached, and resolves to the version that is spoken with it. */
  async reach(scope: Scope): Promise<KmipVersion> {
    this.#pool.release(await this.#pool.acquire(scope))
    return await this.version(scope)
  }

  /**
   * The version that is spoken with the server; agreed on when it is not known, once for all who ask meanwhile.
   * @throws KMIP_VERSION, and what {@link Node.exchange} throws
   */
  async version(scope: Scope): Promise<KmipVersion> {
    if (this.#version !== undefined) return this.#version
    const negotiating = this.#negotiate()
    const endedBy = (): TrustholdError => scope.error(this.endpoint.label, 'connect')
    return await waitWithin<KmipVersion>(scope, endedBy, (resolve, reject) => {
      negotiating.then(resolve, reject)
      return () => undefined
    })
  }

  /**
   * Sends a request and reads the answer; over a fresh connection when an idle one was dead, and anew when the version
   * was no longer the server's.
   * @param version as {@link Node.version} gave it
   * @throws KMIP_RESULT, KMIP_PROTOCOL, KMIP_VERSION, TRANSPORT and CODEC codes
   */
  async exchange<T>(exchange: Exchange<T>, version: KmipVersion, scope: Scope): Promise<T> {
    const first = await this.#send(exchange, version, scope)
    const agreed = first.kind === 'success' ? version : await this.#agreeAnew(first.failure, version, scope)
    const mayRepeat = first.kind === 'failure' && (exchange.repeatable || isUnread(first.failure))
    const outcome = mayRepeat && agreed !== version ? await this.#send(exchange, agreed, scope) : first
    if (outcome.kind === 'success') return outcome.payload
    throw toResultError(exchange.operation, outcome.failure)
  }

  /** Sends a request over a connection of the caller's. @throws as {@link Node.exchange} */
  async exchangeOver<T>(
    connection: Connection,
    exchange: Exchange<T>,
    version: KmipVersion,
    parent: Scope,
  ): Promise<Outcome<T>> {
    const request = exchange.encode(version)
    const scope = openScope({ parent, milliseconds: this.#options.requestMilliseconds })
    try {
      const response = await connection.exchange(request, scope)
      try {
        return exchange.decode(response)
      } finally {
        response.fill(0)
      }
    } finally {
      scope.dispose()
    }
  }

  /** Agrees on a version over a connection of the caller's. @throws as {@link Node.version} */
  async agreeOver(connection: Connection, scope: Scope): Promise<KmipVersion> {
    const { pinned, versions } = this.#options
    if (pinned !== undefined) return pinned
    const agreed = await negotiateVersion((operation, payload, version) => {
      const exchange = exchangeOf(operation, () => payload, this.#options)
      return this.exchangeOver(connection, exchange, version, scope)
    }, versions)
    this.#version = agreed
    return agreed
  }

  /** Lets those who wait for a connection try another server. */
  turnAway(): void {
    const { label } = this.endpoint
    const context = {
      endpoint: label,
      phase: 'connect',
      reason: 'it does not answer other requests',
    } as const
    this.#pool.turnAway(new TrustholdError('TRANSPORT_FAILED', context))
  }

  /** Lets no connection be used again that is open now. */
  drain(): void {
    this.#pool.drain()
  }

  /** Destroys all connections. */
  close(): void {
    this.#pool.close()
  }

  /** The version that is spoken after a failure that may be due to the one before. */
  async #agreeAnew(failure: Failure, version: KmipVersion, scope: Scope): Promise<KmipVersion> {
    if (this.#options.pinned !== undefined || !doubtsVersion(failure)) return version
    this.#forgetVersion()
    return await this.version(scope)
  }

  #forgetVersion(): void {
    this.#version = this.#options.pinned
  }

  #negotiate(): Promise<KmipVersion> {
    if (this.#negotiating !== undefined) return this.#negotiating
    const { connectMilliseconds, requestMilliseconds, everything } = this.#options
    // Not within the call that came first: others wait for it too.
    const scope = openScope({ parent: everything, milliseconds: connectMilliseconds + requestMilliseconds })
    const negotiating = this.#withConnection(scope, (connection) => this.agreeOver(connection, scope))
    this.#negotiating = negotiating.finally(() => {
      this.#negotiating = undefined
      scope.dispose()
    })
    this.#negotiating.catch(() => undefined)
    return this.#negotiating
  }

  /** Sends a request over a connection of the pool, once more over a fresh one when the first was dead. */
  async #send<T>(exchange: Exchange<T>, version: KmipVersion, scope: Scope): Promise<Outcome<T>> {
    let stale: boolean | undefined
    const sendOnce = (connection: Connection): Promise<Outcome<T>> =>
      this.#ask(connection, exchange, version, scope).catch((error: unknown) => {
        stale = isStale(connection, error)
        throw error
      })
    try {
      return await this.#withConnection(scope, sendOnce)
    } catch (error) {
      if (stale !== true || !exchange.repeatable) throw error
    }
    return await this.#withConnection(scope, sendOnce, true)
  }

  async #ask<T>(
    connection: Connection,
    exchange: Exchange<T>,
    version: KmipVersion,
    scope: Scope,
  ): Promise<Outcome<T>> {
    const outcome = await this.exchangeOver(connection, exchange, version, scope)
    // Some servers tie a session to the connection, and refuse everything on it once the session has ended.
    if (outcome.kind === 'failure' && isTransient(exchange.operation, outcome.failure)) connection.destroy()
    return outcome
  }

  /** Lends a connection of the pool; what goes wrong costs it. */
  async #withConnection<T>(
    scope: Scope,
    work: (connection: Connection) => Promise<T>,
    fresh = false,
  ): Promise<T> {
    const connection = await this.#pool.acquire(scope, fresh)
    try {
      return await work(connection)
    } catch (error) {
      connection.destroy()
      throw error
    } finally {
      this.#pool.release(connection)
    }
  }
}
