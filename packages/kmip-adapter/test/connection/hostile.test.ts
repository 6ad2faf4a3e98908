import { isTrustholdError } from '@trusthold/core/errors'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { KmipClient } from '../../src/client.js'
import { createFrameAssembler } from '../../src/ttlv/index.js'
import {
  createIdentities,
  located,
  openStage,
  response,
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

const good = located('x')
const find = (client: KmipClient) => client.locate({ name: 'x' })

/** What the client makes of an answer, before and after which there are good ones. */
async function faceWith(answer: (request: ScriptedRequest) => Uint8Array | undefined, milliseconds = 10_000) {
  const server = await stage.serve((request) => (request.count === 1 ? answer(request) : located('fine')))
  const client = stage.clientOf([server.port], { maxResponseBytes: 65_536 })
  expect(await find(client)).toEqual(['fine'])
  const end = await client.locate({ name: 'x' }, { milliseconds }).catch((error: unknown) => error)
  expect(await find(client)).toEqual(['fine'])
  return { end, connections: server.connections }
}

/** The same bytes with another number of 32 bits somewhere. */
function withNumber(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = Uint8Array.from(bytes)
  new DataView(changed.buffer).setUint32(at, value)
  return changed
}

test('an answer that is cut at any byte: a typed error, and another connection', async () => {
  let cut = 0
  const server = await stage.serve(({ count, socket }) => {
    if (count % 2 === 1) return good
    socket.end(good.subarray(0, cut))
    return undefined
  })
  const client = stage.clientOf([server.port])
  for (cut = 0; cut < good.length; cut++) {
    const error = await find(client).catch((caught: unknown) => caught)
    expect([cut, isTrustholdError(error) && error.code]).toEqual([cut, 'TRANSPORT_FAILED'])
    expect(await find(client)).toEqual(['x'])
  }
  expect(server.connections).toBe(good.length + 1)
})

test('an answer that stops at any byte, and stays open, is given up in time', async () => {
  for (const cut of [0, 1, 7, 8, 9, 60, good.length - 1]) {
    const { end, connections } = await faceWith(() => good.subarray(0, cut), 40)
    expect(end).toMatchObject({ code: 'TRANSPORT_TIMEOUT', context: { phase: 'read', milliseconds: 40 } })
    expect(connections).toBe(2)
  }
})

test('an answer that comes too slowly, byte by byte, is given up in time', async () => {
  const { end, connections } = await faceWith(({ socket }) => {
    let at = 0
    const timer = setInterval(() => socket.write(good.subarray(at, ++at)), 10)
    socket.once('close', () => clearInterval(timer))
    return undefined
  }, 100)
  expect(end).toMatchObject({ code: 'TRANSPORT_TIMEOUT' })
  expect(connections).toBe(2)
})

describe('lengths that are wrong', () => {
  /** Where items' lengths are: of the message, its header, the version in it, the major number. */
  const places = [4, 12, 20, 28]
  const wrong = [0, 1, 3, 4, 5, 7, 12, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff]
  test.each(places.flatMap((at) => wrong.map((value): [number, number] => [at, value])))(
    'at %i: %i',
    async (at, value) => {
      const changed = withNumber(good, at, value)
      const { end, connections } = await faceWith(() => (at === 28 && value === 4 ? undefined : changed), 60)
      expect(isTrustholdError(end) && /^(?:CODEC|TRANSPORT|KMIP)_/.test(end.code)).toBe(true)
      expect(connections).toBe(2)
    },
  )
})

test('a claim above the limit is refused before any of it is read', async () => {
  const claim = withNumber(good.subarray(0, 8), 4, 65_536)
  const { end } = await faceWith(() => claim)
  expect(end).toMatchObject({ code: 'CODEC_LIMIT', context: { limit: 65_536, actual: 65_544 } })
})

test('structures in structures in structures are refused', async () => {
  const depth = 2_000
  const bomb = new Uint8Array(8 * depth)
  for (let i = 0; i < depth; i++) {
    bomb.set([0x42, 0x00, i === 0 ? 0x7b : 0x0f, 1], 8 * i)
    new DataView(bomb.buffer).setUint32(8 * i + 4, 8 * (depth - 1 - i))
  }
  const { end, connections } = await faceWith(() => bomb)
  expect(isTrustholdError(end) && end.code).toMatch(/^CODEC_/)
  expect(connections).toBe(2)
})

describe('answers that belong elsewhere', () => {
  const attributes = (uniqueIdentifier: string) =>
    response([{ operation: 'GetAttributes', resultStatus: 'Success', responsePayload: { uniqueIdentifier } }])

  test('about another object are refused', async () => {
    const waiting: (() => void)[] = []
    const server = await stage.serve(({ socket, count }) => {
      // Each of the two gets the other's answer.
      waiting.push(() => socket.write(attributes(count === 0 ? 'b' : 'a')))
      if (waiting.length === 2) for (const answer of waiting) answer()
      return undefined
    })
    const client = stage.clientOf([server.port])
    const ask = (id: string) => client.getAttributes(id).catch((error: unknown) => error)
    const first = ask('a')
    await expect.poll(() => waiting.length).toBe(1)
    const ends = await Promise.all([first, ask('b')])
    for (const end of ends) expect(end).toMatchObject({ code: 'KMIP_PROTOCOL' })
  })

  test('to a request that was given up never reach the next one', async () => {
    let answerLate: (() => unknown) | undefined
    const server = await stage.serve(({ count, socket }) => {
      if (count !== 1) return located('second')
      answerLate = () => socket.destroyed || socket.write(located('first'))
      return undefined
    })
    const client = stage.clientOf([server.port], { maxConnections: 1 })
    await find(client)
    const givenUp = client.locate({ name: 'x' }, { milliseconds: 40 })
    await expect(givenUp).rejects.toMatchObject({ code: 'TRANSPORT_TIMEOUT' })
    expect(answerLate).toBeTypeOf('function')
    answerLate?.()
    for (let i = 0; i < 5; i++) expect(await find(client)).toEqual(['second'])
  })

  test('before any request was sent end the connection', async () => {
    const server = await stage.serve(({ count }) => located(String(count)))
    const client = stage.clientOf([server.port])
    await find(client)
    server.requests[0]?.socket.write(good)
    await server.ended(0)
    expect(await find(client)).toEqual(['1'])
  })
})

test('memory grows with what came, not with what was claimed, however small the pieces are', () => {
  const limit = 1 << 20
  const assembler = createFrameAssembler(limit)
  const before = process.memoryUsage().arrayBuffers
  assembler.push(withNumber(good.slice(0, 8), 4, limit - 8))
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(65_536)
  const piece = new Uint8Array(1)
  for (let i = 0; i < 300_000; i++) assembler.push(piece)
  expect(assembler.pending).toBe(300_008)
  globalThis.gc?.()
  // The buffer doubles; those that it grew out of may not be collected yet.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * limit)
})
