import { TrustholdError } from '@trusthold/core/errors'
import { expect, test } from 'vitest'
import type { Connection, EndedBy } from '../../src/connection/connection.js'
import { createPool } from '../../src/connection/pool.js'
import { openScope } from '../../src/connection/scope.js'
import { movableClock } from '../scripted-server.js'

/** A connection that only knows whether it is open. */
interface Fake extends Connection {
  readonly number: number
  gone: boolean
  endByServer(): void
}

function fakeConnection(number: number): Fake {
  let callback: ((by: EndedBy) => void) | undefined
  const fake: Fake = {
    number,
    gone: false,
    answered: 1,
    answering: false,
    serverCertificateEnds: undefined,
    get usable() {
      return !fake.gone
    },
    exchange: () => Promise.reject(new Error('not part of this test')),
    hold: () => undefined,
    onGone(given) {
      callback = given
    },
    destroy() {
      fake.gone = true
    },
    endByServer() {
      fake.gone = true
      callback?.('server')
    },
  }
  return fake
}

function open(more: { maxConnections?: number; open?: () => Promise<void> } = {}) {
  const clock = movableClock()
  const made: Fake[] = []
  let ended = 0
  const pool = createPool({
    label: 'kms:5696',
    maxConnections: more.maxConnections ?? 2,
    idleMilliseconds: 60_000,
    lifetimeMilliseconds: 1_000,
    clock,
    onEndedByServer: () => ended++,
    async open() {
      const fake = fakeConnection(made.length)
      made.push(fake)
      await more.open?.()
      return fake
    },
  })
  const scope = openScope({})
  const take = () => pool.acquire(scope) as Promise<Fake>
  return { clock, made, pool, take, ended: () => ended }
}

test('a connection is used again until it is too old', async () => {
  const { clock, pool, take, made } = open()
  pool.release(await take())
  clock.time += 999
  const again = await take()
  expect(again.number).toBe(0)
  clock.time += 1
  // Too old to be kept, and not ended while it is lent.
  expect(again.gone).toBe(false)
  pool.release(again)
  expect(again.gone).toBe(true)
  pool.release(await take())
  clock.time += 1_000
  expect((await take()).number).toBe(2)
  expect(made.map(({ gone }) => gone)).toEqual([true, true, false])
  pool.close()
})

test('a clock that was set back makes no connection live longer', async () => {
  const { clock, pool, take } = open()
  pool.release(await take())
  clock.time -= 1
  expect((await take()).number).toBe(1)
  pool.close()
})

test('draining ends idle connections at once, and lent ones when they come back', async () => {
  const { pool, take, made } = open()
  const [lent, idle] = [await take(), await take()]
  pool.release(idle)
  pool.drain()
  expect(made.map(({ gone }) => gone)).toEqual([false, true])
  pool.release(lent)
  expect(lent.gone).toBe(true)
  const next = await take()
  pool.release(next)
  expect((await take()).number).toBe(next.number)
  pool.close()
})

test('draining counts for a connection that is being opened', async () => {
  let opened: () => void = () => undefined
  const { pool, take } = open({ open: () => new Promise((resolve) => (opened = resolve)) })
  const opening = take()
  pool.drain()
  opened()
  const connection = await opening
  expect(connection.gone).toBe(false)
  pool.release(connection)
  expect(connection.gone).toBe(true)
  pool.close()
})

test('who waits gets a drained connection replaced', async () => {
  const { pool, take } = open({ maxConnections: 1 })
  const first = await take()
  const waiting = take()
  pool.drain()
  pool.release(first)
  expect((await waiting).number).toBe(1)
  pool.close()
})

test('those that wait can be turned away, and leave room', async () => {
  const { pool, take } = open({ maxConnections: 1 })
  const first = await take()
  const waiting = [take(), take()]
  const error = new TrustholdError('TRANSPORT_FAILED', { endpoint: 'x', phase: 'connect', reason: 'busy' })
  pool.turnAway(error)
  for (const one of waiting) await expect(one).rejects.toBe(error)
  pool.release(first)
  expect(await take()).toBe(first)
  pool.close()
})

test('only what the server ended is reported', async () => {
  const { pool, take, ended } = open()
  const connection = await take()
  pool.release(connection)
  pool.drain()
  expect(ended()).toBe(0)
  const next = await take()
  next.endByServer()
  expect(ended()).toBe(1)
  pool.release(next)
  expect((await take()).number).toBe(2)
  pool.close()
})

test('a closed pool opens nothing, and ends what is being opened', async () => {
  let opened: () => void = () => undefined
  const { pool, take, made } = open({ open: () => new Promise((resolve) => (opened = resolve)) })
  const opening = take()
  pool.close()
  opened()
  await expect(opening).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' })
  await expect(take()).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' })
  expect(made.map(({ gone }) => gone)).toEqual([true])
})
