import { TrustholdError } from '@trusthold/core/errors'
import type { Clock } from '@trusthold/core/ports'
import type { Connection, EndedBy } from './connection.js'
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
  /** Takes a connection back; it is kept only when it is usable, not too old, and none that was drained. */
  release(connection: Connection): void
  /** Lets no connection be used again that is open now: idle ones end at once, lent ones when they come back. */
  drain(): void
  /** Ends with this error the waiting of all that wait for a connection. */
  turnAway(error: TrustholdError): void
  /** Destroys all connections, lent ones too. */
  close(): void
}

/** What a {@link Pool} needs. */
export interface PoolOptions {
  /** The endpoint's name in errors. */
  readonly label: string
  open(scope: Scope): Promise<Connection>
  /** Called when the server ended a connection. */
  onEndedByServer(): void
  readonly maxConnections: number
  /** How long an idle connection is kept; servers and load balancers drop idle ones without a word. */
  readonly idleMilliseconds: number
  /** How long a connection is used; some servers end sessions of a certain age. */
  readonly lifetimeMilliseconds: number
  readonly clock: Clock
}

/** What a caller waited for: a connection that came back, the room to open one, or the end of waiting. */
type Grant = Connection | 'room' | TrustholdError

class ConnectionPool implements Pool {
  readonly #options: PoolOptions
  /** Every open connection, and when it was opened. */
  readonly #opened = new Map<Connection, number>()
  readonly #idle = new Map<Connection, NodeJS.Timeout>()
  readonly #lent = new Set<Connection>()
  readonly #waiting = new Set<(grant: Grant) => void>()
  #opening = 0
  #generation = 0
  #closed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  async acquire(scope: Scope, fresh = false): Promise<Connection> {
    if (this.#closed) throw this.#closedError()
    if (fresh) this.#dropIdle()
    const connection = this.#takeIdle()
    if (connection !== undefined) return connection
    const grant = this.#takeRoom() ? 'room' : await this.#waitForGrant(scope)
    if (grant instanceof TrustholdError) throw grant
    return grant === 'room' ? await this.#openInRoom(scope) : grant
  }

  release(connection: Connection): void {
    if (!this.#lent.has(connection)) return
    const [next] = this.#waiting
    if (!this.#canServe(connection)) {
      this.#drop(connection)
    } else if (next !== undefined) {
      this.#waiting.delete(next)
      next(connection)
    } else {
      this.#keep(connection)
    }
  }

  drain(): void {
    this.#generation++
    // Without the time of its opening, a connection is too old to be lent again.
    this.#opened.clear()
    this.#dropIdle()
  }

  turnAway(error: TrustholdError): void {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter)
      waiter(error)
    }
  }

  close(): void {
    this.#closed = true
    for (const connection of [...this.#idle.keys(), ...this.#lent]) this.#drop(connection)
  }

  #canServe(connection: Connection): boolean {
    const openedAt = this.#opened.get(connection) ?? Number.NEGATIVE_INFINITY
    const age = this.#options.clock.now() - openedAt
    // A clock that was set back must not make a connection live longer.
    return connection.usable && age >= 0 && age < this.#options.lifetimeMilliseconds
  }

  #keep(connection: Connection): void {
    this.#lent.delete(connection)
    connection.hold(false)
    const timer = setTimeout(() => this.#drop(connection), this.#options.idleMilliseconds)
    this.#idle.set(connection, timer.unref())
  }

  #dropIdle(): void {
    for (const connection of [...this.#idle.keys()]) this.#drop(connection)
  }

  #closedError(): TrustholdError {
    return new TrustholdError('TRANSPORT_CLOSED', { endpoint: this.#options.label })
  }

  #takeIdle(): Connection | undefined {
    for (const connection of [...this.#idle.keys()].reverse()) {
      if (!this.#canServe(connection)) {
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
    const generation = this.#generation
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
    // One that was being opened while the pool was drained may still show the old certificate.
    if (generation === this.#generation) this.#opened.set(connection, this.#options.clock.now())
    connection.onGone((by) => this.#onGone(connection, by))
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

  #onGone(connection: Connection, by: EndedBy): void {
    if (by === 'server') this.#options.onEndedByServer()
    this.#drop(connection)
  }

  #drop(connection: Connection): void {
    clearTimeout(this.#idle.get(connection))
    this.#opened.delete(connection)
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
