import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { KmipClient, requestMessage } from '@trusthold/kmip-adapter'
import { createKmipServer } from '@trusthold/kmip-adapter/server'
import { encodeMessage } from '@trusthold/kmip-adapter/ttlv'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { startPyKmip } from '../scripts/peers/pykmip.mjs'
import type { Benchmark } from './benchmark.js'

const connections = 4
/** A Get response with an AES-256 key and an id of one digit, as PyKMIP sends it. */
const responseBytes = 280

type PyKmip = Awaited<ReturnType<typeof startPyKmip>>

/** Sends bytes that were made before, and only counts those that come back: what no client can do without. */
interface RawExchange {
  exchange(): Promise<void>
}

async function openSocket(server: PyKmip): Promise<TLSSocket> {
  const socket = connect({
    host: server.host,
    port: server.port,
    ca: server.ca,
    cert: server.clientCertificate,
    key: server.clientPrivateKey,
  })
  await once(socket, 'secureConnect')
  return socket.setNoDelay(true).unref()
}

async function openRaw(server: PyKmip, request: Uint8Array): Promise<RawExchange> {
  const idle = await Promise.all(Array.from({ length: connections }, () => openSocket(server)))
  const waiting: ((socket: TLSSocket) => void)[] = []
  const release = (socket: TLSSocket): void => {
    const next = waiting.shift()
    if (next === undefined) idle.push(socket)
    else next(socket)
  }
  const send = (socket: TLSSocket): Promise<void> =>
    new Promise((resolve) => {
      let left = responseBytes
      const onData = (chunk: Uint8Array): void => {
        left -= chunk.length
        if (left > 0) return
        socket.off('data', onData).unref()
        release(socket)
        resolve()
      }
      socket.on('data', onData).ref().write(request)
    })
  return {
    async exchange() {
      const socket = idle.pop() ?? (await new Promise<TLSSocket>((resolve) => waiting.push(resolve)))
      await send(socket)
    },
  }
}

function getRequest(uniqueIdentifier: string): Uint8Array {
  return encodeMessage(requestMessage, {
    requestHeader: {
      protocolVersion: { protocolVersionMajor: 1, protocolVersionMinor: 4 },
      batchCount: 1,
    },
    batchItem: [{ operation: 'Get', requestPayload: { uniqueIdentifier } }],
  })
}

function connectTo(peer: PyKmip, port: number): Promise<KmipClient> {
  return KmipClient.connect({
    servers: [{ host: peer.host, port }],
    tls: {
      clientCertificate: peer.clientCertificate,
      clientPrivateKey: peer.clientPrivateKey,
      trustedCertificates: [peer.ca],
    },
    version: '1.4',
    maxConnections: connections,
  })
}

/** PyKMIP answers too few requests for the client's code to be compiled in good time: a faster server warms it up. */
async function warmUp(peer: PyKmip): Promise<void> {
  const identity = await peer.authority.issue({
    subject: '/CN=localhost',
    usage: ['serverAuth'],
    names: ['IP:127.0.0.1'],
  })
  await using server = createKmipServer({
    tls: { ...identity, clientCertificates: [peer.ca] },
    store: openMemory().config,
    keyEncryptionKey: randomBytes(32),
  })
  const { port } = await server.listen()
  await using client = await connectTo(peer, port)
  const id = await client.create({ algorithm: 'AES', length: 256 }).activate()
  let left = 20_000
  const work = async (): Promise<void> => {
    while (left-- > 0) (await client.get(id)).material.wipe()
  }
  await Promise.all(Array.from({ length: 32 }, work))
}

async function prepare() {
  const server = await startPyKmip()
  await warmUp(server)
  const client = await connectTo(server, server.port)
  const id = await client.create({ algorithm: 'AES', length: 256 }).activate()
  return { client, id, raw: await openRaw(server, getRequest(id)) }
}

let prepared: ReturnType<typeof prepare> | undefined

function getPrepared(): ReturnType<typeof prepare> {
  prepared ??= prepare()
  return prepared
}

/**
 * Get from a PyKMIP server over a pool of connections, against bytes that were made before over as many connections:
 * what codec, pool, versions and failover cost, seen beside what the server takes anyway.
 */
export const benchmarks: readonly Benchmark[] = [
  {
    id: 'kmip.pool.get',
    async run() {
      const { client, id } = await getPrepared()
      const key = await client.get(id)
      key.material.wipe()
    },
    async floor() {
      const { raw } = await getPrepared()
      await raw.exchange()
    },
  },
]
