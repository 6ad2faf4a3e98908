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

/** Makes a pool. */
export function createPool(options: PoolOptions): Pool {
  const idle = new Map<Connection, NodeJS.Timeout>()
  const lent = new Set<Connection>()
  const waiting = new Set<(grant: Grant) => void>()
  let opening = 0
  let closed = false

  const closedError = () => new TrustholdError('TRANSPORT_CLOSED', { endpoint: options.label })

  /** Takes a place for a connection that is about to be opened. */
  const takeRoom = (): boolean => {
    if (idle.size + lent.size + opening >= options.maxConnections) return false
    opening++
    return true
  }

  /** Lets the one who waits longest open a connection, when there is room again. */
  const grantRoom = (): void => {
    const [next] = waiting
    if (next === undefined || !takeRoom()) return
    waiting.delete(next)
    next('room')
  }

  const drop = (connection: Connection): void => {
    clearTimeout(idle.get(connection))
    idle.delete(connection)
    lent.delete(connection)
    connection.destroy()
    grantRoom()
  }

  const takeIdle = (): Connection | undefined => {
    for (const connection of [...idle.keys()].reverse()) {
      if (!connection.usable) {
        drop(connection)
        continue
      }
      clearTimeout(idle.get(connection))
      idle.delete(connection)
      lent.add(connection)
      connection.hold(true)
      return connection
    }
    return undefined
  }

  /** Opens a connection in the place that {@link takeRoom} took. */
  const openInRoom = async (scope: Scope): Promise<Connection> => {
    try {
      const connection = await options.open(scope)
      opening--
      lent.add(connection)
      connection.onGone(() => drop(connection))
      if (!closed) return connection
      drop(connection)
    } catch (error) {
      opening--
      grantRoom()
      throw error
    }
    throw closedError()
  }

  const waitForGrant = (scope: Scope): Promise<Grant> =>
    waitWithin<Grant>(
      scope,
      () => scope.error(options.label, 'connect'),
      (resolve) => {
        waiting.add(resolve)
        return () => waiting.delete(resolve)
      },
    )

  return {
    async acquire(scope, fresh = false) {
      if (closed) throw closedError()
      if (fresh) for (const connection of [...idle.keys()]) drop(connection)
      const connection = takeIdle()
      if (connection !== undefined) return connection
      const grant = takeRoom() ? 'room' : await waitForGrant(scope)
      return grant === 'room' ? openInRoom(scope) : grant
    },
    release(connection) {
      if (!lent.has(connection)) return
      if (closed || !connection.usable) return drop(connection)
      const [next] = waiting
      if (next !== undefined) {
        waiting.delete(next)
        return next(connection)
      }
      lent.delete(connection)
      connection.hold(false)
      idle.set(connection, setTimeout(() => drop(connection), options.idleMilliseconds).unref())
    },
    close() {
      closed = true
      for (const connection of [...idle.keys(), ...lent]) drop(connection)
    },
  }
}
