import { constants } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type SecureContextOptions, type Server } from 'node:tls'
import { TrustholdError } from '@trusthold/core/errors'
import { type ClientConnection, type ConnectionContext, serveConnection } from './client-connection.js'

/** What a listener needs. */
export interface ListenerContext extends ConnectionContext {
  readonly secure: SecureContextOptions
  readonly maxConnections: number
  readonly handshakeMilliseconds: number
}

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** Takes connections over TLS with a certificate on both sides. */
export interface Listener {
  /** @throws TRANSPORT_FAILED */
  listen(address: { readonly host: string; readonly port: number }): Promise<ServerAddress>
  /** Uses other certificates for connections that come from now on. */
  secure(options: SecureContextOptions): void
  /** How many connections there are. */
  readonly connections: number
  /** Lets running requests end, for at most so many milliseconds, and closes every connection. */
  close(drainMilliseconds: number): Promise<void>
}

async function startListening(server: Server, host: string, port: number): Promise<void> {
  try {
    const listening = once(server, 'listening')
    server.listen(port, host)
    await listening
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it cannot listen'
    const context = { endpoint: `${host}:${port}`, phase: 'connect', reason } as const
    throw new TrustholdError('TRANSPORT_FAILED', context, { cause: error })
  }
}

/** Each connection shows its certificate, so that one that expired or was taken out is noticed: none is resumed. */
function withoutSessions(secure: SecureContextOptions): SecureContextOptions {
  return { ...secure, secureOptions: constants.SSL_OP_NO_TICKET }
}

/** Makes a listener; it takes nothing yet. */
export function createListener(context: ListenerContext): Listener {
  const connections = new Set<ClientConnection>()
  let closing: Promise<unknown> | undefined
  const server = createServer({
    ...withoutSessions(context.secure),
    requestCert: true,
    // Node would cut the connection without a word; clients are told in KMIP that they are not accepted.
    rejectUnauthorized: false,
    handshakeTimeout: context.handshakeMilliseconds,
    noDelay: true,
  })
  server.maxConnections = context.maxConnections
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('secureConnection', (socket) => {
    const connection = serveConnection(socket, context)
    connections.add(connection)
    if (closing !== undefined) connection.drain()
    void connection.closed.then(() => connections.delete(connection))
  })
  // Also clients that the handshake refused: the socket is destroyed already.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return {
    async listen({ host, port }) {
      await startListening(server, host, port)
      const { address, port: chosen } = server.address() as AddressInfo
      return { host: address, port: chosen }
    },
    secure: (options) => server.setSecureContext(withoutSessions(options)),
    get connections() {
      return sockets.size
    },
    async close(drainMilliseconds) {
      if (closing !== undefined || !server.listening) {
        await closing
        return
      }
      closing = once(server, 'close')
      server.close()
      for (const connection of connections) connection.drain()
      // Also those that are still shaking hands.
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, drainMilliseconds)
      await closing
      clearTimeout(timer)
    },
  }
}
