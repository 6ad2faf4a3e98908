import { TrustholdError } from '@trusthold/core/errors'
import type { Connection } from './connection.js'
import { type Scope, waitWithin } from './scope.js'

/** Connections to one endpoint. */
export interface Pool {
  /**
   * Lends a connection: one that is idle, else a new one, else, when there are as many as there may be, the next that
   * comes back; who waits longest gets it first. It has to be given back with {@link Pool.release}.
   * @param fresh takes no idle one, and drops those: they may be as dead as the one that just failed
   * @throws what opening throws; TRANSPORT_TIMEOUT, TRANSPORT_ABORTED, TRANSPORT_CLOSED while waiting
   */
  acquire(scope: Scope, fresh?: boolean): Promise<Connection>
  /** Takes a connection back; it is kept only when it is usable. */
  release(connection: Connection): void
  /** Destroys all connections, lent ones too. */
  close(): void
}

/** What a {@link Pool} needs. */
export interface PoolOptions {
  /** The endpoint's name in errors. */
  readonly label: string
  open(scope: Scope): Promise<Connection>
  readonly maxConnections: number
  /** How long an idle connection is kept; servers and load balancers drop idle ones without a word. */
  readonly idleMilliseconds: number
}

/** What a caller waited for: a connection that came back, or the room to open one. */
type Grant = Connection | 'room'

class ConnectionPool implements Pool {
  readonly #options: PoolOptions
  readonly #idle = new Map<Connection, NodeJS.Timeout>()
  readonly #lent = new Set<Connection>()
  readonly #waiting = new Set<(grant: Grant) => void>()
  #opening = 0
  #closed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  async acquire(scope: Scope, fresh = false): Promise<Connection> {
    if (this.#closed) throw this.#closedError()
    if (fresh) for (const connection of [...this.#idle.keys()]) this.#drop(connection)
    const connection = this.#takeIdle()
    if (connection !== undefined) return connection
    const grant = this.#takeRoom() ? 'room' : await this.#waitForGrant(scope)
    return grant === 'room' ? await this.#openInRoom(scope) : grant
  }

  release(connection: Connection): void {
    if (!this.#lent.has(connection)) return
    const [next] = this.#waiting
    if (this.#closed || !connection.usable) {
      this.#drop(connection)
    } else if (next !== undefined) {
      this.#waiting.delete(next)
      next(connection)
    } else {
      this.#keep(connection)
    }
  }

  close(): void {
    this.#closed = true
    for (const connection of [...this.#idle.keys(), ...this.#lent]) this.#drop(connection)
  }

  #keep(connection: Connection): void {
    this.#lent.delete(connection)
    connection.hold(false)
    const timer = setTimeout(() => this.#drop(connection), this.#options.idleMilliseconds)
    this.#idle.set(connection, timer.unref())
  }

  #closedError(): TrustholdError {
    return new TrustholdError('TRANSPORT_CLOSED', { endpoint: this.#options.label })
  }

  #takeIdle(): Connection | undefined {
    for (const connection of [...this.#idle.keys()].reverse()) {
      if (!connection.usable) {
        this.#drop(connection)
        continue
      }
      clearTimeout(this.#idle.get(connection))
      this.#idle.delete(connection)
      this.#lent.add(connection)
      connection.hold(true)
      return connection
    }
    return undefined
  }

  /** Takes a place for a connection that is about to be opened. */
  #takeRoom(): boolean {
    const taken = this.#idle.size + this.#lent.size + this.#opening
    if (taken >= this.#options.maxConnections) return false
    this.#opening++
    return true
  }

  /** Opens a connection in the place that {@link ConnectionPool.#takeRoom} took. */
  async #openInRoom(scope: Scope): Promise<Connection> {
    let connection: Connection
    try {
      connection = await this.#options.open(scope)
    } catch (error) {
      this.#opening--
      this.#grantRoom()
      throw error
    }
    this.#opening--
    this.#lent.add(connection)
    connection.onGone(() => this.#drop(connection))
    if (!this.#closed) return connection
    this.#drop(connection)
    throw this.#closedError()
  }

  #waitForGrant(scope: Scope): Promise<Grant> {
    const endedBy = (): TrustholdError => scope.error(this.#options.label, 'connect')
    return waitWithin<Grant>(scope, endedBy, (resolve) => {
      this.#waiting.add(resolve)
      return () => this.#waiting.delete(resolve)
    })
  }

  /** Lets the one who waits longest open a connection, when there is room again. */
  #grantRoom(): void {
    const [next] = this.#waiting
    if (next === undefined || !this.#takeRoom()) return
    this.#waiting.delete(next)
    next('room')
  }

  #drop(connection: Connection): void {
    clearTimeout(this.#idle.get(connection))
    this.#idle.delete(connection)
    this.#lent.delete(connection)
    connection.destroy()
    this.#grantRoom()
  }
}

/** Makes a pool. */
export function createPool(options: PoolOptions): Pool {
  return new ConnectionPool(options)
}
