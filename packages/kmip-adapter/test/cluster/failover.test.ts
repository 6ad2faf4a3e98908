import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { KmipClient } from '../../src/client.js'
import {
  created,
  createIdentities,
  located,
  locateFailed,
  movableClock,
  openStage,
  response,
  type Script,
  type Stage,
  type TestIdentities,
  versionsServed,
} from '../scripted-server.js'

let identities: TestIdentities
let stage: Stage
beforeAll(async () => {
  identities = await createIdentities()
})
beforeEach(() => {
  stage = openStage(identities)
})
afterEach(() => stage.end())
afterAll(() => identities.remove())

/** For machines that have much else to do. */
const patient = { timeout: 10_000 }

const find = (client: KmipClient) => client.locate({ name: 'x' })
const make = (client: KmipClient) => client.create({ algorithm: 'AES', length: 256 })
const failure = (code: string, context: object = {}) =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })

/** What a server may do with a request instead of answering it well. */
const silent: Script = () => undefined
const closing: Script = ({ socket }) => {
  socket.destroy()
  return undefined
}
const failing =
  (resultReason: Parameters<typeof locateFailed>[0]): Script =>
  ({ operation }) =>
    response([{ operation: operation as 'Locate', resultStatus: 'OperationFailed', resultReason }])
const answering =
  (...found: string[]): Script =>
  ({ operation }) =>
    operation === 'Create' ? created('made') : located(...found)

/** Two servers, the first of which does this, and a client of both. */
async function pairOf(first: Script, more: Parameters<Stage['clientOf']>[1] = {}) {
  const one = await stage.serve(first)
  const two = await stage.serve(answering('second'))
  return { one, two, client: stage.clientOf([one.port, two.port], more) }
}

describe('what can be asked twice is asked elsewhere when a server', () => {
  test.each<[string, Script]>([
    ['closes the connection', closing],
    ['never answers', silent],
    ['answers nonsense', () => new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['answers to something else', failing('GeneralFailure')],
    ['fails for a while', failing('InternalServerError')],
    ['takes no more', failing('ServerLimitExceeded')],
    ['does not accept our certificate', failing('AuthenticationNotSuccessful')],
    ['does not have the operation', failing('OperationNotSupported')],
    ['does not know the object', failing('ItemNotFound')],
  ])('%s', async (what, script) => {
    const answer: Script =
      what === 'answers to something else'
        ? () =>
            response([
              { operation: 'Destroy', resultStatus: 'OperationFailed', resultReason: 'ItemNotFound' },
            ])
        : script
    const { two, client } = await pairOf(answer, { timeouts: { request: 100 } })
    expect(await find(client)).toEqual(['second'])
    expect(two.requests).toHaveLength(1)
  })
})

describe('what cannot be asked twice is asked elsewhere', () => {
  test.each([['OperationNotSupported'], ['AuthenticationNotSuccessful'], ['ItemNotFound']] as const)(
    'when a server refuses it with %s',
    async (reason) => {
      const { one, client } = await pairOf(failing(reason))
      expect(await make(client)).toBe('made')
      expect(one.requests).toHaveLength(1)
    },
  )

  test('when no version could be agreed on', async () => {
    const { one, client } = await pairOf(
      ({ operation }) => (operation === 'DiscoverVersions' ? versionsServed([9, 9]) : created('wrong')),
      { versions: ['1.0', '1.4'] },
    )
    // The second server answers Locate only, which is none to DiscoverVersions.
    await expect(make(client)).rejects.toThrow()
    expect(one.requests.map(({ operation }) => operation)).toEqual(['DiscoverVersions'])
  })

  test('when a server went silent before it was asked: while a version was agreed on', async () => {
    const one = await stage.serve(silent)
    const two = await stage.serve(({ operation }) =>
      operation === 'DiscoverVersions' ? versionsServed([1, 2]) : created('made'),
    )
    const client = stage.clientOf([one.port, two.port], {
      versions: ['1.4', '1.2'],
      timeouts: { connect: 100, request: 50 },
    })
    expect(await make(client)).toBe('made')
    expect(one.requests.map(({ operation }) => operation)).toEqual(['DiscoverVersions'])
  })
})

describe('what cannot be asked twice is not asked elsewhere', () => {
  test.each<[string, Script, string]>([
    ['closes the connection', closing, 'TRANSPORT_FAILED'],
    ['never answers', silent, 'TRANSPORT_TIMEOUT'],
    ['answers nonsense', () => new TextEncoder().encode('HTTP/1.1 400'), 'CODEC_VALUE'],
    ['answers to something else', () => located('x'), 'KMIP_PROTOCOL'],
    ['fails for a while', failing('InternalServerError'), 'KMIP_RESULT'],
    ['forbids it', failing('PermissionDenied'), 'KMIP_RESULT'],
  ])('when a server %s', async (what, script, code) => {
    const { one, two, client } = await pairOf(script, { timeouts: { request: 100 } })
    const error = await make(client).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code })
    // Whoever tries the same again might do it twice.
    if (what !== 'fails for a while') expect(error).toMatchObject({ retryable: false })
    expect([one.requests.length, two.requests.length]).toEqual([1, 0])
  })
})

test.each(['PermissionDenied', 'IllegalOperation', 'InvalidField', 'NotExtractable'] as const)(
  '%s is an answer: nobody else is asked',
  async (reason) => {
    const { two, client } = await pairOf(failing(reason))
    await expect(find(client)).rejects.toThrow(failure('KMIP_RESULT', { reason }))
    expect(two.requests).toHaveLength(0)
  },
)

describe('a call that is over', () => {
  test('is not begun with another server', async () => {
    const { two, client } = await pairOf(silent)
    await expect(client.locate({ name: 'x' }, { milliseconds: 100 })).rejects.toThrow(
      failure('TRANSPORT_TIMEOUT', { phase: 'read', milliseconds: 100 }),
    )
    expect(two.requests).toHaveLength(0)
  })

  test('before it starts costs no connection', async () => {
    const { one, client } = await pairOf(() => located('first'))
    await find(client)
    await expect(client.locate({ name: 'x' }, { signal: AbortSignal.abort() })).rejects.toThrow(
      failure('TRANSPORT_ABORTED'),
    )
    await find(client)
    expect([one.requests.length, one.connections]).toEqual([2, 1])
  })
})

describe('an object that is not found', () => {
  const unknown = failing('ItemNotFound')

  test('by any server is not there', async () => {
    const servers = await Promise.all([stage.serve(unknown), stage.serve(unknown)])
    const client = stage.clientOf(servers.map(({ port }) => port))
    await expect(find(client)).rejects.toThrow(failure('KMIP_RESULT', { kind: 'notFound' }))
    expect(servers.map(({ requests }) => requests.length)).toEqual([1, 1])
  })

  test('is not there when those that can be asked do not have it, wherever the others are in the order', async () => {
    const server = await stage.serve(unknown)
    for (const ports of [
      [server.port, 1],
      [1, server.port],
    ]) {
      const error = await find(stage.clientOf(ports)).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ code: 'KMIP_RESULT', context: { kind: 'notFound' } })
      expect((error as { cause: AggregateError }).cause.errors).toHaveLength(2)
    }
  })

  test('keeps the server that said so in use', async () => {
    const { one, client } = await pairOf(({ count }) =>
      count === 0 ? locateFailed('ItemNotFound') : located('first'),
    )
    expect(await find(client)).toEqual(['second'])
    expect(await find(client)).toEqual(['first'])
    expect(one.requests).toHaveLength(2)
  })
})

describe('a server that failed', () => {
  const failsOnce: Script = (request) => (request.count === 0 ? closing(request) : located('first'))

  test('is left alone for a while, and tried again apart from the calls', async () => {
    const clock = movableClock()
    const { one, two, client } = await pairOf(
      (request) => {
        if (request.operation === 'Query')
          return response([{ operation: 'Query', resultStatus: 'Success', responsePayload: {} }])
        return failsOnce(request)
      },
      { clock, timeouts: { idle: 60_000 } },
    )
    expect(await find(client)).toEqual(['second'])
    expect(await find(client)).toEqual(['second'])
    expect(one.requests).toHaveLength(1)
    clock.time += 1_000
    // This call does not wait for the trial.
    expect(await find(client)).toEqual(['second'])
    await expect.poll(() => one.requests.length, patient).toBe(3)
    await expect.poll(() => find(client), patient).toEqual(['first'])
    expect(one.requests.map(({ operation }) => operation).slice(1, 3)).toEqual(['Query', 'Locate'])
    expect(two.requests.length).toBeGreaterThanOrEqual(3)
  })

  test('is also one with which no version could be agreed on', async () => {
    const one = await stage.serve(() => versionsServed([9, 9]))
    const two = await stage.serve(({ operation }) =>
      operation === 'DiscoverVersions' ? versionsServed([1, 4]) : located('second'),
    )
    const client = stage.clientOf([one.port, two.port], { versions: ['1.4'], clock: movableClock() })
    for (let i = 0; i < 3; i++) expect(await find(client)).toEqual(['second'])
    expect(one.requests).toHaveLength(1)
  })

  test('is tried all the same when no other works', async () => {
    const server = await stage.serve(failsOnce)
    const client = stage.clientOf([server.port])
    await expect(find(client)).rejects.toThrow(failure('TRANSPORT_FAILED'))
    expect(await find(client)).toEqual(['first'])
  })

  test('comes after those that failed longer ago when none works', async () => {
    const clock = movableClock()
    const asked: string[] = []
    const script =
      (name: string): Script =>
      (request) => {
        asked.push(name)
        return closing(request)
      }
    const servers = [await stage.serve(script('one')), await stage.serve(script('two'))]
    const client = stage.clientOf(
      servers.map(({ port }) => port),
      { clock },
    )
    await expect(make(client)).rejects.toThrow()
    clock.time += 10
    await expect(find(client)).rejects.toThrow()
    expect(asked).toEqual(['one', 'two', 'one'])
    clock.time += 10
    await expect(make(client)).rejects.toThrow()
    expect(asked.at(-1)).toBe('one')
  })

  test('lets go of the calls that wait for it', async () => {
    const { one, two, client } = await pairOf(silent, { maxConnections: 1, timeouts: { request: 200 } })
    const calls = Array.from({ length: 20 }, () => find(client))
    expect(await Promise.all(calls)).toEqual(calls.map(() => ['second']))
    // One by one they would have taken four seconds and more.
    expect(one.requests.length).toBeLessThan(5)
    expect(two.requests).toHaveLength(20)
  })
})

describe('after a change', () => {
  test('its server comes first for a while: others may not have heard of it', async () => {
    const clock = movableClock()
    const { one, client } = await pairOf(
      (request) => {
        if (request.operation === 'Create') return failing('OperationNotSupported')(request)
        return located('first')
      },
      { clock },
    )
    expect(await find(client)).toEqual(['first'])
    expect(await make(client)).toBe('made')
    expect(await find(client)).toEqual(['second'])
    clock.time += 9_999
    expect(await find(client)).toEqual(['second'])
    clock.time += 1
    expect(await find(client)).toEqual(['first'])
    expect(one.requests).toHaveLength(3)
  })
})

describe('versions', () => {
  test('are asked for once by all calls that come at the same time', async () => {
    const server = await stage.serve(({ operation }) =>
      operation === 'DiscoverVersions' ? versionsServed([1, 4]) : located('x'),
    )
    const client = stage.clientOf([server.port], { versions: ['1.4'] })
    await Promise.all(Array.from({ length: 10 }, () => find(client)))
    expect(server.requests.filter(({ operation }) => operation === 'DiscoverVersions')).toHaveLength(1)
  })

  test('are asked for again when the server ended a connection: it may be another one by now', async () => {
    let minor = 2
    const server = await stage.serve(({ operation }) =>
      operation === 'DiscoverVersions' ? versionsServed([1, minor]) : located('x'),
    )
    const client = stage.clientOf([server.port], { versions: ['1.4', '1.2'] })
    await find(client)
    minor = 4
    await find(client)
    expect(server.requests.at(-1)?.version).toBe('1.2')
    server.requests.at(-1)?.socket.destroy()
    const versionOfFind = async () => {
      await find(client)
      return server.requests.at(-1)?.version
    }
    await expect.poll(versionOfFind, patient).toBe('1.4')
  })

  test('are asked for again after a downgrade, and what was not understood is sent once more', async () => {
    let minor = 4
    const server = await stage.serve(({ operation, version }) => {
      if (operation === 'DiscoverVersions') return versionsServed([1, minor])
      if (version !== `1.${minor}`) {
        return response([{ resultStatus: 'OperationFailed', resultReason: 'InvalidMessage' }])
      }
      return operation === 'Create' ? created('made') : located('x')
    })
    const client = stage.clientOf([server.port], { versions: ['1.4', '1.2'] })
    await find(client)
    minor = 2
    // Nothing was carried out: this cannot be asked twice, and is.
    expect(await make(client)).toBe('made')
    expect(
      server.requests.filter(({ operation }) => operation === 'Create').map(({ version }) => version),
    ).toEqual(['1.4', '1.2'])
  })

  /** A server that is of another version whenever it is asked, and refuses every message as a whole. */
  const fickle = (resultReason: 'InvalidMessage' | 'GeneralFailure'): Script => {
    let asked = 0
    return ({ operation }) =>
      operation === 'DiscoverVersions'
        ? versionsServed([1, asked++ % 2 === 0 ? 4 : 2])
        : response([{ resultStatus: 'OperationFailed', resultReason }])
  }
  test.each([
    ['once more when it was not understood', 'InvalidMessage', 2],
    ['no second time when it may have been carried out', 'GeneralFailure', 1],
  ] as const)('that change make what cannot be asked twice be sent %s', async (_, reason, times) => {
    const server = await stage.serve(fickle(reason))
    const client = stage.clientOf([server.port], { versions: ['1.4', '1.2'], timeouts: { call: 2_000 } })
    await expect(make(client)).rejects.toThrow(failure('KMIP_RESULT', { reason }))
    expect(server.requests.filter(({ operation }) => operation === 'Create')).toHaveLength(times)
  })

  test('stay as they are when a message is refused that the version is not to blame for', async () => {
    const server = await stage.serve(({ operation }) =>
      operation === 'DiscoverVersions'
        ? versionsServed([1, 4])
        : response([{ resultStatus: 'OperationFailed', resultReason: 'InvalidMessage' }]),
    )
    const client = stage.clientOf([server.port], { versions: ['1.4'] })
    await expect(find(client)).rejects.toThrow(failure('KMIP_RESULT', { reason: 'InvalidMessage' }))
    expect(server.requests.map(({ operation }) => operation)).toEqual([
      'DiscoverVersions',
      'Locate',
      'DiscoverVersions',
    ])
  })
})
