import { isIP } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Endpoint } from './endpoint.js'
import { transportFailed } from './failure.js'
import { type HttpProxy, openTunnel } from './proxy.js'
import type { Scope } from './scope.js'
import { findCertificateFault, type Security } from './security.js'
import { waitForEvent } from './wait-for-event.js'

/** The way to a server. */
export interface Route {
  readonly endpoint: Endpoint
  readonly proxy: HttpProxy | undefined
}

function tlsOptions(host: string, security: Security): ConnectionOptions {
  const name = security.serverName ?? host
  return {
    secureContext: security.context,
    // Said here so that NODE_TLS_REJECT_UNAUTHORIZED does not matter.
    rejectUnauthorized: true,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_, certificate) => findCertificateFault(security, host, certificate),
  }
}

/**
 * Connects to a server and agrees on TLS with it: its certificate must chain to a trusted one, have its name, and be a
 * pinned one where there are pins. No session is ever resumed, so that all of this is checked each time.
 * @throws TRANSPORT_FAILED or TRANSPORT_TIMEOUT with the phase `connect` or `tls`; TRANSPORT_ABORTED, TRANSPORT_CLOSED
 */
export async function openSocket(
  { endpoint, proxy }: Route,
  security: Security,
  scope: Scope,
): Promise<TLSSocket> {
  const { host, port, label } = endpoint
  if (scope.over) throw scope.error(label, 'connect')
  const options = tlsOptions(host, security)
  const socket =
    proxy === undefined
      ? connect({ ...options, host, port })
      : connect({ ...options, socket: await openTunnel(proxy, endpoint, scope) })
  if (proxy === undefined) await waitForEvent(socket, 'connect', label, 'connect', scope)
  await waitForEvent(socket, 'secureConnect', label, 'tls', scope)
  if (!socket.authorized) {
    socket.destroy()
    throw transportFailed(label, 'tls', socket.authorizationError)
  }
  return socket.setNoDelay(true)
}
