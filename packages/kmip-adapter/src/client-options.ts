import { TrustholdError } from '@trusthold/core/errors'
import {
  createSecurity,
  createTransport,
  type KmipTlsOptions,
  parseEndpoint,
  type ServerAddress,
  type Transport,
} from './connection/index.js'
import { isKmipVersion, type KmipVersion } from './ttlv/index.js'

/** Options of {@link KmipClient.connect} and of the key server. */
export interface KmipClientOptions {
  /** All hold the same objects; tried in this order. */
  readonly servers: readonly ServerAddress[]
  readonly tls: KmipTlsOptions
  /** Speaks this version without asking the server, for old appliances that cannot be asked. */
  readonly version?: KmipVersion
  /** Versions that may be spoken, in order of preference; 1.4 down to 1.0 by default. */
  readonly versions?: readonly KmipVersion[]
  readonly timeouts?: {
    /** Time to connect to one server, TLS included, in milliseconds; 5,000 by default. */
    readonly connect?: number
    /** Time for a whole call, in milliseconds; 30,000 by default. */
    readonly call?: number
    /**
     * How long an idle connection is kept, in milliseconds; 25,000 by default, since servers are known to drop idle
     * ones after 30 seconds.
     */
    readonly idle?: number
  }
  /** Connections to one server, at most; 4 by default. */
  readonly maxConnections?: number
  /** Longest response, in bytes; 1 MiB by default. */
  readonly maxResponseBytes?: number
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

/**
 * Makes the transport that the options describe.
 * @throws CONFIGURATION_INVALID
 */
export function openTransport(options: KmipClientOptions): Transport {
  const { servers, timeouts = {}, maxConnections = 4, maxResponseBytes = 1 << 20 } = options
  if (servers.length === 0) throw invalid('servers', 'at least one is needed')
  return createTransport({
    endpoints: servers.map(parseEndpoint),
    security: createSecurity(options.tls),
    versions: chooseVersions(options),
    pinned: options.version !== undefined,
    connectMilliseconds: requireCount('timeouts.connect', timeouts.connect ?? 5_000, longestWait),
    callMilliseconds: requireCount('timeouts.call', timeouts.call ?? 30_000, longestWait),
    idleMilliseconds: requireCount('timeouts.idle', timeouts.idle ?? 25_000, longestWait),
    maxConnections: requireCount('maxConnections', maxConnections, 1_000),
    limits: { maxBytes: requireCount('maxResponseBytes', maxResponseBytes, 2 ** 30) },
  })
}
