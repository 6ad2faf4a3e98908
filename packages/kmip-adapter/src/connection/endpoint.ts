import { TrustholdError } from '@trusthold/core/errors'

/** KMIP's registered port (IANA). */
export const defaultPort = 5696

/** Where a server is. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  /** `host:port`, as errors name it. */
  readonly label: string
}

/** A server as users write it: `host`, `host:port`, `[address]:port`, or its parts. Port 5696 when absent. */
export type ServerAddress = string | { readonly host: string; readonly port?: number }

function invalid(name: string, reason: string): TrustholdError<'CONFIGURATION_INVALID'> {
  return new TrustholdError('CONFIGURATION_INVALID', { name, reason })
}

function splitAddress(address: string): { host: string; port?: number } {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?$/.exec(address)
  const match = bracketed ?? /^([^:[\]]+)(?::(\d{1,5}))?$/.exec(address)
  if (match === null) {
    throw invalid(
      'servers',
      `expected host, host:port or [IPv6 address]:port, found ${JSON.stringify(address)}`,
    )
  }
  const [, host = '', port] = match
  return port === undefined ? { host } : { host, port: Number(port) }
}

/**
 * Checks host and port.
 * @param name of the option that they are from
 * @throws CONFIGURATION_INVALID
 */
export function parseAddress(name: string, { host, port }: { host: string; port: number }): Endpoint {
  if (typeof host !== 'string' || !/^[^\s/@[\]]+$/.test(host)) {
    throw invalid(name, `not a host name or address: ${JSON.stringify(host)}`)
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid(name, `not a port: ${port}`)
  return { host, port, label: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` }
}

/**
 * Reads a server's address.
 * @throws CONFIGURATION_INVALID
 */
export function parseEndpoint(address: ServerAddress): Endpoint {
  // Programs in plain JavaScript leave out, or give otherwise, what the types ask for.
  const { host, port = defaultPort } =
    typeof address === 'string' ? splitAddress(address) : (Object(address) as Exclude<ServerAddress, string>)
  return parseAddress('servers', { host, port })
}
