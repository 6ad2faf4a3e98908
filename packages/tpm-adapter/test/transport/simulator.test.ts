import { afterEach, describe, expect, test } from 'vitest'
import { connectSimulator, connectSwtpmTcp, openSimulatorPlatform } from '../../src/index.js'
import { codeOf } from '../code-of.js'
import { messagesOf, type ScriptedServer, startScriptedServer, startScriptedTpm } from '../scripted-tpm.js'

const getRandom = (bytes: number): Uint8Array =>
  Uint8Array.of(0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, bytes)
const random = (bytes: number): Uint8Array =>
  Uint8Array.of(0x80, 0x01, 0, 0, 0, 12 + bytes, 0, 0, 0, 0, 0, bytes, ...new Uint8Array(bytes))
const inMessage = (response: Uint8Array, length = response.length, end = 0): Uint8Array =>
  Uint8Array.of(0, 0, length >> 8, length & 255, ...response, 0, 0, 0, end)

const servers: ScriptedServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A command port; keeps what it was sent. */
async function startCommands(answer: (command: Buffer) => readonly Uint8Array[]) {
  const messages: Buffer[] = []
  const lengthOf = (received: Buffer): number => (received.length < 9 ? 0 : 9 + received.readUInt32BE(5))
  const server = await startScriptedServer(async (socket) => {
    for await (const message of messagesOf(socket, lengthOf)) {
      messages.push(message)
      for (const piece of answer(message.subarray(9))) socket.write(piece)
    }
  })
  servers.push(server)
  return { port: server.port, messages, connections: server.connections }
}

/** A platform port; keeps what it was told. */
async function startPlatform(answer: (request: number) => number | undefined = () => 0) {
  const requests: number[] = []
  let heard = (): void => undefined
  const server = await startScriptedServer(async (socket) => {
    for await (const message of messagesOf(socket, (received) => (received.length < 4 ? 0 : 4))) {
      const request = message.readUInt32BE(0)
      requests.push(request)
      const result = request === 20 ? undefined : answer(request)
      if (result !== undefined) socket.write(Uint8Array.of(0, 0, 0, result))
      heard()
    }
  })
  servers.push(server)
  const saw = async (request: number): Promise<void> => {
    while (!requests.includes(request)) {
      await new Promise<void>((resolve) => {
        heard = resolve
      })
    }
  }
  return { port: server.port, requests, saw }
}

describe('the command port', () => {
  test('gets request, locality, length and command', async () => {
    const { port, messages } = await startCommands(() => [inMessage(random(4))])
    const transport = await connectSimulator({ port, locality: 3 })
    expect(await transport.transmit(getRandom(4))).toEqual(random(4))
    expect(messages).toEqual([Buffer.from([0, 0, 0, 8, 3, 0, 0, 0, 12, ...getRandom(4)])])
    await transport.close()
  })

  test.each([
    ['is longer than the message', inMessage(random(4).subarray(0, 12)), 'TRANSPORT_FAILED'],
    ['is shorter than the message', inMessage(Uint8Array.of(...random(4), 1)), 'TPM_RESPONSE_MALFORMED'],
    ['ends otherwise than a message', inMessage(random(4), 16, 1), 'TPM_RESPONSE_MALFORMED'],
    ['is too long', Uint8Array.of(0, 1, 0, 1, ...random(4)), 'TPM_RESPONSE_MALFORMED'],
    ['is none, as the TPM is switched off', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0), 'TRANSPORT_FAILED'],
  ])('a response that %s is refused, and the next one is not disturbed', async (_what, bytes, code) => {
    let sent = 0
    const { port, connections } = await startCommands(() => [sent++ === 0 ? bytes : inMessage(random(2))])
    const transport = await connectSimulator({ port })
    await expect(transport.transmit(getRandom(4))).rejects.toThrow(codeOf(code))
    expect(await transport.transmit(getRandom(2))).toEqual(random(2))
    expect(connections()).toBe(2)
    await transport.close()
  })

  test('bytes after a message are not taken for the next one', async () => {
    let sent = 0
    const { port } = await startCommands((command) => {
      const answer = inMessage(random(command[11] ?? 0))
      return [sent++ === 0 ? Uint8Array.of(...answer, ...inMessage(random(9))) : answer]
    })
    const transport = await connectSimulator({ port })
    expect(await transport.transmit(getRandom(4))).toEqual(random(4))
    expect(await transport.transmit(getRandom(9))).toEqual(random(9))
    expect(await transport.transmit(getRandom(3))).toEqual(random(3))
    await transport.close()
  })

  test.each([-1, 5, 0.5])('locality %s is none', async (locality) => {
    await expect(connectSimulator({ locality })).rejects.toThrow(
      codeOf('ARGUMENT_INVALID', { name: 'locality' }),
    )
  })
})

describe('a command that is given up', () => {
  test('is cancelled through the platform port, before the next one is sent', async () => {
    const platform = await startPlatform()
    let sent = 0
    let received = (): void => undefined
    const first = new Promise<void>((resolve) => {
      received = resolve
    })
    let before: number[] = []
    const { port } = await startCommands((command) => {
      received()
      before = [...platform.requests]
      return sent++ === 0 ? [] : [inMessage(random(command[11] ?? 0))]
    })
    const transport = await connectSimulator({ port, platformPort: platform.port })
    const giveUp = new AbortController()
    const stuck = expect(transport.transmit(getRandom(7), { signal: giveUp.signal })).rejects.toThrow(
      codeOf('TRANSPORT_ABORTED'),
    )
    const next = transport.transmit(getRandom(5))
    await first
    giveUp.abort()
    await stuck
    expect(await next).toEqual(random(5))
    expect(before.slice(0, 2)).toEqual([9, 10])
    await transport.close()
  })

  test('is cancelled when it takes too long, and when the transport is closed', async () => {
    const platform = await startPlatform()
    let received = (): void => undefined
    const { port } = await startCommands(() => {
      received()
      return []
    })
    const options = { port, platformPort: platform.port }
    const slow = await connectSimulator({ ...options, commandTimeoutMs: 30 })
    await expect(slow.transmit(getRandom(7))).rejects.toThrow(codeOf('TRANSPORT_TIMEOUT'))
    await platform.saw(20)
    platform.requests.length = 0
    const closed = await connectSimulator(options)
    const sent = new Promise<void>((resolve) => {
      received = resolve
    })
    const running = expect(closed.transmit(getRandom(7))).rejects.toThrow(codeOf('TRANSPORT_CLOSED'))
    await sent
    await closed.close()
    await running
    await platform.saw(10)
    await slow.close()
  })

  test('ends also when cancelling is refused, and what failed otherwise is not cancelled', async () => {
    const platform = await startPlatform(() => 1)
    let sent = 0
    const { port } = await startCommands((command) => {
      sent += 1
      if (sent === 1) return []
      return [sent === 2 ? Uint8Array.of(9, 9, 9, 9) : inMessage(random(command[11] ?? 0))]
    })
    const transport = await connectSimulator({ port, platformPort: platform.port, commandTimeoutMs: 30 })
    await expect(transport.transmit(getRandom(7))).rejects.toThrow(codeOf('TRANSPORT_TIMEOUT'))
    await expect(transport.transmit(getRandom(7))).rejects.toThrow(codeOf('TPM_RESPONSE_MALFORMED'))
    expect(await transport.transmit(getRandom(5))).toEqual(random(5))
    expect(platform.requests).toEqual([9])
    await transport.close()
  })

  test('is cancelled through the control channel of an swtpm', async () => {
    const control = await startPlatform()
    let sent = 0
    const server = await startScriptedTpm(async function* answer(command) {
      if (sent++ > 0) yield random(command[11] ?? 0)
    })
    servers.push(server)
    const transport = await connectSwtpmTcp({
      port: server.port,
      controlPort: control.port,
      commandTimeoutMs: 30,
    })
    await expect(transport.transmit(getRandom(7))).rejects.toThrow(codeOf('TRANSPORT_TIMEOUT'))
    expect(await transport.transmit(getRandom(5))).toEqual(random(5))
    expect(control.requests).toEqual([9])
    await transport.close()
  })
})

describe('the platform port', () => {
  test.each([
    ['powerOn', [1, 11, 20]],
    ['powerOff', [2, 20]],
    ['reset', [17, 20]],
    ['cancelCommand', [9, 10, 20]],
    ['stop', [21]],
  ] as const)('%s is told', async (name, expected) => {
    const { port, requests, saw } = await startPlatform()
    await openSimulatorPlatform({ port })[name]()
    await saw(expected.at(-1) ?? 0)
    expect(requests).toEqual(expected)
  })

  test.each([
    [true, [11, 3]],
    [false, [12, 4]],
  ])('NV memory and presence are set to %s', async (wanted, expected) => {
    const { port, requests } = await startPlatform()
    const platform = openSimulatorPlatform({ port })
    await platform.setNvAvailable(wanted)
    await platform.setPhysicalPresence(wanted)
    expect(requests.filter((request) => request !== 20)).toEqual(expected)
  })

  test('that refuses or is silent is an error', async () => {
    const refusing = await startPlatform(() => 7)
    await expect(openSimulatorPlatform({ port: refusing.port }).reset()).rejects.toThrow(
      codeOf('TPM_CONTROL_REFUSED', { command: 'reset', result: 7 }),
    )
    const silent = await startPlatform(() => undefined)
    await expect(openSimulatorPlatform({ port: silent.port }, { timeoutMs: 30 }).powerOn()).rejects.toThrow(
      codeOf('TRANSPORT_TIMEOUT', { milliseconds: 30 }),
    )
  })
})
