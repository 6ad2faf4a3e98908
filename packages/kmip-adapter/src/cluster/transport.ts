import { type Endpoint, openScope, type Scope, type Security } from '../connection/index.js'
import { itemIdOf } from '../messages/index.js'
import type { Operation } from '../operations/index.js'
import type { KmipVersion } from '../ttlv/index.js'
import { askEach, askFirst, type Work } from './ask.js'
import { type Exchange, type ExchangeSettings, exchangeOf } from './exchange.js'
import { type EndpointHealth, examine } from './health.js'
import { Node } from './node.js'
import type { NodeOptions } from './node-options.js'
import { createOrder, type Order } from './order.js'

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call with TRANSPORT_ABORTED; what happened at the server is then unknown. */
  readonly signal?: AbortSignal | undefined
  /** Time for the whole call, in milliseconds; that of the client when absent. */
  readonly milliseconds?: number | undefined
}

/** Everything that a {@link Transport} needs; no defaults. */
export interface TransportOptions extends Omit<NodeOptions, 'security' | 'everything'> {
  /** All hold the same objects; tried in this order. */
  readonly endpoints: readonly Endpoint[]
  readonly security: Security
  /** Time for a call, in milliseconds. */
  readonly callMilliseconds: number
}

/**
 * Carries requests to servers that hold the same objects. The first that works is asked, and another one when it fails
 * and asking again can do no harm.
 */
export interface Transport {
  /**
   * Carries out an operation.
   * @param payload makes the request for the version that is spoken
   * @throws KMIP_RESULT, KMIP_PROTOCOL, KMIP_VERSION, TRANSPORT and CODEC codes
   */
  perform<Q, R>(
    operation: Operation<Q, R>,
    payload: (version: KmipVersion) => Q,
    options?: CallOptions,
  ): Promise<R>
  /** Sends a message that the caller made, and reads the answer in the caller's way. @throws as `perform` */
  exchange<T>(exchange: Exchange<T>, options?: CallOptions): Promise<T>
  /**
   * Asks every server the same, and resolves to the answers of those that gave one.
   * @throws as `perform`, when none did
   */
  performEverywhere<Q, R>(
    operation: Operation<Q, R>,
    payload: (version: KmipVersion) => Q,
    options?: CallOptions,
  ): Promise<readonly R[]>
  /** Resolves to the version that the first server speaks that can be reached. */
  version(options?: CallOptions): Promise<KmipVersion>
  /** Tries every server, and resolves to what was found out; fails only when the call is ended. */
  health(options?: CallOptions): Promise<readonly EndpointHealth[]>
  /** Secures new connections by this. Those that are open now end when what runs on them is over. */
  reload(security: Security): void
  /** Destroys all connections; calls that are running fail with TRANSPORT_CLOSED. May be called again. */
  close(): void
}

/** Agrees on a version with a server, if need be, and carries out the exchange. */
function workOf<T>(exchange: Exchange<T>, scope: Scope): Work<T> {
  return async (node, ask) => {
    const version = await node.version(scope)
    ask()
    return await node.exchange(exchange, version, scope)
  }
}

class Cluster implements Transport {
  readonly #options: TransportOptions
  readonly #everything = openScope({})
  readonly #nodes: readonly Node[]
  readonly #order: Order
  /** All endpoints, for errors that are no single one's. */
  readonly #label: string
  #security: Security
  #messages = 0

  constructor(options: TransportOptions) {
    this.#options = options
    this.#security = options.security
    const nodeOptions: NodeOptions = {
      ...options,
      security: () => this.#security,
      everything: this.#everything,
    }
    this.#nodes = options.endpoints.map((endpoint) => new Node(endpoint, nodeOptions))
    this.#label = options.endpoints.map(({ label }) => label).join(', ')
    this.#order = createOrder(this.#nodes, options.clock, (node) => this.#tryAgain(node))
  }

  perform<Q, R>(operation: Operation<Q, R>, payload: (version: KmipVersion) => Q, call?: CallOptions) {
    return this.exchange(exchangeOf(operation, payload, this.#nextSettings()), call)
  }

  exchange<T>(exchange: Exchange<T>, call?: CallOptions): Promise<T> {
    return this.#within(call, async (scope) => {
      const work = workOf(exchange, scope)
      const { node, answer } = await askFirst(this.#order.next(), exchange.repeatable, scope, work)
      if (!exchange.repeatable) this.#order.prefer(node)
      return answer
    })
  }

  performEverywhere<Q, R>(
    operation: Operation<Q, R>,
    payload: (version: KmipVersion) => Q,
    call?: CallOptions,
  ): Promise<readonly R[]> {
    const exchange = exchangeOf(operation, payload, this.#nextSettings())
    return this.#within(call, (scope) => askEach(this.#nodes, scope, workOf(exchange, scope)))
  }

  version(call?: CallOptions): Promise<KmipVersion> {
    return this.#within(call, async (scope) => {
      const { answer } = await askFirst(this.#order.next(), true, scope, (node) => node.reach(scope))
      return answer
    })
  }

  health(call?: CallOptions): Promise<readonly EndpointHealth[]> {
    return this.#within(call, (scope) => Promise.all(this.#nodes.map((node) => this.#examine(node, scope))))
  }

  reload(security: Security): void {
    this.#security = security
    for (const node of this.#nodes) node.drain()
  }

  close(): void {
    this.#everything.end({ kind: 'closed' })
    for (const node of this.#nodes) node.close()
  }

  /** For a message whose answer is told from those to all others. */
  #nextSettings(): ExchangeSettings {
    this.#messages = (this.#messages + 1) % 2 ** 32
    return { ...this.#options, itemId: itemIdOf(this.#messages) }
  }

  /** Does the work within the bounds of a call. */
  async #within<T>(call: CallOptions = {}, work: (scope: Scope) => Promise<T>): Promise<T> {
    const milliseconds = call.milliseconds ?? this.#options.callMilliseconds
    const scope = openScope({ parent: this.#everything, milliseconds, signal: call.signal })
    try {
      // Nothing is begun, and no connection lost, for a call that is over before it starts.
      if (scope.over) throw scope.error(this.#label, 'connect')
      return await work(scope)
    } finally {
      scope.dispose()
    }
  }

  #examine(node: Node, scope: Scope): Promise<EndpointHealth> {
    const { clock, maxBytes, credentials } = this.#options
    return examine(node, { clock, maxBytes, credentials, security: this.#security }, scope)
  }

  /** Finds out, apart from all calls, whether a server works again. */
  #tryAgain(node: Node): void {
    const { callMilliseconds: milliseconds } = this.#options
    const scope = openScope({ parent: this.#everything, milliseconds })
    void this.#examine(node, scope)
      .catch(() => undefined)
      .finally(() => scope.dispose())
  }
}

/** Makes a transport. It connects on first use. */
export function createTransport(options: TransportOptions): Transport {
  return new Cluster(options)
}
