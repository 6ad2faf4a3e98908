import { isTrustholdError } from '@trusthold/core/errors'
import { afterEach, describe, expect, test } from 'vitest'
import { connectSwtpmTcp, connectSwtpmUnix } from '../../src/index.js'
import { codeOf } from '../code-of.js'
import { type ScriptedServer, startScriptedTpm } from '../scripted-tpm.js'

const getRandom = (bytes: number): Uint8Array =>
  Uint8Array.of(0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, bytes)
const random = (bytes: number): Uint8Array =>
  Uint8Array.of(0x80, 0x01, 0, 0, 0, 12 + bytes, 0, 0, 0, 0, 0, bytes, ...new Uint8Array(bytes))

let server: ScriptedServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

/** Answers honestly, but for the commands that are to have no answer. */
async function start(silentFor: readonly number[]): Promise<ScriptedServer> {
  server = await startScriptedTpm(async function* answer(command) {
    const bytes = command[11] ?? 0
    if (!silentFor.includes(bytes)) yield random(bytes)
  })
  return server
}

describe('time limits', () => {
  test('a command without an answer ends, and the next one gets its own', async () => {
    const { port, connections } = await start([7])
    const transport = await connectSwtpmTcp({ port, commandTimeoutMs: 50 })
    await expect(transport.transmit(getRandom(7))).rejects.toThrow(
      codeOf('TRANSPORT_TIMEOUT', { phase: 'read', milliseconds: 50, endpoint: `tcp://127.0.0.1:${port}` }),
    )
    expect(await transport.transmit(getRandom(5))).toEqual(random(5))
    expect(connections()).toBe(2)
    await transport.close()
  })

  test('waiting for others does not count', async () => {
    const { port } = await start([7])
    const transport = await connectSwtpmTcp({ port, commandTimeoutMs: 60 })
    const slow = [7, 7, 7].map((bytes) => transport.transmit(getRandom(bytes)))
    const last = transport.transmit(getRandom(5))
    for (const call of slow) await expect(call).rejects.toThrow(codeOf('TRANSPORT_TIMEOUT'))
    expect(await last).toEqual(random(5))
    await transport.close()
  })
})

describe('connections', () => {
  test('that nobody accepts are errors', async () => {
    const { port } = await start([])
    await server?.close()
    const refused = codeOf('TRANSPORT_FAILED', { phase: 'connect' })
    await expect(connectSwtpmTcp({ port })).rejects.toThrow(refused)
    await expect(connectSwtpmTcp({ host: '::1', port })).rejects.toThrow(
      codeOf('TRANSPORT_FAILED', { endpoint: `tcp://[::1]:${port}` }),
    )
    await expect(connectSwtpmUnix({ path: '/no-such-folder/no-such-socket' })).rejects.toThrow(refused)
  })

  test('that the other side closed are opened again', async () => {
    let answered = 0
    server = await startScriptedTpm(async function* answer(command) {
      yield random(command[11] ?? 0)
      answered += 1
      if (answered === 1) throw new Error('close')
    })
    const transport = await connectSwtpmTcp({ port: server.port })
    expect(await transport.transmit(getRandom(3))).toEqual(random(3))
    // The end of the connection may come before or while the next command is sent; only one of them notices it.
    const second = await transport
      .transmit(getRandom(4))
      .catch((error: unknown) => isTrustholdError(error) && error.code)
    expect([random(4), 'TRANSPORT_FAILED']).toContainEqual(second)
    expect(await transport.transmit(getRandom(5))).toEqual(random(5))
    await transport.close()
  })

  test('with bytes that nobody asked for are not used', async () => {
    let extra = (): void => undefined
    const released = new Promise<void>((resolve) => {
      extra = resolve
    })
    server = await startScriptedTpm(async function* answer(command) {
      const bytes = command[11] ?? 0
      yield random(bytes)
      if (bytes !== 3) return
      await released
      yield random(9)
    })
    const transport = await connectSwtpmTcp({ port: server.port })
    expect(await transport.transmit(getRandom(3))).toEqual(random(3))
    extra()
    await expect.poll(() => transport.transmit(getRandom(4)).catch(() => undefined)).toEqual(random(4))
    expect(server.connections()).toBe(2)
    await transport.close()
  })
})

test.each([
  ['shorter than a header', getRandom(1).subarray(0, 9)],
  ['of another size than they say', Uint8Array.of(...getRandom(1), 0)],
  ['without a tag', getRandom(1).map((byte, i) => (i === 0 ? 0 : byte))],
])('commands %s are not sent', async (_what, command) => {
  const { port } = await start([])
  const transport = await connectSwtpmTcp({ port })
  await expect(transport.transmit(command)).rejects.toThrow(codeOf('ARGUMENT_INVALID', { name: 'command' }))
  expect(await transport.transmit(getRandom(5))).toEqual(random(5))
  await transport.close()
})
