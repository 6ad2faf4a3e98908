import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  createIdentities,
  located,
  locateFailed,
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

const named = { name: 'x' }

/** Answers a Locate by this, and says that it has 1.4. */
const having =
  (answer: Script): Script =>
  (request) =>
    request.operation === 'DiscoverVersions' ? versionsServed([1, 4]) : answer(request)

/** A message as a whole refused. */
const refused = (resultReason: 'InvalidMessage') =>
  response([{ resultStatus: 'OperationFailed', resultReason }])

const operationsOf = ({ requests }: { requests: readonly { operation: unknown }[] }) =>
  requests.map(({ operation }) => operation)

test('a server that goes silent on a connection that answered before is not asked again', async () => {
  const server = await stage.serve(({ count }) => (count === 0 ? located('x') : undefined))
  const client = stage.clientOf([server.port], { timeouts: { request: 500 } })
  await client.locate(named)
  await expect(client.locate(named)).rejects.toMatchObject({ code: 'TRANSPORT_TIMEOUT' })
  expect(server.requests).toHaveLength(2)
})

test('a refusal costs no connection, trouble of the server does', async () => {
  let reason: 'PermissionDenied' | 'InternalServerError' = 'PermissionDenied'
  const server = await stage.serve(() => locateFailed(reason))
  const client = stage.clientOf([server.port])
  for (const connections of [1, 1]) {
    await expect(client.locate(named)).rejects.toMatchObject({ context: { kind: 'denied' } })
    expect(server.connections).toBe(connections)
  }
  reason = 'InternalServerError'
  await expect(client.locate(named)).rejects.toMatchObject({ context: { kind: 'transient' } })
  await server.ended(0)
})

test.each<[string, () => Uint8Array, number]>([
  ['an operation', () => locateFailed('PermissionDenied'), 1],
  ['the version of an operation', () => locateFailed('UnsupportedProtocolVersion'), 2],
  ['a message', () => refused('InvalidMessage'), 2],
])('after %s is refused, versions are asked for as often as need be', async (_, answer, times) => {
  const server = await stage.serve(having(answer))
  const client = stage.clientOf([server.port], { versions: ['1.4', '1.2'] })
  await expect(client.locate(named)).rejects.toMatchObject({ code: 'KMIP_RESULT' })
  expect(operationsOf(server).filter((operation) => operation === 'DiscoverVersions')).toHaveLength(times)
  expect(operationsOf(server).filter((operation) => operation === 'Locate')).toHaveLength(1)
})

test('a version that was pinned is not doubted', async () => {
  const server = await stage.serve(having(() => refused('InvalidMessage')))
  await expect(stage.clientOf([server.port], { version: '1.2' }).locate(named)).rejects.toMatchObject({
    code: 'KMIP_RESULT',
  })
  expect(operationsOf(server)).toEqual(['Locate'])
})
