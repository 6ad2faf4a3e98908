import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseEndpoint } from '../../src/connection/endpoint.js'
import { openTunnel, parseProxy } from '../../src/connection/proxy.js'
import { openScope } from '../../src/connection/scope.js'
import { waitForEvent } from '../../src/connection/wait-for-event.js'

let server: Server
let port: number
let accepted: Socket[]
beforeEach(async () => {
  accepted = []
  server = createServer((socket) => accepted.push(socket.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  for (const socket of accepted) socket.destroy()
  server.close()
  await once(server, 'close')
})

const aborted = expect.objectContaining({ code: 'TRANSPORT_ABORTED' })

test('a socket that nobody waits for any more is destroyed', async () => {
  const scope = openScope({})
  scope.end({ kind: 'aborted' })
  const socket = connect({ host: '127.0.0.1', port })
  await expect(waitForEvent(socket, 'connect', 'x', 'connect', scope)).rejects.toThrow(aborted)
  expect(socket.destroyed).toBe(true)
})

test('so is a tunnel whose caller gives up in the moment in which the proxy is reached', async () => {
  const scope = openScope({})
  // What the tunnel waits for first, it stops to wait for; then it is over before it asks.
  const { offEnd } = scope
  scope.offEnd = (callback) => {
    offEnd.call(scope, callback)
    scope.end({ kind: 'aborted' })
  }
  const proxy = parseProxy({ host: '127.0.0.1', port })
  await expect(openTunnel(proxy, parseEndpoint('server'), scope)).rejects.toThrow(aborted)
  await expect.poll(() => accepted.length).toBe(1)
  await once(accepted[0]?.resume() as Socket, 'close')
})
