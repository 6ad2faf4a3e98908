import { isIP } from 'node:net'
import { checkServerIdentity, connect as connectTls, type TLSSocket } from 'node:tls'
import { describeError, TrustholdError } from '@trusthold/core/errors'
import type { Endpoint } from './endpoint.js'
import { createFrameAssembler, type FrameAssembler } from './frame-assembler.js'
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
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : ''
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

class TlsConnection implements Connection {
  readonly #socket: TLSSocket
  readonly #endpoint: string
  readonly #assembler: FrameAssembler
  #waiter: Waiter | undefined
  #goneCallback: (() => void) | undefined
  #gone = false
  answered = 0
  answering = false

  constructor(socket: TLSSocket, endpoint: string, maxBytes: number) {
    this.#socket = socket
    this.#endpoint = endpoint
    this.#assembler = createFrameAssembler(maxBytes)
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(failed(endpoint, 'read', error)))
    socket.on('end', () => this.#fail(failed(endpoint, 'read', undefined)))
    socket.on('close', () => this.#fail(failed(endpoint, 'read', undefined)))
  }

  get usable(): boolean {
    return !this.#gone && !this.#socket.destroyed && this.#waiter === undefined
  }

  async exchange(request: Uint8Array, scope: Scope): Promise<Uint8Array> {
    if (this.#gone || this.#socket.destroyed) throw failed(this.#endpoint, 'write', undefined)
    if (this.#waiter !== undefined) {
      const reason = 'a request is in flight on this connection'
      throw new TrustholdError('ARGUMENT_INVALID', { name: 'request', reason })
    }
    this.answering = false
    let phase: Phase = 'write'
    const endedBy = (): TrustholdError => scope.error(this.#endpoint, phase)
    return await waitWithin<Uint8Array>(scope, endedBy, (resolve, reject) => {
      this.#waiter = { resolve, reject }
      this.#socket.write(request, (error) => {
        if (error) this.#fail(failed(this.#endpoint, 'write', error))
        else phase = 'read'
      })
      return () => this.#fail(endedBy())
    })
  }

  hold(busy: boolean): void {
    if (busy) this.#socket.ref()
    else this.#socket.unref()
  }

  onGone(callback: () => void): void {
    if (this.#gone) callback()
    else this.#goneCallback = callback
  }

  destroy(): void {
    this.#fail(new TrustholdError('TRANSPORT_CLOSED', { endpoint: this.#endpoint }))
  }

  #receive(chunk: Uint8Array): void {
    const waiter = this.#waiter
    if (waiter === undefined) {
      // Bytes that nobody asked for: whose answer they are cannot be known.
      this.destroy()
      return
    }
    this.answering = true
    try {
      const [frame, ...surplus] = this.#assembler.push(chunk)
      if (frame === undefined) return
      this.#waiter = undefined
      this.answered++
      if (surplus.length > 0 || this.#assembler.pending > 0) this.destroy()
      waiter.resolve(frame)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Ends the connection, and what waits for an answer with this error. */
  #fail(error: unknown): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    if (!this.#gone) {
      this.#gone = true
      this.#socket.destroy()
      this.#goneCallback?.()
    }
    waiter?.reject(error)
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
  return new TlsConnection(socket, endpoint.label, options.maxBytes)
}
