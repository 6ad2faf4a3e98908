import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import { connectSwtpmTcp, connectSwtpmUnix, openSwtpmControl, type SwtpmControl } from '../../src/index.js'
import { codeOf } from '../code-of.js'
import { messagesOf, type ScriptedServer, startScriptedServer } from '../scripted-tpm.js'

const getRandom = Uint8Array.of(0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 8)
const startup = Uint8Array.of(0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x44, 0, 0)
/** TPM2_PCR_Read of PCR 16 in the SHA-256 bank. */
const readPcr16 = Uint8Array.of(0x80, 1, 0, 0, 0, 20, 0, 0, 1, 0x7e, 0, 0, 0, 1, 0, 0x0b, 3, 0, 0, 1)
/** TPM2_PCR_Event of PCR 16 with one byte, authorised by the empty password. */
const extendPcr16 = Uint8Array.of(
  ...[0x80, 2, 0, 0, 0, 30, 0, 0, 1, 0x3c, 0, 0, 0, 16],
  ...[0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0, 0, 1, 7],
)
const codeIn = (response: Uint8Array): number => new DataView(response.buffer).getUint32(6)
/** TPM_RC_INITIALIZE, TPM_RC_FAILURE. */
const [notStarted, failure] = [0x100, 0x101]

describe.each(['tcp', 'unix'] as const)('the control channel of an swtpm on %s', (socket) => {
  let swtpm: Swtpm
  let control: SwtpmControl
  beforeAll(async () => {
    swtpm = await startSwtpm({ socket })
    control = openSwtpmControl(
      swtpm.unixPath === undefined ? { port: swtpm.tcpPort + 1 } : { path: `${swtpm.unixPath}.ctrl` },
    )
  })
  afterAll(() => swtpm.stop())
  const connect = () =>
    swtpm.unixPath === undefined
      ? connectSwtpmTcp({ port: swtpm.tcpPort })
      : connectSwtpmUnix({ path: swtpm.unixPath })

  test('tells what it can do and what the TPM is', async () => {
    expect(await control.capabilities()).toEqual(
      expect.arrayContaining(['initialize', 'shutDown', 'stop', 'cancelCommand', 'setLocality', 'getInfo']),
    )
    expect(await control.getInfo()).toMatchObject({
      TPMSpecification: { family: '2.0' },
      TPMAttributes: { model: 'swtpm' },
    })
    expect(await control.getConfiguration()).toEqual({ fileKey: false, migrationKey: false })
    expect(await control.getEstablished()).toBe(false)
    await control.resetEstablished(3)
    await control.cancelCommand()
  })

  test('takes localities of 0 to 4', async () => {
    await control.setLocality(3)
    await control.setLocality(0)
    await expect(control.setLocality(9)).rejects.toThrow(
      codeOf('TPM_CONTROL_REFUSED', { command: 'setLocality', result: 0x3d }),
    )
  })

  test('a TPM that is switched off and on in the middle answers that it is not started', async () => {
    const transport = await connect()
    expect(codeIn(await transport.transmit(getRandom))).toBe(0)
    await control.stop()
    expect(codeIn(await transport.transmit(getRandom))).toBe(failure)
    await control.initialize()
    expect(codeIn(await transport.transmit(getRandom))).toBe(notStarted)
    expect(codeIn(await transport.transmit(startup))).toBe(0)
    expect(codeIn(await transport.transmit(getRandom))).toBe(0)
    await transport.close()
  })

  test('what was stored comes back once', async () => {
    const transport = await connect()
    expect(codeIn(await transport.transmit(extendPcr16))).toBe(0)
    const extended = await transport.transmit(readPcr16)
    await control.storeVolatile()
    await control.initialize({ deleteVolatile: true })
    expect(await transport.transmit(readPcr16)).toEqual(extended)
    await control.initialize()
    expect(codeIn(await transport.transmit(startup))).toBe(0)
    expect(await transport.transmit(readPcr16)).not.toEqual(extended)
    await transport.close()
  })

  test('buffers have their sizes, which only a TPM that is switched off changes', async () => {
    const { size, minimum, maximum } = await control.setBufferSize()
    expect(minimum).toBeLessThanOrEqual(size)
    expect(maximum).toBeGreaterThanOrEqual(size)
    await expect(control.setBufferSize(minimum)).rejects.toThrow(codeOf('TPM_CONTROL_REFUSED'))
    await control.stop()
    expect(await control.setBufferSize(minimum)).toEqual({ size: minimum, minimum, maximum })
    await control.setBufferSize(size)
    await control.initialize()
  })

  test('shutting down ends it', async () => {
    await control.shutDown()
    await expect(control.capabilities()).rejects.toThrow(codeOf('TRANSPORT_FAILED'))
    await swtpm.restart()
    expect(await control.getEstablished()).toBe(false)
  })
})

describe('a control channel that misbehaves', () => {
  let server: ScriptedServer | undefined
  afterEach(async () => {
    await server?.close()
    server = undefined
  })
  const start = async (
    answer: (request: Buffer) => AsyncIterable<Uint8Array>,
    timeoutMs = 10_000,
  ): Promise<SwtpmControl> => {
    server = await startScriptedServer(async (socket) => {
      for await (const request of messagesOf(socket, (received) => received.length)) {
        for await (const piece of answer(request)) {
          if (socket.destroyed) return
          socket.write(piece)
          await nextTurn()
        }
      }
    })
    return openSwtpmControl({ port: server.port }, { timeoutMs })
  }

  const silence: AsyncIterable<Uint8Array> = (async function* nothing() {
    yield* []
  })()

  test('with silence is left', async () => {
    const control = await start(() => silence, 40)
    await expect(control.stop()).rejects.toThrow(
      codeOf('TRANSPORT_TIMEOUT', { phase: 'read', milliseconds: 40 }),
    )
  })

  test('by the byte is put together', async () => {
    const control = await start(async function* drip() {
      for (const byte of [0, 0, 0, 0, 0, 0, 0, 2]) yield Uint8Array.of(byte)
    })
    expect(await control.getConfiguration()).toEqual({ fileKey: false, migrationKey: true })
  })

  test('by ending too early is an error', async () => {
    const control = await start(async function* end() {
      yield Uint8Array.of(0, 0)
      throw new Error('end')
    })
    await expect(control.stop()).rejects.toThrow(codeOf('TRANSPORT_FAILED', { phase: 'read' }))
  })

  test.each([
    ['longer than it is', [0, 0, 0, 5, 0, 0, 0, 6]],
    ['without end', [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1]],
    ['in no pieces', [0, 0, 0, 5, 0, 0, 0, 0]],
  ])('with a text %s is an error', async (_what, header) => {
    const control = await start(async function* lie() {
      yield Uint8Array.of(0, 0, 0, 0, ...header, 0x7b)
    })
    await expect(control.getInfo()).rejects.toThrow(codeOf('TRANSPORT_FAILED'))
  })

  test('with a text in pieces is asked for each of them', async () => {
    const text = Buffer.from('{"answer":42}\0')
    const control = await start(async function* pieces(request) {
      const offset = request.readUInt32BE(12)
      const piece = text.subarray(offset, offset + 4)
      yield Uint8Array.of(0, 0, 0, 0, 0, 0, 0, text.length, 0, 0, 0, piece.length, ...piece)
    })
    expect(await control.getInfo()).toEqual({ answer: 42 })
  })

  test('with a text that is no JSON is an error', async () => {
    const control = await start(async function* text() {
      yield Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0x7b, 0)
    })
    await expect(control.getInfo()).rejects.toThrow(codeOf('TRANSPORT_FAILED'))
  })
})
