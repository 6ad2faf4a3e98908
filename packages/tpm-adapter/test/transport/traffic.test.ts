import type { TpmTransport } from '@trusthold/core/ports'
import { afterEach, describe, expect, test } from 'vitest'
import { connectSwtpmTcp, recordTraffic, replayTraffic, type TrafficRecording } from '../../src/index.js'
import { codeOf } from '../code-of.js'
import { type ScriptedServer, startScriptedTpm } from '../scripted-tpm.js'

const getRandom = (bytes: number): Uint8Array =>
  Uint8Array.of(0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, bytes)
const random = (bytes: number): Uint8Array =>
  Uint8Array.of(0x80, 0x01, 0, 0, 0, 12 + bytes, 0, 0, 0, 0, 0, bytes, ...new Uint8Array(bytes))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const exchange = (bytes: number) => ({ command: hex(getRandom(bytes)), response: hex(random(bytes)) })
const recordingOf = (...exchanges: TrafficRecording['exchanges']): TrafficRecording => ({
  format: 'trusthold-tpm-traffic-1',
  exchanges,
})

let server: ScriptedServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

/** Answers all commands but those that are to have none. */
async function connect(silentFor: readonly number[], commandTimeoutMs = 10_000): Promise<TpmTransport> {
  server = await startScriptedTpm(async function* answer(command) {
    const bytes = command[11] ?? 0
    if (!silentFor.includes(bytes)) yield random(bytes)
  })
  return await connectSwtpmTcp({ port: server.port, commandTimeoutMs })
}

describe('recording', () => {
  test('keeps what was said, in order, as JSON can hold it', async () => {
    const { transport, recording } = recordTraffic(await connect([]))
    await Promise.all([3, 4].map((bytes) => transport.transmit(getRandom(bytes))))
    expect(JSON.parse(JSON.stringify(recording()))).toEqual(recordingOf(exchange(3), exchange(4)))
    await transport.close()
  })

  test('leaves out what has not ended, and all that was asked after it', async () => {
    const { transport, recording } = recordTraffic(await connect([7]))
    await transport.transmit(getRandom(3))
    const giveUp = new AbortController()
    const stuck = transport.transmit(getRandom(7), { signal: giveUp.signal })
    const refused = expect(stuck).rejects.toThrow(codeOf('TRANSPORT_ABORTED'))
    const later = expect(transport.transmit(Uint8Array.of(1))).rejects.toThrow(codeOf('ARGUMENT_INVALID'))
    await later
    expect(recording()).toEqual(recordingOf(exchange(3)))
    giveUp.abort()
    await refused
    expect(recording().exchanges.slice(1)).toEqual([
      { command: hex(getRandom(7)), failure: 'TRANSPORT_ABORTED' },
      { command: '01', failure: 'ARGUMENT_INVALID' },
    ])
    await transport.close()
  })

  test('gives the same arrays and errors as the transport', async () => {
    const { transport } = recordTraffic(await connect([7], 30))
    const response = await transport.transmit(getRandom(3))
    response.fill(0xff)
    await expect(transport.transmit(getRandom(7))).rejects.toThrow(codeOf('TRANSPORT_TIMEOUT'))
    await transport.close()
    await expect(transport.transmit(getRandom(3))).rejects.toThrow(codeOf('TRANSPORT_CLOSED'))
  })
})

describe('replaying', () => {
  test('answers what was recorded', async () => {
    const transport = await replayTraffic(recordingOf(exchange(3), exchange(4), exchange(3)))
    for (const bytes of [3, 4, 3]) expect(await transport.transmit(getRandom(bytes))).toEqual(random(bytes))
    await transport.close()
  })

  test.each([
    ['another command', getRandom(5), { exchange: 1, offset: 11 }],
    ['the next command, too early', getRandom(3), { exchange: 1, offset: 11 }],
    ['a longer command', Uint8Array.of(0x80, 1, 0, 0, 0, 13, 0, 0, 1, 0x7b, 0, 4, 0), { offset: 5 }],
  ])('says where %s differs, and answers nothing from there on', async (_what, command, context) => {
    const transport = await replayTraffic(recordingOf(exchange(2), exchange(4), exchange(3)))
    await transport.transmit(getRandom(2))
    const expected = codeOf('TPM_TRAFFIC_DIFFERS', {
      expected: 'TPM2_GetRandom of 12 bytes',
      ...context,
    })
    await expect(transport.transmit(command)).rejects.toThrow(expected)
    await expect(transport.transmit(getRandom(4))).rejects.toThrow(expected)
    await transport.close()
  })

  test('says that there are no more commands', async () => {
    const transport = await replayTraffic(recordingOf(exchange(2)))
    await transport.transmit(getRandom(2))
    await expect(transport.transmit(getRandom(2))).rejects.toThrow(
      codeOf('TPM_TRAFFIC_DIFFERS', { exchange: 1, expected: 'no more commands' }),
    )
    await transport.close()
  })

  test('fails where it failed', async () => {
    const failed = { command: hex(getRandom(7)), failure: 'TRANSPORT_TIMEOUT' }
    const transport = await replayTraffic(recordingOf(failed, exchange(3)))
    await expect(transport.transmit(getRandom(7))).rejects.toThrow(
      codeOf('TRANSPORT_FAILED', { reason: 'recorded: TRANSPORT_TIMEOUT' }),
    )
    expect(await transport.transmit(getRandom(3))).toEqual(random(3))
    await transport.close()
  })

  test('tells what differs from something that was no command', async () => {
    const refused = { command: '8001', failure: 'ARGUMENT_INVALID' }
    const transport = await replayTraffic(recordingOf(refused, exchange(3)))
    await expect(transport.transmit(getRandom(2))).rejects.toThrow(
      codeOf('TPM_TRAFFIC_DIFFERS', { exchange: 0, expected: 'no command of 2 bytes' }),
    )
    await transport.close()
  })

  test('lets a command that was given up be given up again, or not be said', async () => {
    const aborted = { command: hex(getRandom(7)), failure: 'TRANSPORT_ABORTED' }
    const again = await replayTraffic(recordingOf(aborted, exchange(3)))
    const giveUp = new AbortController()
    const stuck = again.transmit(getRandom(7), { signal: giveUp.signal })
    setImmediate(() => setImmediate(() => giveUp.abort()))
    await expect(stuck).rejects.toThrow(codeOf('TRANSPORT_ABORTED'))
    expect(await again.transmit(getRandom(3))).toEqual(random(3))
    await again.close()
    const unsaid = await replayTraffic(recordingOf(aborted, exchange(3)))
    expect(await unsaid.transmit(getRandom(3))).toEqual(random(3))
    await unsaid.close()
  })

  test.each([
    ['of another format', { ...recordingOf(), format: 'other' }],
    ['that is nothing', null],
    ['with an exchange that is none', recordingOf(null as never)],
    ['without exchanges', { format: 'trusthold-tpm-traffic-1' }],
    ['without a response', recordingOf({ command: '80' } as never)],
    ['without a command', recordingOf({ response: '80' } as never)],
    ['without a command that failed', recordingOf({ failure: 'TRANSPORT_TIMEOUT' } as never)],
  ])('a recording %s is refused', async (_what, recording) => {
    await expect(replayTraffic(recording as TrafficRecording)).rejects.toThrow(
      codeOf('ARGUMENT_INVALID', { name: 'recording' }),
    )
  })

  test('a recording that is no hexadecimal is refused', async () => {
    await expect(replayTraffic(recordingOf({ command: 'xy', response: '' }))).rejects.toThrow(
      codeOf('BYTES_ENCODING'),
    )
  })
})
