import type { TLSSocket } from 'node:tls'
import { TrustholdError } from '@trusthold/core/errors'
import { createFrameAssembler, type FrameAssembler } from '../ttlv/index.js'
import { transportFailed } from './failure.js'
import { type Phase, type Scope, waitWithin } from './scope.js'
import type { Security } from './security.js'
import { openSocket, type Route } from './socket.js'

/** Who ended a connection. */
export type EndedBy = 'us' | 'server'

/** One connection to a server, with at most one request in flight. */
export interface Connection {
  /** Whether another request can be sent on it. */
  readonly usable: boolean
  /** Requests that were answered on it. */
  readonly answered: number
  /** Whether any byte of an answer came since the last request was sent. */
  readonly answering: boolean
  /** When the server's certificate ends, in milliseconds since 1970. */
  readonly serverCertificateEnds: number | undefined
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
  onGone(callback: (by: EndedBy) => void): void
  destroy(): void
}

/** What a connection needs to know besides the way to its server. */
export interface ConnectionOptions {
  readonly security: Security
  /** Longest response in bytes. */
  readonly maxBytes: number
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
  #goneCallback: ((by: EndedBy) => void) | undefined
  #endedBy: EndedBy | undefined
  answered = 0
  answering = false

  constructor(socket: TLSSocket, endpoint: string, maxBytes: number) {
    this.#socket = socket
    this.#endpoint = endpoint
    this.#assembler = createFrameAssembler(maxBytes)
    const ended = (cause?: Error): void => this.#end('server', transportFailed(endpoint, 'read', cause))
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk))
    socket.on('error', ended)
    socket.on('end', () => ended())
    socket.on('close', () => ended())
  }

  get usable(): boolean {
    return !this.#socket.destroyed && this.#waiter === undefined
  }

  get serverCertificateEnds(): number | undefined {
    // Not getPeerX509Certificate: it takes the certificate out of the chain, and finds none the next time.
    const end = Date.parse(this.#socket.getPeerCertificate().valid_to ?? '')
    return Number.isNaN(end) ? undefined : end
  }

  async exchange(request: Uint8Array, scope: Scope): Promise<Uint8Array> {
    this.answering = false
    if (this.#socket.destroyed) throw transportFailed(this.#endpoint, 'write', undefined)
    if (this.#waiter !== undefined) {
      const reason = 'a request is in flight on this connection'
      throw new TrustholdError('ARGUMENT_INVALID', { name: 'request', reason })
    }
    let phase: Phase = 'write'
    const endedBy = (): TrustholdError => scope.error(this.#endpoint, phase)
    return await waitWithin<Uint8Array>(scope, endedBy, (resolve, reject) => {
      this.#waiter = { resolve, reject }
      this.#socket.write(request, (error) => {
        if (error) this.#end('server', transportFailed(this.#endpoint, 'write', error))
        else phase = 'read'
      })
      return () => this.#end('us', endedBy())
    })
  }

  hold(busy: boolean): void {
    if (busy) this.#socket.ref()
    else this.#socket.unref()
  }

  onGone(callback: (by: EndedBy) => void): void {
    if (this.#endedBy === undefined) this.#goneCallback = callback
    else callback(this.#endedBy)
  }

  destroy(): void {
    this.#end('us', new TrustholdError('TRANSPORT_CLOSED', { endpoint: this.#endpoint }))
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
      this.#end('us', error)
    }
  }

  /** Ends the connection, and what waits for an answer with this error. */
  #end(by: EndedBy, error: unknown): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    if (this.#endedBy === undefined) {
      this.#endedBy = by
      this.#socket.destroy()
      this.#goneCallback?.(by)
    }
    waiter?.reject(error)
  }
}

/**
 * Connects to a server with TLS. Its certificate must chain to a trusted one and have its name.
 * @throws TRANSPORT_FAILED or TRANSPORT_TIMEOUT with the phase `connect` or `tls`; TRANSPORT_ABORTED, TRANSPORT_CLOSED
 */
export async function openConnection(
  route: Route,
  { security, maxBytes }: ConnectionOptions,
  scope: Scope,
): Promise<Connection> {
  const socket = await openSocket(route, security, scope)
  return new TlsConnection(socket, route.endpoint.label, maxBytes)
}
