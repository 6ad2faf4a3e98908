import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ScriptedTpm } from '@trusthold/core/testing'

/** A server that answers as it is told, over a real socket. */
export interface ScriptedServer {
  readonly port: number
  /** How many connections there were. */
  connections(): number
  close(): Promise<void>
}

/** Starts a server on a loopback port; a connection is cut when serving it fails, and left open when it ends. */
export async function startScriptedServer(serve: (socket: Socket) => Promise<void>): Promise<ScriptedServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server: Server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    serve(socket).catch(() => socket.destroy())
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

/** Whole messages from a stream. The length of one is known when enough of it is there, and 0 before. */
export async function* messagesOf(
  socket: Socket,
  lengthOf: (received: Buffer) => number,
): AsyncIterable<Buffer> {
  let received = Buffer.alloc(0)
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer])
    for (;;) {
      const length = lengthOf(received)
      if (length === 0 || received.length < length) break
      yield received.subarray(0, length)
      received = received.subarray(length)
    }
  }
}

/** Writes pieces so that they arrive as such. */
export async function writePieces(socket: Socket, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    socket.write(piece)
    await nextTurn()
  }
}

/** Starts a made-up TPM that gets bare commands, by their size fields. */
export function startScriptedTpm(answer: ScriptedTpm): Promise<ScriptedServer> {
  const lengthOf = (received: Buffer): number => (received.length < 10 ? 0 : received.readUInt32BE(2))
  return startScriptedServer(async (socket) => {
    for await (const command of messagesOf(socket, lengthOf)) await writePieces(socket, answer(command))
  })
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** The pieces of an answer in one message of the simulator's protocol, cut where the answer is cut. */
async function* inMessage(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const all: Uint8Array[] = []
  let failure: Error | undefined
  try {
    for await (const piece of pieces) all.push(piece)
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
  }
  const length = all.reduce((sum, piece) => sum + piece.length, 0)
  // A connection that ends within the response has announced all of it.
  yield u32(failure === undefined ? length : length + 1)
  yield* all
  if (failure !== undefined) throw failure
  yield u32(0)
}

/** Starts a made-up TPM behind the simulator's command port: request 8, locality, length, command. */
export function startScriptedSimulator(answer: ScriptedTpm): Promise<ScriptedServer> {
  const lengthOf = (received: Buffer): number => (received.length < 9 ? 0 : 9 + received.readUInt32BE(5))
  return startScriptedServer(async (socket) => {
    for await (const message of messagesOf(socket, lengthOf)) {
      if (message.readUInt32BE(0) !== 8) throw new Error('not a command')
      await writePieces(socket, inMessage(answer(message.subarray(9))))
    }
  })
}
