import { createServer, type Server, type Socket } from 'node:net'
import { describeError, TrustholdError } from '@trusthold/core/errors'
import { ByteQueue } from './byte-queue.js'
import type { ConnectionHandler, Protocol, ServedTpm } from './protocol.js'
import { simulatorProtocol } from './simulator-protocol.js'
import { swtpmProtocol } from './swtpm-protocol.js'

/** Options of {@link listenSoftwareTpm}. */
export interface ListenOptions {
  /** `swtpm`: that of swtpm's sockets, by default; `simulator`: that of the reference simulator. */
  readonly protocol?: 'swtpm' | 'simulator'
  /** Where commands come; the next one is the control or platform port. Any free pair by default. */
  readonly port?: number
  /** 127.0.0.1 by default. Nothing is authenticated: whoever reaches the ports has the TPM. */
  readonly host?: string
}

/** A software TPM that listens. */
export interface ListeningTpm {
  readonly port: number
  /** How tpm2-tools reach it: `TPM2TOOLS_TCTI`. */
  readonly tcti: string
  /** Ends connections and stops listening. The TPM goes on. */
  close(): Promise<void>
}

/** Connections to one port at a time: a TPM has few clients, and each may hold a command that is not whole. */
const mostConnections = 64

/** Requests of one connection, one after the other. Who does not take the answers is not read from. */
function serve(socket: Socket, handler: ConnectionHandler): void {
  const input = new ByteQueue()
  const end = (): void => {
    socket.pause()
    socket.destroySoon()
  }
  const answerAll = (): void => {
    try {
      for (;;) {
        const answer = handler.next(input)
        if (answer === 'end') end()
        if (answer === undefined || answer === 'end') return
        if (!socket.write(answer)) {
          socket.pause()
          return
        }
      }
    } catch (error) {
      // The TPM was closed, or its state cannot be written: a response would be a lie.
      socket.destroy(error instanceof Error ? error : new Error(describeError(error)))
    }
  }
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    input.push(chunk)
    answerAll()
  })
  socket.on('drain', () => {
    socket.resume()
    answerAll()
  })
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function createListener(handler: () => ConnectionHandler, sockets: Set<Socket>): Server {
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, handler())
  })
  server.maxConnections = mostConnections
  return server
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

/** Binds both ports; of a free pair only the first is known to be free, so there are several tries. */
async function bindPair(first: Server, second: Server, host: string, wanted: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = await bind(first, host, wanted)
    try {
      await bind(second, host, port + 1)
      return port
    } catch (error) {
      await stop(first)
      if (wanted !== 0 || attempt === 16) throw error
    }
  }
}

/**
 * Lets other programs use a software TPM, tpm2-tools and everything on tpm2-tss among them.
 * @throws TRANSPORT_FAILED when the ports are taken
 */
export async function listenSoftwareTpm(tpm: ServedTpm, options: ListenOptions = {}): Promise<ListeningTpm> {
  const { protocol = 'swtpm', port: wanted = 0, host = '127.0.0.1' } = options
  const spoken: Protocol = protocol === 'swtpm' ? swtpmProtocol(tpm) : simulatorProtocol(tpm)
  const sockets = new Set<Socket>()
  const commands = createListener(spoken.commands, sockets)
  const control = createListener(spoken.control, sockets)
  try {
    const port = await bindPair(commands, control, host, wanted)
    return {
      port,
      tcti: `${spoken.tcti}:host=${host},port=${port}`,
      async close() {
        for (const socket of sockets) socket.destroy()
        await Promise.all([stop(commands), stop(control)])
      },
    }
  } catch (error) {
    const endpoint = `tcp://${host}:${wanted}`
    const reason = describeError(error)
    throw new TrustholdError('TRANSPORT_FAILED', { endpoint, phase: 'connect', reason }, { cause: error })
  }
}
