import { isIP } from 'node:net'
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls'
import { describeError, TrustholdError } from '@trusthold/core/errors'
import type { Endpoint } from './endpoint.js'
import { createFrameAssembler } from './frame-assembler.js'
import { type Phase, type Scope, waitWithin } from './scope.js'
import type { Security } from './security.js'

/** One connection to a server, with at most one request in flight. */
export interface Connection {
  /** Whether another request can be sent on it. */
  readonly usable: boolean
  /** Requests that were answered on it. */
  readonly answered: number
  /** Whether any byte of an answer came since the last request was sent. */
  readonly answering: boolean
  /**
   * Sends a request and waits for its response. Whatever goes wrong destroys the connection, so that a late answer is
   * never taken for the next one's.
   * @returns the response, in an array that the caller owns
   * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT, TRANSPORT_ABORTED, TRANSPORT_CLOSED; CODEC_VALUE or CODEC_LIMIT when
   * what comes back does not start as a response does or is too long
   */
  exchange(request: Uint8Array, scope: Scope): Promise<Uint8Array>
  /** Keeps the process alive, or lets it end, while nothing is in flight. */
  hold(busy: boolean): void
  /** Calls back once, when the connection is gone. */
  onGone(callback: () => void): void
  destroy(): void
}

/** What a connection needs to know besides its endpoint. */
export interface ConnectionOptions {
  readonly security: Security
  /** Longest response in bytes. */
  readonly maxBytes: number
}

function failed(endpoint: string, phase: Phase, cause: unknown): TrustholdError<'TRANSPORT_FAILED'> {
  const reason = cause === undefined ? 'the server closed the connection' : describeError(cause)
  const isCertificateProblem =
    phase === 'tls' && /CERT|ALTNAME|ISSUER|alert/i.test(`${codeOf(cause)} ${reason}`)
  return new TrustholdError(
    'TRANSPORT_FAILED',
    { endpoint, phase, reason: reason === '' ? codeOf(cause) : reason },
    { cause, ...(isCertificateProblem ? { retryable: false } : {}) },
  )
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? '')
}

/** Waits for an event of a socket that is being set up; any failure destroys the socket. */
function waitForEvent(
  socket: TLSSocket,
  event: string,
  endpoint: string,
  phase: Phase,
  scope: Scope,
): Promise<void> {
  return waitWithin<void>(
    scope,
    () => scope.error(endpoint, phase),
    (resolve, reject) => {
      const stopListening = (): void => {
        socket.off(event, onEvent).off('error', onError).off('close', onClose)
      }
      const fail = (cause: unknown): void => {
        stopListening()
        socket.on('error', () => undefined).destroy()
        reject(failed(endpoint, phase, cause))
      }
      const onEvent = (): void => {
        stopListening()
        resolve()
      }
      const onError = (error: unknown): void => fail(error)
      const onClose = (): void => fail(undefined)
      socket.once(event, onEvent).once('error', onError).once('close', onClose)
      return () => fail(undefined)
    },
  )
}

async function openSocket(endpoint: Endpoint, security: Security, scope: Scope): Promise<TLSSocket> {
  const { host, port, label } = endpoint
  if (scope.signal.aborted) throw scope.error(label, 'connect')
  const name = security.serverName ?? host
  const socket = connectTls({
    host,
    port,
    secureContext: security.context,
    rejectUnauthorized: true,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  })
  await waitForEvent(socket, 'connect', label, 'connect', scope)
  await waitForEvent(socket, 'secureConnect', label, 'tls', scope)
  if (!socket.authorized) {
    socket.destroy()
    throw failed(label, 'tls', socket.authorizationError)
  }
  return socket.setNoDelay(true)
}

interface Waiter {
  resolve(frame: Uint8Array): void
  reject(error: unknown): void
}

function attach(socket: TLSSocket, endpoint: string, maxBytes: number): Connection {
  const assembler = createFrameAssembler(maxBytes)
  let waiter: Waiter | undefined
  let answered = 0
  let answering = false
  let gone = false
  let goneCallback: (() => void) | undefined

  const fail = (error: unknown): void => {
    const waiting = waiter
    waiter = undefined
    if (!gone) {
      gone = true
      socket.destroy()
      goneCallback?.()
    }
    waiting?.reject(error)
  }

  const receive = (chunk: Uint8Array): void => {
    const waiting = waiter
    if (waiting === undefined) {
      // Bytes that nobody asked for: whose answer they are cannot be known.
      fail(undefined)
      return
    }
    answering = true
    try {
      const [frame, ...surplus] = assembler.push(chunk)
      if (frame === undefined) return
      waiter = undefined
      answered++
      if (surplus.length > 0 || assembler.pending > 0) fail(undefined)
      waiting.resolve(frame)
    } catch (error) {
      fail(error)
    }
  }

  socket.on('data', receive)
  socket.on('error', (error) => fail(failed(endpoint, 'read', error)))
  socket.on('end', () => fail(failed(endpoint, 'read', undefined)))
  socket.on('close', () => fail(failed(endpoint, 'read', undefined)))

  return {
    get usable() {
      return !gone && !socket.destroyed && waiter === undefined
    },
    get answered() {
      return answered
    },
    get answering() {
      return answering
    },
    exchange(request, scope) {
      if (gone || socket.destroyed) return Promise.reject(failed(endpoint, 'write', undefined))
      if (waiter !== undefined) {
        const reason = 'a request is in flight on this connection'
        return Promise.reject(new TrustholdError('ARGUMENT_INVALID', { name: 'request', reason }))
      }
      answering = false
      let phase: Phase = 'write'
      return waitWithin<Uint8Array>(
        scope,
        () => scope.error(endpoint, phase),
        (resolve, reject) => {
          waiter = { resolve, reject }
          socket.write(request, (error) => {
            if (error) fail(failed(endpoint, 'write', error))
            else phase = 'read'
          })
          return () => fail(scope.error(endpoint, phase))
        },
      )
    },
    hold(busy) {
      if (busy) socket.ref()
      else socket.unref()
    },
    onGone(callback) {
      if (gone) callback()
      else goneCallback = callback
    },
    destroy: () => fail(new TrustholdError('TRANSPORT_CLOSED', { endpoint })),
  }
}

/**
 * Connects to a server with TLS. Its certificate must chain to a trusted one and have its name.
 * @throws TRANSPORT_FAILED or TRANSPORT_TIMEOUT with the phase `connect` or `tls`; TRANSPORT_ABORTED, TRANSPORT_CLOSED
 */
export async function openConnection(
  endpoint: Endpoint,
  options: ConnectionOptions,
  scope: Scope,
): Promise<Connection> {
  const socket = await openSocket(endpoint, options.security, scope)
  return attach(socket, endpoint.label, options.maxBytes)
}
