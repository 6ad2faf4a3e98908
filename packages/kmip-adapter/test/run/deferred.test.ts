import { describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/index.js'
import type { ResponseItem } from '../../src/messages/index.js'
import { E, T } from '../items.js'
import { failure, pending, scriptRunner, success } from './scripted-transport.js'

const made = { objectType: 'SymmetricKey', uniqueIdentifier: 'new' } as const
const underPoll = {
  unknown: [E('ObjectType', 'SymmetricKey'), T('UniqueIdentifier', 'new')].map((item, position) => ({
    position,
    item,
  })),
}
const create = commands.create({ algorithm: 'AES', length: 256 })
const inTurn =
  (...answers: readonly ResponseItem[]) =>
  (_: unknown, count: number) => [answers[Math.min(count, answers.length - 1)] as ResponseItem]

describe('an answer that is deferred', () => {
  test.each(['Create', 'Poll'] as const)(
    'is polled for, and comes under the name of %s',
    async (operation) => {
      const { runner, requests } = scriptRunner(
        '1.4',
        inTurn(
          pending('Create', 1, 2),
          pending('Poll', 3, 4),
          success(operation, operation === 'Poll' ? underPoll : made),
        ),
      )
      expect(await runner.run(create)).toBe('new')
      const asked = requests.map(({ batchItem }) => batchItem?.[0])
      expect(asked.map((item) => item?.operation)).toEqual(['Create', 'Poll', 'Poll'])
      expect(asked[1]?.requestPayload).toEqual({ asynchronousCorrelationValue: Uint8Array.of(1, 2) })
      expect(asked[2]?.requestPayload).toEqual({ asynchronousCorrelationValue: Uint8Array.of(3, 4) })
      expect(requests[0]?.requestHeader.asynchronousIndicator).toBeUndefined()
    },
  )

  test.each(['Create', 'Poll', undefined] as const)(
    'may be a failure, under the name of %s',
    async (operation) => {
      const { runner } = scriptRunner('1.4', inTurn(pending('Create', 1), failure(operation)))
      await expect(runner.run(create)).rejects.toMatchObject({
        code: 'KMIP_RESULT',
        context: { operation: 'Create', kind: 'notFound' },
      })
    },
  )

  test('of another operation is not believed', async () => {
    const { runner } = scriptRunner(
      '1.4',
      inTurn(pending('Create', 1), success('Activate', { uniqueIdentifier: '1' })),
    )
    await expect(runner.run(create)).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
  })

  test('is not what another operation answers', async () => {
    const { runner } = scriptRunner(
      '1.4',
      inTurn(pending('Create', 1), success('Poll', { unknown: underPoll.unknown.slice(1) })),
    )
    await expect(runner.run(create)).rejects.toMatchObject({ code: 'CODEC_VALUE' })
  })

  test('without a value to ask by is not believed', async () => {
    const { runner } = scriptRunner('1.4', () => [{ operation: 'Create', resultStatus: 'OperationPending' }])
    await expect(runner.run(create)).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
  })

  test('is waited for as long as the call may take', async () => {
    const { runner, requests } = scriptRunner('1.4', inTurn(pending('Create', 1), pending('Poll', 1)))
    await expect(runner.run(create, { milliseconds: 100 })).rejects.toMatchObject({
      code: 'TRANSPORT_TIMEOUT',
      context: { milliseconds: 100 },
    })
    expect(requests.length).toBeLessThan(10)
  })

  test('is waited for until the caller gives up', async () => {
    const controller = new AbortController()
    const { runner } = scriptRunner('1.4', (_, count) => {
      if (count === 2) controller.abort()
      return [pending(count === 0 ? 'Create' : 'Poll', 1)]
    })
    await expect(runner.run(create, { signal: controller.signal })).rejects.toMatchObject({
      code: 'TRANSPORT_ABORTED',
    })
  })
})

describe('a command that may be deferred', () => {
  test.each([
    ['1.4', true],
    ['2.1', 'Optional'],
  ] as const)('says so in %s', async (version, indicator) => {
    const { runner, requests } = scriptRunner(version, inTurn(pending('Create', 1)))
    await runner.defer(create)
    expect(requests[0]?.requestHeader.asynchronousIndicator).toBe(indicator)
  })

  test('is polled until it is done, and then never again', async () => {
    const { runner, requests } = scriptRunner(
      '1.4',
      inTurn(pending('Create', 1), pending('Poll', 1), success('Create', made)),
    )
    const deferred = await runner.defer(create)
    expect(await deferred.poll()).toEqual({ done: false })
    expect(await deferred.poll()).toEqual({ done: true, value: 'new' })
    expect(await deferred.result()).toBe('new')
    expect(await deferred.cancel()).toBe('Completed')
    expect(requests).toHaveLength(3)
  })

  test('may be answered at once', async () => {
    const { runner } = scriptRunner('1.4', inTurn(success('Create', made)))
    const deferred = await runner.defer(create)
    expect(await deferred.result()).toBe('new')
  })

  test('is cancelled', async () => {
    const cancelled = { asynchronousCorrelationValue: Uint8Array.of(1), cancellationResult: 'Canceled' }
    const { runner, requests } = scriptRunner(
      '1.4',
      inTurn(pending('Create', 1), success('Cancel', cancelled)),
    )
    const deferred = await runner.defer(create)
    expect(await deferred.cancel()).toBe('Canceled')
    expect(requests[1]?.batchItem?.[0]?.requestPayload).toEqual({
      asynchronousCorrelationValue: Uint8Array.of(1),
    })
  })

  test('cannot be cancelled when the server does not know it', async () => {
    const { runner } = scriptRunner('1.4', inTurn(pending('Create', 1), failure('Cancel')))
    const deferred = await runner.defer(create)
    await expect(deferred.cancel()).rejects.toMatchObject({
      code: 'KMIP_RESULT',
      context: { kind: 'notFound' },
    })
  })
  test('is not cancelled by an answer that is deferred itself', async () => {
    const { runner } = scriptRunner('1.4', inTurn(pending('Create', 1), pending('Cancel', 1)))
    const deferred = await runner.defer(create)
    await expect(deferred.cancel()).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
  })
})
