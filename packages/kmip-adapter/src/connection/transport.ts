import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import { decodeOutcome, encodeRequest, isTransient, type Outcome, toResultError } from '../messages/index.js'
import type { Operation } from '../operations/index.js'
import type { KmipVersion, TtlvReadOptions } from '../ttlv/index.js'
import { type Connection, openConnection } from './connection.js'
import type { Endpoint } from './endpoint.js'
import { negotiateVersion } from './negotiate.js'
import { createPool, type Pool } from './pool.js'
import { openScope, type Scope } from './scope.js'
import type { Security } from './security.js'

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call with TRANSPORT_ABORTED; what happened at the server is then unknown. */
  readonly signal?: AbortSignal | undefined
  /** Time for the whole call, in milliseconds; that of the client when absent. */
  readonly milliseconds?: number | undefined
}

/** Everything that a {@link Transport} needs; no defaults. */
export interface TransportOptions {
  /** All hold the same objects; tried in this order. */
  readonly endpoints: readonly Endpoint[]
  readonly security: Security
  /** Versions that may be spoken, in order of preference. One that is alone and pinned is not negotiated. */
  readonly versions: readonly KmipVersion[]
  readonly pinned: boolean
  /** Time for TCP and TLS of one connection, in milliseconds. */
  readonly connectMilliseconds: number
  /** Time for a call, in milliseconds. */
  readonly callMilliseconds: number
  readonly idleMilliseconds: number
  /** Connections to one endpoint, at most. */
  readonly maxConnections: number
  readonly limits: Required<Pick<TtlvReadOptions, 'maxBytes'>>
}

/** Carries operations to the first server that can be reached. */
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
  /** Resolves to the version that the first server speaks that can be reached. */
  version(options?: CallOptions): Promise<KmipVersion>
  /** Destroys all connections; calls that are running fail with TRANSPORT_CLOSED. May be called again. */
  close(): void
}

/** One server: its connections, and the version that was agreed on. */
interface Node {
  readonly endpoint: Endpoint
  readonly pool: Pool
  version: KmipVersion | undefined
}

/** Whether nothing was sent yet when this went wrong, so that another server may be asked the same. */
function isUnreached(error: unknown): boolean {
  const isTransport =
    isTrustholdError(error, 'TRANSPORT_FAILED') || isTrustholdError(error, 'TRANSPORT_TIMEOUT')
  return isTransport && (error.context.phase === 'connect' || error.context.phase === 'tls')
}

/** Whether an idle connection turned out to be dead: the other side had closed it before it saw the request. */
function isStale(connection: Connection, error: unknown): boolean {
  return connection.answered > 0 && !connection.answering && isTrustholdError(error, 'TRANSPORT_FAILED')
}

function allUnreached(failures: readonly unknown[]): unknown {
  const last = failures.at(-1)
  if (failures.length < 2 || !isTrustholdError(last)) return last
  const cause = new AggregateError(failures, 'no server can be reached')
  return new TrustholdError(last.code, last.context, { cause, retryable: last.retryable })
}

/** Sends a frame over a connection of the pool, once more over a fresh one when the first was dead. */
async function exchange(node: Node, repeatable: boolean, frame: Uint8Array, scope: Scope) {
  let connection = await node.pool.acquire(scope)
  try {
    return { connection, response: await connection.exchange(frame, scope) }
  } catch (error) {
    node.pool.release(connection)
    if (!repeatable || !isStale(connection, error)) throw error
  }
  connection = await node.pool.acquire(scope, true)
  try {
    return { connection, response: await connection.exchange(frame, scope) }
  } catch (error) {
    node.pool.release(connection)
    throw error
  }
}

async function ask<Q, R>(
  node: Node,
  operation: Operation<Q, R>,
  frame: Uint8Array,
  limits: TtlvReadOptions,
  scope: Scope,
): Promise<Outcome<R>> {
  const { connection, response } = await exchange(node, operation.repeatable, frame, scope)
  try {
    const outcome = decodeOutcome(operation, response, limits)
    // Some servers tie a session to the connection, and refuse everything on it once the session has ended.
    if (outcome.kind === 'failure' && isTransient(operation.name, outcome.failure)) connection.destroy()
    return outcome
  } catch (error) {
    connection.destroy()
    throw error
  } finally {
    response.fill(0)
    node.pool.release(connection)
  }
}

function createNode(endpoint: Endpoint, options: TransportOptions): Node {
  const { security, limits, connectMilliseconds, maxConnections, idleMilliseconds, pinned } = options
  const open = async (scope: Scope): Promise<Connection> => {
    const connecting = openScope({ parent: scope, milliseconds: connectMilliseconds })
    try {
      return await openConnection(endpoint, { security, maxBytes: limits.maxBytes }, connecting)
    } finally {
      connecting.dispose()
    }
  }
  const pool = createPool({ label: endpoint.label, open, maxConnections, idleMilliseconds })
  return { endpoint, pool, version: pinned ? options.versions[0] : undefined }
}

/** The version that is spoken with a server; agreed on at the first call. */
async function versionOf(
  node: Node,
  { limits, versions }: TransportOptions,
  scope: Scope,
): Promise<KmipVersion> {
  node.version ??= await negotiateVersion(
    (operation, payload, version) =>
      ask(node, operation, encodeRequest(operation, payload, version), limits, scope),
    versions,
  )
  return node.version
}

async function performOn<Q, R>(
  node: Node,
  operation: Operation<Q, R>,
  payload: (version: KmipVersion) => Q,
  options: TransportOptions,
  scope: Scope,
): Promise<R> {
  const version = await versionOf(node, options, scope)
  const frame = encodeRequest(operation, payload(version), version)
  const outcome = await ask(node, operation, frame, options.limits, scope)
  if (outcome.kind === 'success') return outcome.payload
  const { ofMessage, reason } = outcome.failure
  // The server may be another one by now, or speak another version after an upgrade.
  const isVersionDoubtful = ofMessage || reason === 'UnsupportedProtocolVersion'
  if (isVersionDoubtful && !options.pinned) node.version = undefined
  throw toResultError(operation.name, outcome.failure)
}

/** Does the work with the first node that can be reached. */
async function withFirst<T>(
  nodes: readonly Node[],
  scope: Scope,
  work: (node: Node) => Promise<T>,
): Promise<T> {
  const label = nodes.map(({ endpoint }) => endpoint.label).join(', ')
  const failures: unknown[] = []
  for (const node of nodes) {
    if (scope.signal.aborted) throw scope.error(label, 'connect')
    try {
      return await work(node)
    } catch (error) {
      if (!isUnreached(error)) throw error
      failures.push(error)
    }
  }
  throw allUnreached(failures)
}

/** Makes a transport. It connects on first use. */
export function createTransport(options: TransportOptions): Transport {
  const nodes = options.endpoints.map((endpoint) => createNode(endpoint, options))
  const everything = openScope({})

  /** Does the work within the bounds of a call. */
  const within = async <T>(call: CallOptions, work: (node: Node, scope: Scope) => Promise<T>): Promise<T> => {
    const milliseconds = call.milliseconds ?? options.callMilliseconds
    const scope = openScope({ parent: everything, milliseconds, signal: call.signal })
    try {
      return await withFirst(nodes, scope, (node) => work(node, scope))
    } finally {
      scope.dispose()
    }
  }

  return {
    perform: (operation, payload, call = {}) =>
      within(call, (node, scope) => performOn(node, operation, payload, options, scope)),
    version: (call = {}) =>
      within(call, async (node, scope) => {
        if (options.pinned) node.pool.release(await node.pool.acquire(scope))
        return await versionOf(node, options, scope)
      }),
    close() {
      everything.end({ kind: 'closed' })
      for (const { pool } of nodes) pool.close()
    },
  }
}
