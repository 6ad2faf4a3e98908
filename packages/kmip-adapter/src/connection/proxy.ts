import { connect, type Socket } from 'node:net'
import { concatBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import { type Endpoint, parseAddress } from './endpoint.js'
import { transportFailed } from './failure.js'
import { type Scope, waitWithin } from './scope.js'
import { abandon, waitForEvent } from './wait-for-event.js'

/**
 * An HTTP proxy that passes connections on (method CONNECT, RFC 9110 section 9.3.6). TLS runs inside of it, from us to
 * the key server; user name and password are shown to the proxy in the clear.
 */
export interface KmipProxy {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
}

/** {@link KmipProxy}, checked. */
export interface HttpProxy {
  readonly address: Endpoint
  /** Value of the header field Proxy-Authorization. */
  readonly authorization: string | undefined
}

/** An answer's header may have this many bytes. */
const longestHeader = 16_384

function invalid(reason: string): TrustholdError<'CONFIGURATION_INVALID'> {
  return new TrustholdError('CONFIGURATION_INVALID', { name: 'proxy', reason })
}

/**
 * Checks what is said of a proxy.
 * @throws CONFIGURATION_INVALID
 */
export function parseProxy({ host, port, username, password }: KmipProxy): HttpProxy {
  const address = parseAddress('proxy', { host, port })
  if (username === undefined) {
    if (password !== undefined) throw invalid('a password needs a user name')
    return { address, authorization: undefined }
  }
  // RFC 7617, section 2: neither holds control characters, and a colon would end the user name.
  const credentials = `${username}:${password ?? ''}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (username.includes(':') || /[\u0000-\u001f\u007f]/.test(credentials)) {
    throw invalid('the user name holds a colon, or it or the password holds control characters')
  }
  return { address, authorization: `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}` }
}

function connectRequest(target: string, authorization: string | undefined): string {
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`]
  if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** What keeps an answer from being a yes; undefined when nothing does. */
function findRefusal(answer: string, headerEnd: number): string | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})(?:[ \r])/.exec(answer)?.[1]
  if (status === undefined) return 'the proxy answered something else than HTTP/1'
  if (!status.startsWith('2')) return `the proxy answered ${status}`
  // The client speaks first in TLS: nothing of the server's can have come yet.
  if (answer.length > headerEnd) return 'the proxy sent more than its answer'
  return undefined
}

/** Resolves when the proxy has said yes. */
function waitForYes(socket: Socket, endpoint: string, scope: Scope): Promise<void> {
  if (scope.over) abandon(socket)
  let received: Uint8Array = new Uint8Array()
  return waitWithin<void>(
    scope,
    () => scope.error(endpoint, 'connect'),
    (resolve, reject) => {
      const stopListening = (): void => {
        socket.off('data', onData).off('error', onError).off('end', onEnd).off('close', onEnd)
      }
      const fail = (cause: unknown, retryable?: boolean): void => {
        stopListening()
        abandon(socket)
        reject(transportFailed(endpoint, 'connect', cause, retryable))
      }
      const onData = (chunk: Uint8Array): void => {
        received = concatBytes(received, chunk)
        const answer = Buffer.from(received).toString('latin1')
        const end = answer.indexOf('\r\n\r\n')
        if (end === -1) {
          if (received.length > longestHeader) fail(new Error("the proxy's answer does not end"))
          return
        }
        const refusal = findRefusal(answer, end + 4)
        if (refusal !== undefined) {
          fail(new Error(refusal), false)
          return
        }
        stopListening()
        socket.pause()
        resolve()
      }
      const onError = (error: unknown): void => fail(error)
      const onEnd = (): void => fail(new Error('the proxy closed the connection'))
      socket.on('data', onData).once('error', onError).once('end', onEnd).once('close', onEnd)
      return () => fail(undefined)
    },
  )
}

/**
 * Opens a connection to an endpoint through a proxy. Proxy and network are all that can fail here: nothing has reached
 * the server.
 * @throws TRANSPORT_FAILED or TRANSPORT_TIMEOUT with the phase `connect`; TRANSPORT_ABORTED, TRANSPORT_CLOSED
 */
export async function openTunnel(proxy: HttpProxy, endpoint: Endpoint, scope: Scope): Promise<Socket> {
  const { host, port, label } = proxy.address
  const socket = connect({ host, port })
  await waitForEvent(socket, 'connect', `${endpoint.label} by proxy ${label}`, 'connect', scope)
  const yes = waitForYes(socket, `${endpoint.label} by proxy ${label}`, scope)
  if (!socket.destroyed) socket.write(connectRequest(endpoint.label, proxy.authorization))
  await yes
  return socket
}
