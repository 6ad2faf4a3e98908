import { SecretBytes } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { commands, lastObject } from '../../src/commands/index.js'
import type { RequestMessage, ResponseItem } from '../../src/messages/index.js'
import { failure, scriptRunner, success } from './scripted-transport.js'

const protocol = expect.objectContaining({ code: 'KMIP_PROTOCOL' })
const rejected = (reason: unknown) => ({ status: 'rejected', reason })
const three = [commands.activate('1'), commands.destroy('2'), commands.activate('3')] as const
const idsOf = ({ batchItem = [] }: RequestMessage) =>
  batchItem.map((item) => item.uniqueBatchItemId as Uint8Array)
const done = (operation: 'Activate' | 'Destroy', uniqueIdentifier: string, id?: Uint8Array) =>
  success(operation, { uniqueIdentifier }, id)
const allDone = (request: RequestMessage): ResponseItem[] => {
  const [a, b, c] = idsOf(request)
  return [done('Activate', '1', a), done('Destroy', '2', b), done('Activate', '3', c)]
}

describe('a batch', () => {
  test('is one message, with an id for each item that no other message has', async () => {
    const { runner, requests } = scriptRunner('1.4', allDone)
    await runner.batch(three)
    await runner.batch(three)
    const [first, second] = requests as [RequestMessage, RequestMessage]
    expect(first.requestHeader).toMatchObject({ batchCount: 3, batchOrderOption: true })
    expect(first.requestHeader.batchErrorContinuationOption).toBeUndefined()
    const ids = [...idsOf(first), ...idsOf(second)].map(String)
    expect(new Set(ids).size).toBe(6)
  })

  test('says what happens when an item fails; 2.x keeps the order by itself', async () => {
    const { runner, requests } = scriptRunner('2.0', allDone)
    await runner.batch(three, { onFailure: 'Undo' })
    expect(requests[0]?.requestHeader).toMatchObject({ batchErrorContinuationOption: 'Undo' })
    expect(requests[0]?.requestHeader.batchOrderOption).toBeUndefined()
  })

  test('has a result for each command, whatever the order of the answers', async () => {
    const { runner } = scriptRunner('1.4', (request) => allDone(request).reverse())
    expect(await runner.batch(three)).toEqual([
      { status: 'fulfilled', value: '1' },
      { status: 'fulfilled', value: undefined },
      { status: 'fulfilled', value: '3' },
    ])
  })

  test('is read by its order when the server gives no ids back', async () => {
    const { runner } = scriptRunner('1.4', () => [
      done('Activate', '1'),
      done('Destroy', '2'),
      done('Activate', '3'),
    ])
    expect((await runner.batch(three)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ])
  })

  test('stops at a failure: the others were not carried out', async () => {
    const { runner } = scriptRunner('1.4', (request) => {
      const [a, b] = idsOf(request)
      return [done('Activate', '1', a), failure('Destroy', b)]
    })
    expect(await runner.batch(three)).toEqual([
      { status: 'fulfilled', value: '1' },
      rejected(expect.objectContaining({ context: expect.objectContaining({ kind: 'notFound' }) })),
      rejected(expect.objectContaining({ context: expect.objectContaining({ status: 'not carried out' }) })),
    ])
  })

  test('without an answer to a command that there was no reason to leave out', async () => {
    const missing = (request: RequestMessage) => allDone(request).slice(0, 2)
    const { runner } = scriptRunner('1.4', missing)
    expect((await runner.batch(three))[2]).toEqual(rejected(protocol))
    const continued = scriptRunner('1.4', (request) => [failure('Activate', idsOf(request)[0])])
    expect((await continued.runner.batch(three, { onFailure: 'Continue' }))[1]).toEqual(rejected(protocol))
  })

  test('that was undone', async () => {
    const { runner } = scriptRunner('1.4', (request) => {
      const [a, b, c] = idsOf(request)
      const undone = { ...failure('Activate', a), resultStatus: 'OperationUndone' } as const
      return [undone, failure('Destroy', b), { ...undone, uniqueBatchItemId: c as Uint8Array }]
    })
    const [first] = await runner.batch(three, { onFailure: 'Undo' })
    expect(first).toMatchObject({ status: 'rejected', reason: { context: { status: 'OperationUndone' } } })
  })

  test.each<[string, (request: RequestMessage) => ResponseItem[]]>([
    [
      'two answers to one',
      (request) => allDone(request).map((item) => ({ ...item, ...allDone(request)[0] })),
    ],
    [
      'an answer to none',
      (request) => [...allDone(request).slice(0, 2), done('Activate', '3', new Uint8Array(8))],
    ],
    ['more answers than commands', (request) => [...allDone(request), done('Activate', '3')]],
    [
      'more answers than commands, and no ids',
      () => [done('Activate', '1'), done('Destroy', '2'), done('Activate', '3'), done('Activate', '4')],
    ],
    ['ids with some answers only', (request) => [...allDone(request).slice(0, 2), done('Activate', '3')]],
    ['an answer to another operation', (request) => [done('Activate', '1', idsOf(request)[1])]],
  ])('is not believed with %s', async (_, script) => {
    const { runner } = scriptRunner('1.4', script)
    await expect(runner.batch(three)).rejects.toThrow(protocol)
  })

  test('is not believed when the header counts otherwise', async () => {
    const { runner } = scriptRunner('1.4', (request) => ({
      responseHeader: { protocolVersion: request.requestHeader.protocolVersion, batchCount: 2 },
      batchItem: allDone(request),
    }))
    await expect(runner.batch(three)).rejects.toThrow(protocol)
  })

  test('with an answer about another object', async () => {
    const { runner } = scriptRunner('1.4', (request) => {
      const [a, b, c] = idsOf(request)
      return [done('Activate', '3', a), done('Destroy', '2', b), done('Activate', '1', c)]
    })
    const results = await runner.batch(three)
    expect(results[0]).toEqual(rejected(protocol))
    expect(results[1]).toEqual({ status: 'fulfilled', value: undefined })
    expect(results[2]).toEqual(rejected(protocol))
  })

  test('with an item that is deferred', async () => {
    const { runner } = scriptRunner('1.4', (request) => {
      const [first, ...others] = allDone(request) as [ResponseItem, ...ResponseItem[]]
      const { responsePayload: _, ...rest } = first
      const deferral = {
        resultStatus: 'OperationPending',
        asynchronousCorrelationValue: new Uint8Array(1),
      } as const
      return [{ ...rest, ...deferral }, ...others]
    })
    expect((await runner.batch(three))[0]).toEqual(rejected(protocol))
  })

  test('that the server cannot read fails as a whole', async () => {
    const { runner } = scriptRunner('1.4', () => [{ ...failure(undefined), resultReason: 'InvalidMessage' }])
    await expect(runner.batch(three)).rejects.toMatchObject({
      code: 'KMIP_RESULT',
      context: { kind: 'unsupported' },
    })
  })

  test('of which one item fails is read item by item, however little the answer says', async () => {
    const bare = scriptRunner('1.4', () => [failure('Activate')])
    const statuses = (await bare.runner.batch(three)).map(
      (result) => result.status === 'rejected' && (result.reason as { context: object }).context,
    )
    expect(statuses).toMatchObject([
      { kind: 'notFound' },
      { status: 'not carried out' },
      { status: 'not carried out' },
    ])
    const nameless = scriptRunner('1.4', (request) => [failure(undefined, idsOf(request)[0])])
    expect((await nameless.runner.batch(three))[0]).toMatchObject({ status: 'rejected' })
  })

  test('of an operation that the version does not have is not sent', async () => {
    const { runner, requests } = scriptRunner('1.0', allDone)
    await expect(runner.batch([commands.activate('1'), commands.discoverVersions()])).rejects.toMatchObject({
      code: 'KMIP_VERSION',
    })
    expect(requests).toEqual([])
  })
})

describe('the last object', () => {
  const key = commands.create({ algorithm: 'AES', length: 256 })
  const made = (request: RequestMessage, activated: string) => {
    const [a, b] = idsOf(request)
    return [
      success('Create', { objectType: 'SymmetricKey', uniqueIdentifier: 'new' }, a),
      done('Activate', activated, b),
    ]
  }

  test('is the one that the command before made', async () => {
    const { runner, requests } = scriptRunner('1.4', (request) => made(request, 'new'))
    const results = await runner.batch([key, commands.activate(lastObject)])
    expect(results.map((result) => result.status === 'fulfilled' && result.value)).toEqual(['new', 'new'])
    expect(requests[0]?.batchItem?.[1]?.requestPayload).toEqual({})
  })

  test('is not another one', async () => {
    const { runner } = scriptRunner('1.4', (request) => made(request, 'other'))
    expect((await runner.batch([key, commands.activate(lastObject)]))[1]).toEqual(rejected(protocol))
  })

  test('is the private key of a pair, and what was found last', async () => {
    const pair = { privateKeyUniqueIdentifier: 'private', publicKeyUniqueIdentifier: 'public' }
    const { runner } = scriptRunner('1.4', (request) => {
      const [a, b, c, d] = idsOf(request)
      return [
        success('CreateKeyPair', pair, a),
        done('Activate', 'private', b),
        success('Locate', { uniqueIdentifier: ['found'] }, c),
        done('Activate', 'elsewhere', d),
      ]
    })
    const results = await runner.batch([
      commands.createKeyPair({ algorithm: 'RSA', length: 2048 }),
      commands.activate(lastObject),
      commands.locate({ name: 'x' }),
      commands.activate(lastObject),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
  })

  test.each([
    ['first', [commands.activate(lastObject)]],
    ['before what makes one', [commands.activate(lastObject), key]],
    ['after what makes none', [commands.activate('1'), commands.destroy(lastObject)]],
    ['of nothing', []],
  ])('is refused %s', async (_, list) => {
    const { runner, requests } = scriptRunner('1.4', () => [])
    await expect(runner.batch(list)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    expect(requests).toEqual([])
  })

  test('is not guessed when no earlier command left one, whatever the server took for it', async () => {
    const material = SecretBytes.take(new Uint8Array(32))
    const keyBlock = { keyFormatType: 'Raw', keyValue: { keyMaterial: material } } as const
    const foreign = { objectType: 'SymmetricKey', uniqueIdentifier: 'foreign', symmetricKey: { keyBlock } }
    const { runner } = scriptRunner('1.4', (request) => {
      const [a, b] = idsOf(request)
      return [success('Locate', {}, a), success('Get', foreign, b)]
    })
    const [, got] = await runner.batch([commands.locate({ name: 'x' }), commands.get(lastObject)])
    expect(got).toEqual(rejected(protocol))
  })

  test('is refused where the batch goes on after a failure: it would be an earlier object', async () => {
    const { runner, requests } = scriptRunner('1.4', () => [])
    const list = [key, key, commands.destroy(lastObject)]
    await expect(runner.batch(list, { onFailure: 'Continue' })).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
    })
    expect(requests).toEqual([])
  })

  test('is refused outside of a batch', async () => {
    const { runner, requests } = scriptRunner('1.4', () => [done('Destroy', '1')])
    await expect(runner.run(commands.destroy(lastObject))).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    await expect(runner.defer(commands.destroy(lastObject))).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
    })
    expect(requests).toEqual([])
  })
})
