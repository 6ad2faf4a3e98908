import { isTrustholdError } from '@trusthold/core/errors'
import type { Clock } from '@trusthold/core/ports'
import { type Connection, isRefusedByAlert, type Scope, type Security } from '../connection/index.js'
import { type Outcome, toResultError } from '../messages/index.js'
import { locate, locateRequest, query, queryRequest } from '../operations/index.js'
import type { KmipVersion } from '../ttlv/index.js'
import type { CircuitState } from './circuit.js'
import { type ExchangeSettings, exchangeOf } from './exchange.js'
import { isOver, isServersFault } from './failover.js'
import type { Node } from './node.js'

/** What was found out about one server. A member that is absent could not be found out. */
export interface EndpointHealth {
  /** `host:port`. */
  readonly endpoint: string
  /** Whether the server's certificate is one that we believe: its chain, its name, and its pin if there are any. */
  readonly clientTrustsServer?: boolean
  /** Whether the server takes our certificate and our credentials: it carried out a search. */
  readonly serverTrustsClient?: boolean
  /** The version that is spoken with it. */
  readonly version?: KmipVersion
  /** What it calls itself. */
  readonly vendor?: string
  /** Time of a question and its answer on an open connection. */
  readonly latencyMilliseconds?: number
  /** Whole days until our certificate ends; negative when it has ended. */
  readonly clientCertificateDays: number
  /** Whole days until the server's certificate ends. */
  readonly serverCertificateDays?: number
  /** Whether calls go to it. */
  readonly circuit: CircuitState
  /** What keeps it from working now; nothing when it works. */
  readonly error?: unknown
  /** What went wrong with it last, maybe long ago. */
  readonly lastError?: unknown
}

/** What {@link examine} needs besides the server. */
export interface ExamineOptions extends ExchangeSettings {
  readonly clock: Clock
  readonly security: Security
}

type Findings = {
  -readonly [K in
    | 'clientTrustsServer'
    | 'serverTrustsClient'
    | 'vendor'
    | 'latencyMilliseconds']?: EndpointHealth[K]
} & { version?: KmipVersion; serverCertificateEnds?: number }

const dayMilliseconds = 86_400_000

/** Asks what the server is, and for something that it asks credentials for. */
async function interview(
  node: Node,
  connection: Connection,
  findings: Findings,
  settings: ExchangeSettings,
  scope: Scope,
): Promise<void> {
  const version = await node.agreeOver(connection, scope)
  findings.version = version
  const question = exchangeOf(query, () => queryRequest(['QueryServerInformation'], version), settings)
  const start = performance.now()
  const answer = await node.exchangeOver(connection, question, version, scope)
  findings.latencyMilliseconds = performance.now() - start
  if (answer.kind === 'success' && answer.payload.vendorIdentification !== undefined) {
    findings.vendor = answer.payload.vendorIdentification
  }
  const filter = [{ name: 'ObjectType', value: 'SymmetricKey' }] as const
  const search = exchangeOf(locate, () => locateRequest(filter, { maximumItems: 1 }, version), settings)
  const found: Outcome<unknown> = await node.exchangeOver(connection, search, version, scope)
  if (found.kind === 'failure') throw toResultError('Locate', found.failure)
  findings.serverTrustsClient = true
}

async function visit(
  node: Node,
  findings: Findings,
  settings: ExchangeSettings,
  scope: Scope,
): Promise<void> {
  const connection = await node.open(scope)
  try {
    findings.clientTrustsServer = true
    if (connection.serverCertificateEnds !== undefined) {
      findings.serverCertificateEnds = connection.serverCertificateEnds
    }
    await interview(node, connection, findings, settings, scope)
  } finally {
    connection.destroy()
  }
}

/** What an error says about who believes whom. */
function noteDistrust(findings: Findings, error: unknown): void {
  if (isRefusedByAlert(error)) findings.serverTrustsClient = false
  else if (isTrustholdError(error, 'KMIP_RESULT')) {
    if (error.context.kind === 'authentication') findings.serverTrustsClient = false
  } else if (isTrustholdError(error, 'TRANSPORT_FAILED')) {
    if (error.context.phase === 'tls' && !error.retryable) findings.clientTrustsServer = false
  }
}

/**
 * Tries a server over a connection of its own: reaches it, agrees on a version, asks what it is, and searches. Its
 * circuit learns of the end.
 * @throws TRANSPORT_ABORTED and TRANSPORT_CLOSED only
 */
export async function examine(
  node: Node,
  { clock, security, ...settings }: ExamineOptions,
  scope: Scope,
): Promise<EndpointHealth> {
  const findings: Findings = {}
  let failure: unknown
  try {
    await visit(node, findings, settings, scope)
    node.circuit.succeed()
  } catch (error) {
    if (isOver(error)) {
      node.circuit.returnTrial()
      throw error
    }
    failure = error
    noteDistrust(findings, error)
    if (findings.version === undefined || isServersFault(error)) node.circuit.fail(error)
    else node.circuit.succeed()
  }
  const { serverCertificateEnds, ...found } = findings
  const daysUntil = (end: number): number => Math.floor((end - clock.now()) / dayMilliseconds)
  const { lastError, state } = node.circuit
  return {
    endpoint: node.endpoint.label,
    ...found,
    clientCertificateDays: daysUntil(security.clientCertificateEnds),
    ...(serverCertificateEnds === undefined
      ? {}
      : { serverCertificateDays: daysUntil(serverCertificateEnds) }),
    circuit: state,
    ...(failure === undefined ? {} : { error: failure }),
    ...(lastError === undefined ? {} : { lastError }),
  }
}
