import { expect, test } from 'vitest'
import { commands } from '../../src/commands/index.js'
import type { ResponseItem, ResponseMessage } from '../../src/messages/messages.js'
import { S, T } from '../items.js'
import { failure, scriptRunner, success } from './scripted-transport.js'

const activate = commands.activate('7')
const done = success('Activate', { uniqueIdentifier: '7' })
const counted = (batchCount: number, ...batchItem: ResponseItem[]): ResponseMessage => ({
  responseHeader: { protocolVersion: { protocolVersionMajor: 1, protocolVersionMinor: 4 }, batchCount },
  batchItem,
})
const nameless = { ...success(undefined, S('ResponsePayload', T('UniqueIdentifier', '7'))) }
const { responsePayload: _, ...empty } = done

test('one answer to one request is read', async () => {
  expect(await scriptRunner('1.4', () => [done]).runner.run(activate)).toBe('7')
})

test.each<[string, ResponseMessage]>([
  ['none', counted(0)],
  ['none, where the header has one', counted(1)],
  ['two', counted(2, done, done)],
  ['two, where the header has one', counted(1, done, done)],
  ['one, where the header has two', counted(2, done)],
  ['one to another operation', counted(1, { ...done, operation: 'Archive' })],
  ['one to no operation', counted(1, nameless)],
  ['one without a payload', counted(1, empty)],
  ['a failure of another operation', counted(1, failure('Archive'))],
])('of answers there may not be %s', async (_, message) => {
  const { runner } = scriptRunner('1.4', () => message)
  await expect(runner.run(activate)).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
})

test('a failure may name no operation', async () => {
  const { runner } = scriptRunner('1.4', () => [failure(undefined)])
  await expect(runner.run(activate)).rejects.toMatchObject({ code: 'KMIP_RESULT' })
})

test('what a failure says is an error even when no reason is given', async () => {
  const { runner } = scriptRunner('1.4', () => [{ operation: 'Activate', resultStatus: 'OperationFailed' }])
  await expect(runner.run(activate)).rejects.toMatchObject({
    code: 'KMIP_RESULT',
    context: { reason: 'no reason given', kind: 'other' },
  })
})

test('a request may be repeated when its operation may, a batch when all of its operations may', async () => {
  const found = success('Locate', {})
  const { runner, repeatable } = scriptRunner('1.4', (request) =>
    (request.batchItem ?? []).map((item) => ({
      ...(item.operation === 'Locate' ? found : done),
      ...(item.uniqueBatchItemId === undefined ? {} : { uniqueBatchItemId: item.uniqueBatchItemId }),
    })),
  )
  await runner.run(activate)
  await runner.run(commands.locate({}))
  await runner.batch([commands.locate({}), commands.locate({})])
  await runner.batch([commands.locate({}), activate])
  expect(repeatable).toEqual([false, true, true, false])
})

test('what is made of an object is another one', async () => {
  const { runner } = scriptRunner('1.4', () => [success('ReKey', { uniqueIdentifier: '8' })])
  expect(await runner.run(commands.rekey('7'))).toBe('8')
})
