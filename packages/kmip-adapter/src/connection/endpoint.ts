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

function invalid(reason: string): TrustholdError<'CONFIGURATION_INVALID'> {
  return new TrustholdError('CONFIGURATION_INVALID', { name: 'servers', reason })
}

function splitAddress(address: string): { host: string; port?: number } {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?$/.exec(address)
  const match = bracketed ?? /^([^:[\]]+)(?::(\d{1,5}))?$/.exec(address)
  if (match === null) {
    throw invalid(`expected host, host:port or [IPv6 address]:port, found ${JSON.stringify(address)}`)
  }
  const [, host = '', port] = match
  return port === undefined ? { host } : { host, port: Number(port) }
}

/**
 * Reads a server's address.
 * @throws CONFIGURATION_INVALID
 */
export function parseEndpoint(address: ServerAddress): Endpoint {
  const { host, port = defaultPort } = typeof address === 'string' ? splitAddress(address) : address
  if (!/^[^\s/@[\]]+$/.test(host)) throw invalid(`not a host name or address: ${JSON.stringify(host)}`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid(`not a port: ${port}`)
  return { host, port, label: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` }
}
