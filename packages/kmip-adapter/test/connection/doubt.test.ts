import { SecretBytes } from '@trusthold/core/bytes'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { aesGcm } from '../../src/commands/index.js'
import { openConnection } from '../../src/connection/connection.js'
import { parseEndpoint } from '../../src/connection/endpoint.js'
import { openScope } from '../../src/connection/scope.js'
import { createSecurity } from '../../src/connection/security.js'
import { kmip } from '../../src/key-server/index.js'
import { encodeRequest, requestMessage } from '../../src/messages/index.js'
import { locate, locateRequest } from '../../src/operations/index.js'
import { decodeMessage } from '../../src/ttlv/index.js'
import {
  clientOptions,
  createIdentities,
  located,
  openStage,
  response,
  type Script,
  type ScriptedRequest,
  type Stage,
  type TestIdentities,
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

function askedFor({ frame }: ScriptedRequest): string {
  const payload = decodeMessage(requestMessage, frame).batchItem?.[0]?.requestPayload
  return String((payload as { uniqueIdentifier?: unknown }).uniqueIdentifier)
}

/** Every answer of the first connection is the one before: as after a server answered a request twice. */
function lateByOne(): Script {
  let before = 'an earlier one'
  return (request) => {
    const asked = askedFor(request)
    const about = request.connection === 0 ? before : asked
    before = asked
    const attribute = [
      { name: 'State', value: 'Active' },
      { name: 'CryptographicAlgorithm', value: 'AES' },
      { name: 'CryptographicLength', value: 256 },
    ] as const
    const responsePayload = { uniqueIdentifier: about, attribute }
    return response([{ operation: 'GetAttributes', resultStatus: 'Success', responsePayload }])
  }
}

describe('an answer about another object costs the connection: the next would be late as well', () => {
  test('of a client', async () => {
    const server = await stage.serve(lateByOne())
    const client = stage.clientOf([server.port], { maxConnections: 1 })
    await client.getAttributes('a').catch(() => undefined)
    await expect(client.getAttributes('b')).resolves.toMatchObject({ state: 'Active' })
    expect(server.connections).toBe(2)
  })

  test('of a key server', async () => {
    const server = await stage.serve(lateByOne())
    const { tls } = clientOptions(identities, [])
    const servers = [{ name: 'node', host: '127.0.0.1', port: server.port }]
    const keyServer = kmip({ version: '1.4', maxConnections: 1 })({ servers, ...tls })
    stage.onEnd(() => keyServer.close())
    await keyServer.describe('a').catch(() => undefined)
    await expect(keyServer.describe('b')).resolves.toMatchObject({ id: 'b' })
    expect(server.connections).toBe(2)
  })
})

test('a connection that is gone before a request has no byte of an answer to it', async () => {
  const server = await stage.serve(() => located('x'))
  const { tls } = clientOptions(identities, [])
  const route = { endpoint: parseEndpoint({ host: '127.0.0.1', port: server.port }), proxy: undefined }
  const scope = openScope({})
  const connection = await openConnection(route, { security: createSecurity(tls), maxBytes: 1_000 }, scope)
  const request = encodeRequest(locate, locateRequest([], {}, '1.4'), '1.4')
  await connection.exchange(request, scope)
  connection.destroy()
  await expect(connection.exchange(request, scope)).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' })
  expect([connection.answered, connection.answering]).toEqual([1, false])
})

describe('an answer that comes twice is not taken for that to the next request, which looks the same', () => {
  const answer = ({ frame }: ScriptedRequest, data: Uint8Array): Uint8Array => {
    const { operation = 'Decrypt', uniqueBatchItemId } =
      decodeMessage(requestMessage, frame).batchItem?.[0] ?? {}
    const responsePayload = { uniqueIdentifier: '7', data: SecretBytes.from(data) }
    const identified = uniqueBatchItemId === undefined ? {} : { uniqueBatchItemId }
    return response([{ operation, ...identified, resultStatus: 'Success', responsePayload }])
  }
  /** Gives the right answer once and then, when it is asked for something else, again. */
  const stuttering = (): Script => {
    let first: Uint8Array | undefined
    return (request) => {
      const right = answer(request, new Uint8Array(32).fill(request.count))
      first ??= right
      return request.connection === 0 ? first : right
    }
  }
  const sealed = (count: number) => ({
    ciphertext: new Uint8Array(32).fill(count),
    data: new Uint8Array(32).fill(count),
    iv: new Uint8Array(12),
    tag: new Uint8Array(16),
  })
  const firstByte = (secret: SecretBytes): number | undefined => secret.use(([byte]) => byte)

  test('of a client', async () => {
    const server = await stage.serve(stuttering())
    const client = stage.clientOf([server.port], { maxConnections: 1 })
    const decrypt = async (count: number) =>
      firstByte((await client.decrypt('7', sealed(count), { parameters: aesGcm })).data)
    expect(await decrypt(0)).toBe(0)
    await expect(decrypt(1)).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
    expect(await decrypt(2)).toBe(2)
    expect(server.connections).toBe(2)
  })

  test('of a key server', async () => {
    const server = await stage.serve(stuttering())
    const { tls } = clientOptions(identities, [])
    const servers = [{ name: 'node', host: '127.0.0.1', port: server.port }]
    const keyServer = kmip({ version: '1.4', maxConnections: 1 })({ servers, ...tls })
    stage.onEnd(() => keyServer.close())
    const decrypt = async (count: number) =>
      firstByte(await keyServer.decrypt('7', sealed(count), new Uint8Array()))
    expect(await decrypt(0)).toBe(0)
    await expect(decrypt(1)).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
    expect(await decrypt(2)).toBe(2)
    expect(server.connections).toBe(2)
  })
})
