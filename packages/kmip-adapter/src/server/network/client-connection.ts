import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { createFrameAssembler } from '../../ttlv/index.js'
import { type ClientIdentity, identityOf } from '../owners.js'
import { createWaitingTime } from './waiting-time.js'

/** Time limits of a connection, in milliseconds. */
export interface ConnectionTimes {
  /** Between an answer and the first byte of the next request. */
  readonly idle: number
  /** From the first byte of a request to its last, and again until the network took over its answer. */
  readonly request: number
  /** For all that a client does that is not accepted, and for the end of a connection that cannot go on. */
  readonly stranger: number
}

/** What a connection needs. */
export interface ConnectionContext {
  readonly times: ConnectionTimes
  readonly maxRequestBytes: number
  /** Answers a message. */
  answer(frame: Uint8Array, client: ClientIdentity): Promise<Uint8Array>
  /** The answer to bytes that are no message, or one that is too long; the connection is closed after it. */
  reject(error: unknown): Uint8Array
  /** The answer to a client without a certificate that is trusted; the connection is closed after it. */
  rejectClient(): Uint8Array
}

/** A client that is connected. */
export interface ClientConnection {
  readonly closed: Promise<void>
  /** Answers the request that is being carried out, if any, and closes. */
  drain(): void
}

/** The client, when it proved to have the key of a certificate that is trusted. */
function clientOf(socket: TLSSocket): ClientIdentity | undefined {
  const certificate: X509Certificate | undefined = socket.getPeerX509Certificate()
  return certificate === undefined || !socket.authorized ? undefined : identityOf(certificate)
}

/** Sends an answer, and overwrites it once the network took it over. */
function send(socket: TLSSocket, answer: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.write(answer, () => {
      answer.fill(0)
      resolve()
    })
  })
}

/**
 * Serves one client: a request at a time, in order, reading on only when its answer is out, so that a client that does
 * not read what it gets fills no memory.
 */
export function serveConnection(socket: TLSSocket, context: ConnectionContext): ClientConnection {
  const { maxRequestBytes } = context
  const client = clientOf(socket)
  const assembler = createFrameAssembler(maxRequestBytes, 'RequestMessage')
  let busy = false
  let draining = false
  const time = createWaitingTime(context.times, () => socket.destroy())
  /** Answers for the last time; what still comes is not looked at. */
  const end = (answer: Uint8Array): void => {
    draining = true
    busy = false
    time.restart('stranger')
    socket.end(answer)
    socket.resume()
  }

  const serve = async (frames: readonly Uint8Array[]): Promise<void> => {
    busy = true
    socket.pause()
    for (const frame of frames) {
      if (draining || socket.destroyed) break
      if (client === undefined) return end(context.rejectClient())
      time.restart('request')
      await send(socket, await context.answer(frame, client))
    }
    busy = false
    if (draining) socket.end()
    socket.resume()
    time.restart(assembler.pending > 0 ? 'request' : 'idle')
  }

  socket.on('data', (chunk: Buffer) => {
    if (draining && !busy) return
    try {
      const frames = assembler.push(chunk)
      // An answer that cannot be made leaves nothing to say; `onError` has been told.
      if (frames.length > 0) serve(frames).catch(() => socket.destroy())
      else if (assembler.pending > 0) time.allow(client === undefined ? 'stranger' : 'request')
    } catch (error) {
      end(client === undefined ? context.rejectClient() : context.reject(error))
    }
  })
  socket.on('error', () => socket.destroy())
  socket.on('end', () => {
    if (!busy) socket.end()
    else draining = true
  })
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      time.stop()
      resolve()
    })
  })
  time.allow(client === undefined ? 'stranger' : 'idle')
  return {
    closed,
    drain() {
      draining = true
      if (!busy) socket.end()
    },
  }
}
