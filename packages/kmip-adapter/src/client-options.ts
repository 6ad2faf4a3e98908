import { TrustholdError } from '@trusthold/core/errors'
import { type Clock, type RandomSource, systemClock, systemRandom } from '@trusthold/core/ports'
import { createTransport, type Transport } from './cluster/index.js'
import {
  createSecurity,
  type KmipProxy,
  type KmipTlsOptions,
  parseEndpoint,
  parseProxy,
  type ServerAddress,
} from './connection/index.js'
import type { Credential } from './protocol/index.js'
import type { RunnerSettings } from './run/index.js'
import { isKmipVersion, type KmipVersion } from './ttlv/index.js'

/** Options of {@link KmipClient.connect} and of the key server. */
export interface KmipClientOptions {
  /** All hold the same objects; tried in this order. */
  readonly servers: readonly ServerAddress[]
  readonly tls: KmipTlsOptions
  /**
   * What the client authenticates with besides its certificate: `userCredential`, `deviceCredential`. Several need KMIP
   * 1.2.
   */
  readonly credentials?: readonly Credential[]
  /** An HTTP proxy on the way to every server. */
  readonly proxy?: KmipProxy
  /** Speaks this version without asking the server, for old appliances that cannot be asked. */
  readonly version?: KmipVersion
  /** Versions that may be spoken, in order of preference; 1.4 down to 1.0 by default. */
  readonly versions?: readonly KmipVersion[]
  readonly timeouts?: {
    /** Time to connect to one server, TLS included, in milliseconds; 5,000 by default. */
    readonly connect?: number
    /** Time for one request to one server, in milliseconds; 10,000 by default. Then another server may be asked. */
    readonly request?: number
    /** Time for a whole call, in milliseconds; 30,000 by default. */
    readonly call?: number
    /**
     * How long an idle connection is kept, in milliseconds; 25,000 by default, since servers are known to drop idle
     * ones after 30 seconds.
     */
    readonly idle?: number
    /** How long a connection is used at all, in milliseconds; an hour by default. */
    readonly lifetime?: number
  }
  /** Connections to one server, at most; 4 by default. */
  readonly maxConnections?: number
  /**
   * Longest response, in bytes; 1 MiB by default. One that is given is said to the servers too (Maximum Response Size), which
   * then refuse with KMIP_RESULT of kind `tooLarge` instead of sending what would cost the connection.
   */
  readonly maxResponseBytes?: number
  /** Tells when a server that failed is tried again, and when certificates end; the machine's by default. */
  readonly clock?: Clock
  /** Spreads the times at which failed servers are tried again; the system's by default. */
  readonly random?: RandomSource
}

/** Versions 2.x are for those who ask for them: servers announce them, and are less proven there. */
const defaultVersions: readonly KmipVersion[] = ['1.4', '1.3', '1.2', '1.1', '1.0']

function invalid(name: string, reason: string): TrustholdError<'CONFIGURATION_INVALID'> {
  return new TrustholdError('CONFIGURATION_INVALID', { name, reason })
}

function requireCount(name: string, value: number, max: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= max) return value
  throw invalid(name, `expected a whole number of 1 to ${max}, found ${value}`)
}

function chooseVersions({ version, versions }: KmipClientOptions): readonly KmipVersion[] {
  if (version !== undefined && versions !== undefined) throw invalid('version', 'excludes `versions`')
  const chosen = version === undefined ? (versions ?? defaultVersions) : [version]
  const unknown = chosen.find((one) => !isKmipVersion(one))
  if (chosen.length === 0 || unknown !== undefined) {
    throw invalid('versions', `expected versions from 1.0 to 2.1, found ${unknown ?? 'none'}`)
  }
  return chosen
}

const longestWait = 2 ** 31 - 1
const defaultMaxBytes = 1 << 20

const defaultTimeouts = { connect: 5_000, request: 10_000, call: 30_000, idle: 25_000, lifetime: 3_600_000 }

function chooseTimeouts({ timeouts = {} }: KmipClientOptions): typeof defaultTimeouts {
  const chosen = { ...defaultTimeouts, ...timeouts }
  for (const [name, value] of Object.entries(chosen)) requireCount(`timeouts.${name}`, value, longestWait)
  return chosen
}

/** Only what was asked for: servers are known to fail on each field of the header that is optional. */
function announcedSize({ maxResponseBytes }: KmipClientOptions): { maximumResponseSize?: number } {
  return maxResponseBytes === undefined ? {} : { maximumResponseSize: maxResponseBytes }
}

/**
 * Makes the transport that the options describe.
 * @throws CONFIGURATION_INVALID
 */
export function openTransport(options: KmipClientOptions): Transport {
  // Programs in plain JavaScript leave out, or give otherwise, what the types ask for.
  if (typeof options !== 'object') throw invalid('options', `expected an object, found ${typeof options}`)
  const { servers, maxConnections = 4, maxResponseBytes = defaultMaxBytes } = options
  if (!Array.isArray(servers)) throw invalid('servers', 'expected a list of servers')
  if (servers.length === 0) throw invalid('servers', 'at least one is needed')
  const timeouts = chooseTimeouts(options)
  return createTransport({
    endpoints: servers.map(parseEndpoint),
    security: createSecurity(options.tls),
    proxy: options.proxy === undefined ? undefined : parseProxy(options.proxy),
    versions: chooseVersions(options),
    pinned: options.version,
    connectMilliseconds: timeouts.connect,
    requestMilliseconds: timeouts.request,
    callMilliseconds: timeouts.call,
    idleMilliseconds: timeouts.idle,
    lifetimeMilliseconds: timeouts.lifetime,
    maxConnections: requireCount('maxConnections', maxConnections, 1_000),
    maxBytes: requireCount('maxResponseBytes', maxResponseBytes, 2 ** 30),
    ...announcedSize(options),
    credentials: options.credentials ?? [],
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  })
}

/** What a client sends and reads messages by. @throws CONFIGURATION_INVALID */
export function runnerSettings(options: KmipClientOptions): RunnerSettings {
  const { credentials = [], maxResponseBytes = defaultMaxBytes } = options
  return {
    credentials,
    maxBytes: maxResponseBytes,
    ...announcedSize(options),
    callMilliseconds: chooseTimeouts(options).call,
  }
}
