import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Identity } from '../../../../scripts/peers/certificate-authority.mjs'
import { type ResponseMessage, responseMessage } from '../../src/messages/index.js'
import { createFrameAssembler, decodeMessage } from '../../src/ttlv/index.js'

/** A connection on which tests send what bytes they like. */
export interface RawClient extends AsyncDisposable {
  readonly socket: TLSSocket
  /** Sends bytes and waits for one whole message. */
  ask(bytes: Uint8Array): Promise<Uint8Array>
  /** Sends bytes and reads the answer. */
  exchange(bytes: Uint8Array): Promise<ResponseMessage>
  /** The next whole message; undefined when the connection ended before there was one. */
  next(): Promise<Uint8Array | undefined>
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<unknown>
}

/** Connects with a certificate; without one when there is none. */
export async function connectRaw(
  port: number,
  identity: Identity | undefined,
  ca: string,
  more: ConnectionOptions = {},
): Promise<RawClient> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca,
    ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.privateKey }),
    ...more,
  })
  const closed = new Promise((resolve) => {
    socket.once('close', resolve)
  })
  const frames: Uint8Array[] = []
  const waiting: ((frame: Uint8Array | undefined) => void)[] = []
  const assembler = createFrameAssembler(1 << 24)
  socket.on('data', (chunk: Buffer) => {
    for (const frame of assembler.push(chunk)) {
      const waiter = waiting.shift()
      if (waiter === undefined) frames.push(frame)
      else waiter(frame)
    }
  })
  socket.on('error', () => undefined)
  void closed.then(() => {
    for (const waiter of waiting.splice(0)) waiter(undefined)
  })
  await Promise.race([once(socket, 'secureConnect').catch(() => closed), closed])
  const next = (): Promise<Uint8Array | undefined> => {
    const frame = frames.shift()
    if (frame !== undefined || socket.destroyed) return Promise.resolve(frame)
    return new Promise((resolve) => waiting.push(resolve))
  }
  const ask = async (bytes: Uint8Array): Promise<Uint8Array> => {
    socket.write(bytes)
    const frame = await next()
    if (frame === undefined) throw new Error('the server closed the connection')
    return frame
  }
  return {
    socket,
    ask,
    next,
    closed,
    exchange: async (bytes) => decodeMessage(responseMessage, await ask(bytes)),
    async [Symbol.asyncDispose]() {
      socket.destroy()
      await closed
    },
  }
}
