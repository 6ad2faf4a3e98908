import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { KmipClient, requestMessage } from '@trusthold/kmip-adapter'
import { createKmipServer } from '@trusthold/kmip-adapter/server'
import { encodeMessage, messageLength } from '@trusthold/kmip-adapter/ttlv'
import { openSqlite } from '@trusthold/storage-adapter'
import { startPyKmip } from '../scripts/peers/pykmip.mjs'
import type { Benchmark } from './benchmark.js'

const connections = 8

type PyKmip = Awaited<ReturnType<typeof startPyKmip>>

/** Asks for a key over several connections, one request at a time on each, with bytes that were made before. */
interface Asker {
  ask(): Promise<void>
  close(): void
}

async function openSocket(peer: PyKmip, port: number): Promise<TLSSocket> {
  const socket = connect({
    host: peer.host,
    port,
    ca: peer.ca,
    cert: peer.clientCertificate,
    key: peer.clientPrivateKey,
    // What PyKMIP speaks, for both.
    maxVersion: 'TLSv1.2',
  })
  await once(socket, 'secureConnect')
  return socket.setNoDelay(true).unref()
}

function getRequest(uniqueIdentifier: string): Uint8Array {
  const protocolVersion = { protocolVersionMajor: 1, protocolVersionMinor: 4 }
  return encodeMessage(requestMessage, {
    requestHeader: { protocolVersion, batchCount: 1 },
    batchItem: [{ operation: 'Get', requestPayload: { uniqueIdentifier } }],
  })
}

/** Sends a request and waits for the whole answer, as long as its header says. */
function exchange(socket: TLSSocket, request: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    let left: number | undefined
    const onData = (chunk: Uint8Array): void => {
      left = (left ?? messageLength(chunk)) - chunk.length
      if (left > 0) return
      socket.off('data', onData).unref()
      resolve()
    }
    socket.on('data', onData).ref().write(request)
  })
}

async function openAsker(peer: PyKmip, port: number, request: Uint8Array): Promise<Asker> {
  const idle = await Promise.all(Array.from({ length: connections }, () => openSocket(peer, port)))
  const all = [...idle]
  const waiting: ((socket: TLSSocket) => void)[] = []
  return {
    close() {
      for (const socket of all) socket.destroy()
    },
    async ask() {
      const socket = idle.pop() ?? (await new Promise<TLSSocket>((resolve) => waiting.push(resolve)))
      await exchange(socket, request)
      const next = waiting.shift()
      if (next === undefined) idle.push(socket)
      else next(socket)
    },
  }
}

async function createKey(peer: PyKmip, port: number): Promise<string> {
  await using client = await KmipClient.connect({
    servers: [{ host: peer.host, port }],
    tls: {
      clientCertificate: peer.clientCertificate,
      clientPrivateKey: peer.clientPrivateKey,
      trustedCertificates: [peer.ca],
    },
    version: '1.4',
  })
  return await client.create({ algorithm: 'AES', length: 256 }).activate()
}

/** Our server, in this process like those that ask it, on a database of its own. */
async function openEmbedded(peer: PyKmip, exclusive: boolean) {
  const directory = await mkdtemp(join(tmpdir(), 'trusthold-bench-'))
  const storage = await openSqlite(join(directory, 'keys.db'))
  const identity = await peer.authority.issue({
    subject: '/CN=localhost',
    usage: ['serverAuth'],
    names: ['IP:127.0.0.1'],
    key: 'rsa',
  })
  const server = createKmipServer({
    tls: { ...identity, clientCertificates: [peer.ca] },
    store: storage.config,
    exclusive,
    keyEncryptionKey: randomBytes(32),
  })
  const { port } = await server.listen()
  const { ask, close } = await openAsker(peer, port, getRequest(await createKey(peer, port)))
  return {
    ask,
    async stop() {
      close()
      await server.close()
      await storage.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

let started: Promise<PyKmip> | undefined
const getPyKmip = (): Promise<PyKmip> => {
  started ??= startPyKmip()
  return started
}

/** Gets per second of PyKMIP at as many connections. */
async function measurePyKmip(milliseconds = 3_000): Promise<number> {
  const peer = await getPyKmip()
  const { ask, close } = await openAsker(peer, peer.port, getRequest(await createKey(peer, peer.port)))
  const end = performance.now() + milliseconds
  let count = 0
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      await ask()
      count++
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: connections }, work))
  const seconds = (performance.now() - start) / 1_000
  close()
  return count / seconds
}

function serve(id: string, exclusive: boolean): Benchmark {
  let embedded: ReturnType<typeof openEmbedded> | undefined
  return {
    id,
    async run() {
      embedded ??= getPyKmip().then((peer) => openEmbedded(peer, exclusive))
      await (await embedded).ask()
    },
    // Asked last, so that the two do not take turns on the machine.
    async peer() {
      await (await embedded)?.stop()
      return measurePyKmip()
    },
  }
}

/** How many keys the embedded server hands out, on SQLite, against PyKMIP, which also keeps them in SQLite. */
export const benchmarks: Benchmark[] = [
  serve('kmip.server.get', true),
  serve('kmip.server.get.shared', false),
]
