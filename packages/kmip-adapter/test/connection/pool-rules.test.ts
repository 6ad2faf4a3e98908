import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Connection, EndedBy } from '../../src/connection/connection.js'
import { createPool, type Pool } from '../../src/connection/pool.js'
import { openScope } from '../../src/connection/scope.js'

/** A connection to nowhere, for what a pool decides by itself. */
interface Line extends Connection {
  usable: boolean
  readonly held: boolean[]
  /** What the other side does. */
  endByServer(): void
}

function createLine(): Line {
  let gone: ((by: EndedBy) => void) | undefined
  const end = (by: EndedBy): void => {
    if (!line.usable) return
    line.usable = false
    gone?.(by)
  }
  const line: Line = {
    usable: true,
    held: [],
    answered: 0,
    answering: false,
    serverCertificateEnds: undefined,
    exchange: () => Promise.reject(new Error('connected to nowhere')),
    hold: (busy) => line.held.push(busy),
    onGone: (callback) => {
      gone = callback
    },
    destroy: () => end('us'),
    endByServer: () => end('server'),
  }
  return line
}

let lines: Line[]
let endedByServer: number
const scope = openScope({})

function poolOf(maxConnections: number): Pool {
  return createPool({
    label: 'nowhere',
    open: async () => {
      const line = createLine()
      lines.push(line)
      return line
    },
    onEndedByServer: () => endedByServer++,
    maxConnections,
    idleMilliseconds: 20,
    lifetimeMilliseconds: 1_000,
    clock: { now: () => Date.now() },
  })
}

beforeEach(() => {
  vi.useFakeTimers()
  lines = []
  endedByServer = 0
})
afterEach(() => {
  vi.useRealTimers()
})

test('what comes back goes to the one who waits, or stays for the next', async () => {
  const pool = poolOf(1)
  const first = await pool.acquire(scope)
  const second = pool.acquire(scope)
  pool.release(first)
  expect(await second).toBe(first)
  pool.release(first)
  expect(await pool.acquire(scope)).toBe(first)
  expect(lines).toHaveLength(1)
})

test('an idle connection keeps no process alive, one in use does', async () => {
  const pool = poolOf(1)
  pool.release(await pool.acquire(scope))
  await pool.acquire(scope)
  expect(lines[0]?.held).toEqual([false, true])
})

test('a connection that is given back twice is idle once', async () => {
  const pool = poolOf(1)
  const connection = await pool.acquire(scope)
  pool.release(connection)
  vi.advanceTimersByTime(10)
  pool.release(connection)
  await pool.acquire(scope)
  vi.advanceTimersByTime(100)
  expect(connection.usable).toBe(true)
})

test('what cannot be used when it comes back is not lent again', async () => {
  const pool = poolOf(1)
  const connection = (await pool.acquire(scope)) as Line
  connection.usable = false
  pool.release(connection)
  expect(await pool.acquire(scope)).toBe(lines[1])
})

test('what cannot be used after a while of idleness is not lent again', async () => {
  const pool = poolOf(1)
  const connection = (await pool.acquire(scope)) as Line
  pool.release(connection)
  connection.usable = false
  expect(await pool.acquire(scope)).toBe(lines[1])
})

test('in the place of one that ended, one is opened', async () => {
  const pool = poolOf(1)
  const connection = await pool.acquire(scope)
  const waiting = [pool.acquire(scope), pool.acquire(scope)]
  connection.destroy()
  await waiting[0]
  expect(lines).toHaveLength(2)
  pool.release(lines[1] as Line)
  expect(await waiting[1]).toBe(lines[1])
})

test('in the place of one that is too old, one is opened and not more', async () => {
  const pool = poolOf(1)
  const connection = await pool.acquire(scope)
  const waiting = [pool.acquire(scope), pool.acquire(scope)]
  vi.advanceTimersByTime(1_000)
  pool.release(connection)
  const next = (await waiting[0]) as Line
  await vi.advanceTimersByTimeAsync(0)
  expect([connection.usable, lines.length]).toEqual([false, 2])
  pool.release(next)
  expect(await waiting[1]).toBe(next)
})

test('only what the server ended tells something of the server', async () => {
  const pool = poolOf(2)
  const [one, two] = [await pool.acquire(scope), (await pool.acquire(scope)) as Line]
  one.destroy()
  expect(endedByServer).toBe(0)
  two.endByServer()
  expect(endedByServer).toBe(1)
})

test('a closed pool lends nothing and keeps nothing', async () => {
  const pool = poolOf(2)
  const [lent, idle] = [await pool.acquire(scope), await pool.acquire(scope)]
  pool.release(idle)
  pool.close()
  pool.release(lent)
  expect([lent.usable, idle.usable]).toEqual([false, false])
  await expect(pool.acquire(scope)).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' })
})
