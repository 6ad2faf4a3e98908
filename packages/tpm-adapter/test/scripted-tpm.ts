import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ScriptedTpm } from '@trusthold/core/testing'

/** Whole commands from a stream, by their size fields. */
async function* commandsOf(socket: Socket): AsyncIterable<Buffer> {
  let received = Buffer.alloc(0)
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer])
    while (received.length >= 10 && received.length >= received.readUInt32BE(2)) {
      const length = received.readUInt32BE(2)
      yield received.subarray(0, length)
      received = received.subarray(length)
    }
  }
}

async function serve(socket: Socket, answer: ScriptedTpm): Promise<void> {
  socket.setNoDelay(true)
  try {
    for await (const command of commandsOf(socket)) {
      for await (const piece of answer(command)) {
        socket.write(piece)
        await nextTurn()
      }
    }
  } catch {
    socket.destroy()
  }
}

/** A server that answers as it is told, over a real socket. */
export interface ScriptedServer {
  readonly port: number
  /** How many connections there were. */
  connections(): number
  close(): Promise<void>
}

/** Starts a made-up TPM on a loopback port. */
export async function startScriptedTpm(answer: ScriptedTpm): Promise<ScriptedServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server: Server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    void serve(socket, answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => connections,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
