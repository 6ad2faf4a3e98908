import { fromHex, toHex } from '@trusthold/core/bytes'
import { isTrustholdError } from '@trusthold/core/errors'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { KmipClient } from '../../src/client.js'
import type { KmipClientOptions } from '../../src/client-options.js'
import { requestMessage } from '../../src/messages/index.js'
import { decodeMessage, encodeMessage } from '../../src/ttlv/index.js'
import { recordedByVersion, recordedProbes } from '../recordings.js'
import {
  clientOptions,
  createIdentities,
  located,
  response,
  type Script,
  type ScriptedServer,
  startScripted,
  type TestIdentities,
} from '../scripted-server.js'

let identities: TestIdentities
const cleanups: (() => Promise<void>)[] = []
beforeAll(async () => {
  identities = await createIdentities()
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})
afterAll(() => identities.remove())

async function serve(script: Script, server = identities.server): Promise<ScriptedServer> {
  const scripted = await startScripted({ authority: identities.authority, server }, script)
  cleanups.push(() => scripted.stop())
  return scripted
}

/** A client that speaks 1.4 unless told otherwise, and connects on first use. */
function clientOf(
  ports: readonly number[],
  more: Partial<KmipClientOptions> = { version: '1.4' },
): KmipClient {
  const client = KmipClient.lazy(clientOptions(identities, ports, more))
  cleanups.push(() => client.close())
  return client
}

const find = (client: KmipClient, signal?: AbortSignal) => client.locate({ name: 'x' }, { signal })
const failure = (code: string, context: object = {}) =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })

describe('frames', () => {
  test('one response in many pieces', async () => {
    const server = await serve(({ socket }) => {
      for (const byte of located('a', 'b')) socket.write(Uint8Array.of(byte))
      return undefined
    })
    expect(await find(clientOf([server.port]))).toEqual(['a', 'b'])
  })

  test('two responses where one was asked for: the connection is not used again', async () => {
    const server = await serve(({ count }) =>
      count === 0 ? new Uint8Array([...located('a'), ...located('b')]) : located('c'),
    )
    const client = clientOf([server.port])
    expect(await find(client)).toEqual(['a'])
    expect(await find(client)).toEqual(['c'])
    expect(server.connections).toBe(2)
  })

  test('bytes that nobody asked for end the connection', async () => {
    const server = await serve(({ count }) => located(String(count)))
    const client = clientOf([server.port])
    expect(await find(client)).toEqual(['0'])
    server.requests[0]?.socket.write(located('late'))
    await server.ended(0)
    expect(await find(client)).toEqual(['1'])
    expect(server.connections).toBe(2)
  })

  test('a request is what PyKMIP sends: no field that may be left out', async () => {
    const server = await serve(() => located())
    await clientOf([server.port]).locate({ name: 'kp-primary-1.4' })
    const { requestHeader, batchItem = [] } = decodeMessage(
      requestMessage,
      server.requests[0]?.frame as Uint8Array,
    )
    // But for one: it tells late answers from others.
    const bare = batchItem.map(({ uniqueBatchItemId: _, ...item }) => item)
    expect(toHex(encodeMessage(requestMessage, { requestHeader, batchItem: bare }))).toBe(
      recordedByVersion['1.4']['locate_by_name']?.request,
    )
  })
})

describe('servers that misbehave', () => {
  const wrong: readonly (readonly [what: string, answer: () => Uint8Array, code: string])[] = [
    ['HTTP', () => new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n'), 'CODEC_VALUE'],
    ['a request', () => fromHex(recordedByVersion['1.4']['get']?.request ?? ''), 'CODEC_VALUE'],
    ['a claim of 4 GiB', () => fromHex('42007b01fffffff8'), 'CODEC_LIMIT'],
    ['an empty message', () => fromHex('42007b0100000000'), 'CODEC_VALUE'],
    ['no answer', () => response([]), 'KMIP_PROTOCOL'],
    ['a wrong count', () => response([{ operation: 'Locate', resultStatus: 'Success' }], 2), 'KMIP_PROTOCOL'],
    ['no payload', () => response([{ operation: 'Locate', resultStatus: 'Success' }]), 'KMIP_PROTOCOL'],
    [
      'another operation',
      () =>
        response([
          { operation: 'Destroy', resultStatus: 'Success', responsePayload: { uniqueIdentifier: 'x' } },
        ]),
      'KMIP_PROTOCOL',
    ],
    [
      'a failure of another operation',
      () =>
        response([{ operation: 'Destroy', resultStatus: 'OperationFailed', resultReason: 'ItemNotFound' }]),
      'KMIP_PROTOCOL',
    ],
    ['a success of no operation', () => response([{ resultStatus: 'Success' }]), 'KMIP_PROTOCOL'],
    [
      'a deferral',
      () => response([{ operation: 'Locate', resultStatus: 'OperationPending' }]),
      'KMIP_PROTOCOL',
    ],
    [
      'two answers',
      () =>
        response([1, 2].map(() => ({ operation: 'Locate', resultStatus: 'Success', responsePayload: {} }))),
      'KMIP_PROTOCOL',
    ],
  ]
  test.each(wrong)('%s is refused, and its connection not used again', async (_, answer, code) => {
    const server = await serve(({ count }) => (count === 0 ? answer() : located('fine')))
    const client = clientOf([server.port])
    await expect(find(client)).rejects.toThrow(failure(code))
    expect(await find(client)).toEqual(['fine'])
    expect(server.connections).toBe(2)
  })

  test('one that never answers is given up, and a late answer goes to nobody', async () => {
    const server = await serve(({ count }) => (count === 0 ? undefined : located('second')))
    const client = clientOf([server.port], { version: '1.4', timeouts: { call: 150 } })
    await expect(find(client)).rejects.toThrow(
      failure('TRANSPORT_TIMEOUT', {
        phase: 'read',
        milliseconds: 150,
        endpoint: `127.0.0.1:${server.port}`,
      }),
    )
    server.requests[0]?.socket.write(located('first'))
    expect(await find(client)).toEqual(['second'])
    expect(server.connections).toBe(2)
  })

  test('one that stops in the middle of its answer is given up', async () => {
    const server = await serve(() => located('x').subarray(0, 60))
    const client = clientOf([server.port], { version: '1.4', timeouts: { call: 150 } })
    await expect(find(client)).rejects.toThrow(failure('TRANSPORT_TIMEOUT'))
  })

  test('one that closes in the middle of its answer: not asked again', async () => {
    const server = await serve(({ socket, count }) => {
      if (count !== 1) return located('x')
      socket.end(located('x').subarray(0, 60))
      return undefined
    })
    const client = clientOf([server.port])
    await find(client)
    await expect(find(client)).rejects.toThrow(failure('TRANSPORT_FAILED', { phase: 'read' }))
    expect(server.requests).toHaveLength(2)
  })
})

describe('idle connections', () => {
  const closing: Script = ({ socket, count, connection }) => {
    if (connection === 0 && count > 0) {
      socket.destroy()
      return undefined
    }
    return count === 0 ? located('first') : located('again')
  }

  test('one that died is replaced once, for what can be asked twice', async () => {
    const server = await serve(closing)
    const client = clientOf([server.port])
    expect(await find(client)).toEqual(['first'])
    expect(await find(client)).toEqual(['again'])
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 0, 1])
  })

  test('what cannot be asked twice fails', async () => {
    const server = await serve(closing)
    const client = clientOf([server.port])
    await find(client)
    await expect(client.create({ algorithm: 'AES', length: 256 })).rejects.toThrow(
      failure('TRANSPORT_FAILED'),
    )
    expect(server.requests).toHaveLength(2)
  })

  test('a fresh connection that dies is not replaced', async () => {
    const server = await serve(({ socket }) => {
      socket.destroy()
      return undefined
    })
    await expect(find(clientOf([server.port]))).rejects.toThrow(failure('TRANSPORT_FAILED'))
    expect(server.requests).toHaveLength(1)
  })

  test('they are closed when their time is over', async () => {
    const server = await serve(() => located())
    const client = clientOf([server.port], { version: '1.4', timeouts: { idle: 20 } })
    await find(client)
    await server.ended(0)
    await find(client)
    expect(server.connections).toBe(2)
  })

  test('they are used again, and there are never more than allowed', async () => {
    const server = await serve(() => located('x'))
    const client = clientOf([server.port], { version: '1.4', maxConnections: 3 })
    await Promise.all(Array.from({ length: 30 }, () => find(client)))
    expect(server.requests).toHaveLength(30)
    expect(server.connections).toBe(3)
  })
})

describe('endings', () => {
  test('an aborted call ends at once and its connection with it', async () => {
    const controller = new AbortController()
    const server = await serve(({ count }) => {
      if (count > 0) return located('next')
      controller.abort()
      return undefined
    })
    const client = clientOf([server.port])
    await expect(find(client, controller.signal)).rejects.toThrow(failure('TRANSPORT_ABORTED'))
    await server.ended(0)
    expect(await find(client)).toEqual(['next'])
  })

  test('a call that waits for a connection can be aborted, and leaves the place to the next', async () => {
    const held: (() => void)[] = []
    const server = await serve(({ socket }) => {
      held.push(() => socket.write(located('x')))
      if (held.length > 1) held.at(-1)?.()
      return undefined
    })
    const client = clientOf([server.port], { version: '1.4', maxConnections: 1 })
    const first = find(client)
    await expect.poll(() => held.length).toBe(1)
    const controller = new AbortController()
    const second = find(client, controller.signal)
    const third = find(client)
    controller.abort()
    await expect(second).rejects.toThrow(failure('TRANSPORT_ABORTED'))
    held[0]?.()
    expect(await Promise.all([first, third])).toEqual([['x'], ['x']])
    expect(server.connections).toBe(1)
  })

  test('closing ends calls that run and calls that wait', async () => {
    const server = await serve(() => undefined)
    const client = clientOf([server.port], { version: '1.4', maxConnections: 1 })
    const calls = [find(client), find(client)].map((call) =>
      expect(call).rejects.toThrow(failure('TRANSPORT_CLOSED')),
    )
    await expect.poll(() => server.requests.length).toBe(1)
    await client.close()
    await Promise.all(calls)
    await expect(find(client)).rejects.toThrow(failure('TRANSPORT_CLOSED'))
  })
})

describe('who is believed', () => {
  const refusedBy = async (client: KmipClient, server: ScriptedServer, reason: RegExp): Promise<void> => {
    const error = await find(client).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'TRANSPORT_FAILED', context: { phase: 'tls' }, retryable: false })
    expect((error as Error).message).toMatch(reason)
    expect(server.requests).toHaveLength(0)
  }

  test('no server of another name', async () => {
    const other = await identities.authority.issue({
      subject: '/CN=other',
      usage: ['serverAuth'],
      names: ['DNS:other.example'],
    })
    const server = await serve(() => located(), other)
    await refusedBy(clientOf([server.port]), server, /altnames|IP: 127/i)
    const { tls } = clientOptions(identities, [])
    const named = clientOf([server.port], { version: '1.4', tls: { ...tls, serverName: 'other.example' } })
    expect(await find(named)).toEqual([])
  })

  test('no expired server', async () => {
    const names = ['IP:127.0.0.1']
    const old = await identities.authority.issue({
      subject: '/CN=old',
      usage: ['serverAuth'],
      names,
      expired: true,
    })
    const server = await serve(() => located(), old)
    await refusedBy(clientOf([server.port]), server, /expired/i)
  })

  test('no server of another authority, and none that signed itself', async () => {
    const rogue = await createIdentities()
    cleanups.push(() => rogue.remove())
    const server = await serve(() => located(), rogue.server)
    await refusedBy(clientOf([server.port]), server, /certificate|issuer/i)
  })

  test('a server whose own certificate is the trusted one', async () => {
    const server = await serve(() => located('x'))
    const { tls } = clientOptions(identities, [])
    const pinned = { ...tls, trustedCertificates: [identities.server.certificate] }
    expect(await find(clientOf([server.port], { version: '1.4', tls: pinned }))).toEqual(['x'])
    const other = await identities.authority.issue({
      subject: '/CN=x',
      usage: ['serverAuth'],
      names: ['IP:127.0.0.1'],
    })
    const sibling = await serve(() => located('x'), other)
    await refusedBy(clientOf([sibling.port], { version: '1.4', tls: pinned }), sibling, /certificate|issuer/i)
  })

  test('not even with NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
    const rogue = await createIdentities()
    cleanups.push(() => rogue.remove())
    const server = await serve(() => located(), rogue.server)
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      await refusedBy(clientOf([server.port]), server, /certificate|issuer/i)
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })

  test('a client without a certificate is not made', () => {
    const { tls } = clientOptions(identities, [])
    for (const missing of ['clientCertificate', 'clientPrivateKey'] as const) {
      const options = clientOptions(identities, [1], { tls: { ...tls, [missing]: '' } })
      expect(() => KmipClient.lazy(options)).toThrow(failure('CONFIGURATION_INVALID', { name: missing }))
    }
  })
})

describe('several servers', () => {
  test('the next is asked when one cannot be reached, even for what cannot be asked twice', async () => {
    const server = await serve(({ operation }) =>
      operation === 'Create'
        ? response([
            {
              operation: 'Create',
              resultStatus: 'Success',
              responsePayload: { objectType: 'SymmetricKey', uniqueIdentifier: '7' },
            },
          ])
        : located('x'),
    )
    const client = clientOf([1, server.port])
    expect(await find(client)).toEqual(['x'])
    expect(await client.create({ algorithm: 'AES', length: 256 })).toBe('7')
  })

  test('the next is asked when one cannot be believed', async () => {
    const rogue = await createIdentities()
    cleanups.push(() => rogue.remove())
    const bad = await serve(() => located('bad'), rogue.server)
    const good = await serve(() => located('good'))
    expect(await find(clientOf([bad.port, good.port]))).toEqual(['good'])
  })

  test('none is asked after one that got the request', async () => {
    const first = await serve(({ socket }) => {
      socket.destroy()
      return undefined
    })
    const second = await serve(() => located('x'))
    const client = clientOf([first.port, second.port])
    await expect(client.create({ algorithm: 'AES', length: 256 })).rejects.toThrow(
      failure('TRANSPORT_FAILED'),
    )
    expect(second.requests).toHaveLength(0)
  })

  test('when none can be reached, the error holds what each one did', async () => {
    const error = await find(clientOf([1, 2])).catch((caught: unknown) => caught)
    expect(error).toMatchObject({
      code: 'TRANSPORT_FAILED',
      context: { phase: 'connect', endpoint: '127.0.0.1:1' },
    })
    const { errors } = (error as Error).cause as AggregateError
    expect(errors.every((one) => isTrustholdError(one, 'TRANSPORT_FAILED'))).toBe(true)
    expect(errors).toHaveLength(2)
  })
})

describe('versions', () => {
  const probe = (name: string) => fromHex(recordedProbes[name]?.response ?? '')
  const versionsOf = (served: readonly (readonly [number, number])[]) =>
    response([
      {
        operation: 'DiscoverVersions',
        resultStatus: 'Success',
        responsePayload: {
          protocolVersion: served.map(([major, minor]) => ({
            protocolVersionMajor: major,
            protocolVersionMinor: minor,
          })),
        },
      },
    ])
  const answering =
    (answer: Uint8Array): Script =>
    ({ operation }) =>
      operation === 'DiscoverVersions' ? answer : located('x')

  test.each([
    ['all of PyKMIP', probe('discover_1.1'), '1.4'],
    [
      'in any order, with strangers',
      versionsOf([
        [9, 9],
        [1, 0],
        [1, 3],
        [2, 0],
        [1, 1],
      ]),
      '1.3',
    ],
    ['not supported', probe('discover_1.0'), '1.0'],
    ['unreadable, by a header of 1.0 and no operation', probe('discover_2.1'), '1.0'],
  ] as const)('%s', async (_, answer, version) => {
    const server = await serve(answering(answer))
    const client = clientOf([server.port], {})
    expect(await client.version()).toBe(version)
    await find(client)
    await find(client)
    expect(server.requests.map(({ operation }) => operation)).toEqual([
      'DiscoverVersions',
      'Locate',
      'Locate',
    ])
    expect(server.requests.map((request) => request.version)).toEqual(['1.1', version, version])
  })

  test.each([
    ['an empty list', probe('discover_none_common'), {}],
    [
      'none that is wanted',
      versionsOf([
        [1, 0],
        [2, 0],
      ]),
      { versions: ['1.4', '1.3'] },
    ],
    ['not supported, where 1.0 is not wanted', probe('discover_1.0'), { versions: ['1.4'] }],
    ['unreadable, where 1.0 is not wanted', probe('discover_2.1'), { versions: ['2.0'] }],
  ] as const)('%s: no common version', async (_, answer, options) => {
    const server = await serve(answering(answer))
    await expect(find(clientOf([server.port], options))).rejects.toThrow(failure('KMIP_VERSION'))
    expect(server.requests).toHaveLength(1)
  })

  test('a refusal is not taken for an old server', async () => {
    const refusal = response([
      {
        operation: 'DiscoverVersions',
        resultStatus: 'OperationFailed',
        resultReason: 'AuthenticationNotSuccessful',
      },
    ])
    const server = await serve(answering(refusal))
    await expect(find(clientOf([server.port], {}))).rejects.toThrow(
      failure('KMIP_RESULT', { kind: 'authentication' }),
    )
  })

  test('a pinned version is not asked for', async () => {
    const server = await serve(() => located('x'))
    await find(clientOf([server.port], { version: '2.0' }))
    expect(server.requests.map(({ version }) => version)).toEqual(['2.0'])
  })

  test('a message that the server cannot read any more is sent again by a version that it can', async () => {
    const unreadable = response([{ resultStatus: 'OperationFailed', resultReason: 'InvalidMessage' }])
    const server = await serve((request) => {
      if (request.operation === 'DiscoverVersions') return versionsOf([[1, request.count === 0 ? 4 : 2]])
      return request.version === '1.4' ? unreadable : located('x')
    })
    const client = clientOf([server.port], {})
    expect(await find(client)).toEqual(['x'])
    expect(server.requests.map(({ operation, version }) => [operation, version])).toEqual([
      ['DiscoverVersions', '1.1'],
      ['Locate', '1.4'],
      ['DiscoverVersions', '1.1'],
      ['Locate', '1.2'],
    ])
  })

  test('each server has its own', async () => {
    const old = await serve(answering(probe('discover_1.0')))
    const client = clientOf([1, old.port], {})
    expect(await client.version()).toBe('1.0')
  })
})

test('an ended session costs the connection', async () => {
  const ended = response([
    {
      operation: 'Locate',
      resultStatus: 'OperationFailed',
      resultReason: 'GeneralFailure',
      resultMessage: 'Token has been revoked',
    },
  ])
  const server = await serve(({ connection }) => (connection === 0 ? ended : located('x')))
  const client = clientOf([server.port])
  await expect(find(client)).rejects.toMatchObject({
    code: 'KMIP_RESULT',
    context: { kind: 'transient' },
    retryable: true,
  })
  expect(await find(client)).toEqual(['x'])
})
