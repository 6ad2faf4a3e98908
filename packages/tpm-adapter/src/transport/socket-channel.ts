import { connect, type Socket } from 'node:net'
import type { Channel } from './channel.js'

interface Waiter {
  resolve: (chunk: Uint8Array) => void
  reject: (error: Error) => void
}

function channelOf(socket: Socket): Channel {
  const chunks: Uint8Array[] = []
  let waiter: Waiter | undefined
  let ended: Error | undefined

  const end = (error: Error): void => {
    ended ??= error
    waiter?.reject(ended)
    waiter = undefined
  }
  socket.on('data', (chunk) => {
    if (waiter === undefined) chunks.push(chunk)
    else waiter.resolve(chunk)
    waiter = undefined
  })
  socket.on('error', end)
  socket.on('end', () => end(new Error('the other side closed the connection')))
  socket.on('close', () => end(new Error('the connection is closed')))

  return {
    usable: () => ended === undefined && chunks.length === 0 && socket.writable,
    write: (command) =>
      new Promise((resolve, reject) => {
        socket.write(command, (error) => (error ? reject(error) : resolve()))
      }),
    read() {
      const chunk = chunks.shift()
      if (chunk !== undefined) return Promise.resolve(chunk)
      if (ended !== undefined) return Promise.reject(ended)
      return new Promise((resolve, reject) => {
        waiter = { resolve, reject }
      })
    },
    async destroy() {
      socket.destroy()
    },
  }
}

/** Where a stream socket connects to. */
export type SocketAddress =
  | {
      /** `127.0.0.1` by default. Nothing that is sent is encrypted or authenticated. */
      host?: string
      port: number
    }
  | { path: string }

/** How an address is called in errors. */
export function endpointOf(address: SocketAddress): string {
  if ('path' in address) return `unix:${address.path}`
  const { host = '127.0.0.1', port } = address
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Connects a stream socket, TCP or UNIX. */
export function openSocketChannel(address: SocketAddress, signal: AbortSignal): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', ...address, noDelay: true })
    const giveUp = (): void => {
      socket.destroy(new Error('given up'))
    }
    signal.addEventListener('abort', giveUp, { once: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      signal.removeEventListener('abort', giveUp)
      socket.off('error', reject)
      resolve(channelOf(socket))
    })
  })
}
