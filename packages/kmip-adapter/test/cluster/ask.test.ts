import { TrustholdError } from '@trusthold/core/errors'
import { systemRandom } from '@trusthold/core/ports'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { askEach, askFirst } from '../../src/cluster/ask.js'
import { negotiateVersion } from '../../src/cluster/negotiate.js'
import { Node } from '../../src/cluster/node.js'
import { createOrder } from '../../src/cluster/order.js'
import { openScope, parseEndpoint, type Scope, type Security } from '../../src/connection/index.js'
import type { Failure } from '../../src/messages/index.js'
import { type MovableClock, movableClock } from '../scripted-server.js'

let clock: MovableClock
let scope: Scope
let one: Node
let two: Node

/** A server that no test connects to: what is asked of it is the test's. */
function nodeOf(name: string): Node {
  return new Node(parseEndpoint(name), {
    maxBytes: 1_024,
    credentials: [],
    proxy: undefined,
    versions: ['1.4'],
    pinned: undefined,
    connectMilliseconds: 1_000,
    requestMilliseconds: 1_000,
    idleMilliseconds: 1_000,
    lifetimeMilliseconds: 1_000,
    maxConnections: 1,
    clock,
    random: systemRandom,
    security: () => ({}) as Security,
    everything: scope,
  })
}

beforeEach(() => {
  clock = movableClock()
  scope = openScope({})
  one = nodeOf('one')
  two = nodeOf('two')
})

const aborted = () => new TrustholdError('TRANSPORT_ABORTED', { endpoint: 'one' })
const lost = () =>
  new TrustholdError(
    'TRANSPORT_FAILED',
    { endpoint: 'one', phase: 'read', reason: 'lost' },
    { retryable: true },
  )
const denied = () =>
  new TrustholdError('KMIP_RESULT', {
    operation: 'Locate',
    status: 'OperationFailed',
    reason: 'PermissionDenied',
    kind: 'denied',
  })
const unwritable = () => new TrustholdError('CODEC_RANGE', { path: 'x', expected: 'y', actual: 'z' })

/** Asks the first server, which fails so; whether the caller's request was sent before. */
const failWith = (error: Error, asked: boolean) =>
  askFirst([one], true, scope, async (_, ask) => {
    if (asked) ask()
    throw error
  }).catch((caught: unknown) => caught)

/** A server that failed, and may be tried again. */
function makeHalfOpen(node: Node): void {
  node.circuit.fail(lost())
  clock.time += 60_000
  expect(node.circuit.claimTrial()).toBe(true)
}

describe('of a server it is known', () => {
  test('nothing, when the caller ended the call before it was asked', async () => {
    expect(await failWith(aborted(), false)).toMatchObject({ code: 'TRANSPORT_ABORTED' })
    expect(one.circuit.state).toBe('closed')
  })

  test('that it works, when it refuses', async () => {
    makeHalfOpen(one)
    await failWith(denied(), true)
    expect(one.circuit.state).toBe('closed')
  })

  test('nothing, when what was asked could not be written: it may be tried again', async () => {
    makeHalfOpen(one)
    await failWith(unwritable(), true)
    expect([one.circuit.state, one.circuit.claimTrial()]).toEqual(['half-open', true])
  })
})

describe('who waits for a server that failed', () => {
  const turnedAway = async (nodes: readonly Node[]) => {
    const spies = nodes.map((node) => vi.spyOn(node, 'turnAway'))
    await askFirst(nodes, true, scope, async () => {
      throw lost()
    }).catch(() => undefined)
    return spies.map((spy) => spy.mock.calls.length)
  }

  test('is turned away as long as another works', async () => {
    expect(await turnedAway([one, two])).toEqual([1, 0])
  })

  test('waits on when none works', async () => {
    two.circuit.fail(lost())
    expect(await turnedAway([one, two])).toEqual([0, 0])
  })
})

test('no other server is asked when the time is over', async () => {
  const asked: Node[] = []
  const call = askFirst([one, two], true, scope, async (node) => {
    asked.push(node)
    scope.end({ kind: 'timeout', milliseconds: 1 })
    throw lost()
  })
  await expect(call).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' })
  expect(asked).toEqual([one])
})

describe('of all servers', () => {
  const each = (ends: readonly (string | Error)[]) =>
    askEach([one, two], scope, async (node, ask) => {
      ask()
      const end = ends[[one, two].indexOf(node)]
      if (end instanceof Error) throw end
      return end
    })

  test('those that answer are heard', async () => {
    expect(await each(['a', 'b'])).toEqual(['a', 'b'])
    expect(await each([lost(), 'b'])).toEqual(['b'])
  })

  test('none is, when the call is ended', async () => {
    await expect(each([aborted(), 'b'])).rejects.toMatchObject({ code: 'TRANSPORT_ABORTED' })
  })

  test('none is, when the time is over before all have answered', async () => {
    scope.end({ kind: 'timeout', milliseconds: 1 })
    await expect(each([lost(), 'b'])).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' })
    expect(await each(['a', 'b'])).toEqual(['a', 'b'])
  })

  test('none answers: the error is the one that tells most', async () => {
    await expect(each([lost(), denied()])).rejects.toMatchObject({ code: 'KMIP_RESULT' })
  })
})

describe('the order', () => {
  test('puts first what carried out a change, not for ever, and not when the clock was set back', () => {
    const order = createOrder([one, two], clock, () => undefined)
    order.prefer(two)
    expect(order.next()).toEqual([two, one])
    clock.time += 10_000
    expect(order.next()).toEqual([one, two])
    clock.time -= 10_001
    expect(order.next()).toEqual([one, two])
  })

  test('tries a server apart from the calls only when another works', () => {
    const tried: Node[] = []
    const order = createOrder([one, two], clock, (node) => tried.push(node))
    one.circuit.fail(lost())
    two.circuit.fail(lost())
    clock.time += 60_000
    order.next()
    expect(tried).toEqual([])
    two.circuit.succeed()
    expect(order.next()).toEqual([two, one])
    expect(tried).toEqual([one])
  })
})

describe('a server that does not tell its versions', () => {
  const refusing = (failure: Partial<Failure>) =>
    negotiateVersion(
      async () => ({
        kind: 'failure',
        failure: {
          status: 'OperationFailed',
          reason: undefined,
          message: undefined,
          ofMessage: false,
          ...failure,
        },
      }),
      ['1.4', '1.0'],
    )

  test.each<[Partial<Failure>]>([
    [{ reason: 'OperationNotSupported' }],
    [{ reason: 'InvalidMessage', ofMessage: true }],
  ])('has 1.0 when it says %j', async (failure) => {
    expect(await refusing(failure)).toBe('1.0')
  })

  test.each<[Partial<Failure>]>([
    [{ reason: 'InvalidMessage' }],
    [{ reason: 'GeneralFailure', ofMessage: true }],
    [{ reason: 'AuthenticationNotSuccessful' }],
  ])('refuses to talk when it says %j', async (failure) => {
    await expect(refusing(failure)).rejects.toMatchObject({ code: 'KMIP_RESULT' })
  })

  test('is not asked when only 1.0 may be spoken', async () => {
    const ask = () => Promise.reject(new Error('was asked'))
    expect(await negotiateVersion(ask, ['1.0'])).toBe('1.0')
    await expect(negotiateVersion(ask, ['1.0', '1.4'])).rejects.toThrow('was asked')
  })
})
