import { connect, type Socket } from 'node:net'
import { commandCodes } from '@trusthold/core/tpm2'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createSoftwareTpm,
  type ListeningTpm,
  listenSoftwareTpm,
  type SoftwareTpm,
} from '../../src/software-tpm/index.js'
import { codeOf, command, hex, join, resized, u16, u32 } from './differential/bytes.js'

let tpm: SoftwareTpm
beforeAll(() => {
  tpm = createSoftwareTpm()
})
afterAll(() => tpm.close())

const getRandom = (length: number): Uint8Array => command('TPM2_GetRandom', { parameters: [u16(length)] })

/** TPM2_GetCapability of all commands: a short question with a long answer. */
const getCommands = command('TPM2_GetCapability', { parameters: [u32(2), u32(0), u32(256)] })

/** Whatever came, the answer is a whole response. */
function expectResponse(response: Uint8Array): void {
  const view = Buffer.from(response)
  expect(view.length).toBeGreaterThanOrEqual(10)
  expect(view.readUInt32BE(2)).toBe(view.length)
  const code = view.readUInt32BE(6)
  if (code !== 0) expect(view.length).toBe(10)
  expect(view.readUInt16BE(0)).toBe(code === 0x1e ? 0x00c4 : code === 0 ? view.readUInt16BE(0) : 0x8001)
}

describe('whatever the bytes are, there is a response', () => {
  test.each([
    ['nothing', '', 0x9a],
    ['half a tag', '80', 0x9a],
    ['no size', '8001', 0x9a],
    ['another tag', '00c1 0000000a 0000017b', 0x1e],
    ['too small a size', '8001 00000009 0000017b', 0x142],
    ['too large a size', '8001 0000000b 0000017b', 0x142],
    ['an unknown command', '8001 0000000a 20000000', 0x143],
    ['no authorisations where they are announced', '8002 0000000a 0000017b', 0x9a],
    ['an authorisation area beyond the end', '8002 0000000e 0000017b ffffffff', 0x95],
  ])('%s', (_, bytes, code) => {
    const response = tpm.execute(hex(bytes))
    expectResponse(response)
    expect(codeOf(response)).toBe(code)
  })

  test('more than it takes', () => {
    const long = new Uint8Array(5000)
    long.set(getRandom(4).subarray(0, 10))
    expect(codeOf(tpm.execute(resized(long)))).toBe(0x142)
  })

  test('random bytes behind every command code', () => {
    const codes = fc.constantFrom(...Object.values(commandCodes))
    const tags = fc.constantFrom(0x8001, 0x8002)
    fc.assert(
      fc.property(tags, codes, fc.uint8Array({ maxLength: 120 }), (tag, code, body) => {
        expectResponse(tpm.execute(resized(join(u16(tag), u32(0), u32(code), body))))
      }),
      { numRuns: 3_000 },
    )
  })

  test('handles of everything there is, and plausible sizes, behind every command code', () => {
    const handles = fc.constantFrom(
      ...[
        0x4000_0001, 0x4000_0007, 0x4000_000b, 0x4000_000a, 0x4000_000c, 0x8000_0000, 0x8100_0001,
        0x01c0_0002, 16,
      ],
    )
    const authorization = hex('00000009 40000009 0000 01 0000')
    const words = fc.array(
      fc.constantFrom(0, 1, 4, 0x0b, 0x10, 0x23, 0x08, 0x25, 0x14, 0x18, 0x8024, 0x80, 0x43, 0xffff),
      {
        maxLength: 40,
      },
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(commandCodes)),
        fc.array(handles, { maxLength: 3 }),
        fc.boolean(),
        words,
        (code, list, authorized, content) => {
          const parts = [...list.map(u32), ...(authorized ? [authorization] : []), ...content.map(u16)]
          const bytes = join(u16(authorized ? 0x8002 : 0x8001), u32(0), u32(code), ...parts)
          expectResponse(tpm.execute(resized(bytes)))
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

/** Bytes that come on a connection until it ends or there are enough. */
async function converse(socket: Socket, bytes: Uint8Array, enough: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  return await new Promise((resolve, reject) => {
    const done = (): void => resolve(Buffer.concat(chunks))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (Buffer.concat(chunks).length >= enough) done()
    })
    socket.once('close', done)
    socket.once('error', reject)
    socket.write(bytes)
  })
}

function connectTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

describe.each(['swtpm', 'simulator'] as const)('the server of the protocol of %s', (protocol) => {
  let listening: ListeningTpm
  beforeAll(async () => {
    listening = await listenSoftwareTpm(tpm, { protocol })
  })
  afterAll(() => listening.close())

  const wrap = (bytes: Uint8Array): Uint8Array =>
    protocol === 'swtpm' ? bytes : join(u32(8), hex('00'), u32(bytes.length), bytes)
  const overhead = protocol === 'swtpm' ? 0 : 8

  test('takes commands in pieces of one byte, and several at once', async () => {
    const socket = await connectTo(listening.port)
    const request = wrap(getRandom(8))
    for (const byte of request.subarray(0, -1)) socket.write(Uint8Array.of(byte))
    const last = request.subarray(-1)
    const answer = await converse(socket, join(last, request, request), 3 * (20 + overhead))
    expect(answer.length).toBe(3 * (20 + overhead))
    socket.destroy()
  })

  test('answers each of several clients', async () => {
    const sockets = await Promise.all([1, 2, 3].map(() => connectTo(listening.port)))
    const answers = await Promise.all(
      sockets.map((socket, i) => converse(socket, wrap(getRandom(i + 1)), 13 + i + overhead)),
    )
    expect(answers.map(({ length }) => length)).toEqual([13, 14, 15].map((length) => length + overhead))
    for (const socket of sockets) socket.destroy()
  })

  test('ends a connection whose bytes are none of the protocol, and serves the next', async () => {
    const broken = await connectTo(listening.port)
    await converse(broken, new Uint8Array(64).fill(0xff), Number.POSITIVE_INFINITY)
    expect(broken.destroyed).toBe(true)
    const socket = await connectTo(listening.port)
    expect((await converse(socket, wrap(getRandom(4)), 16 + overhead)).length).toBe(16 + overhead)
    socket.destroy()
  })

  test('does not answer ahead of who does not listen', async () => {
    const deaf = await connectTo(listening.port)
    deaf.pause()
    let closed = false
    deaf.once('close', () => {
      closed = true
    })
    // Half a megabyte of questions whose answers are several times as long, more than all buffers on the way take.
    const questions = join(...Array.from({ length: 1024 }, () => wrap(getCommands)))
    const batches = 512
    let taken = 0
    const pour = (): Promise<unknown> =>
      new Promise((resolve) => {
        deaf.write(questions, () => {
          taken += 1
        })
        setImmediate(resolve)
      })
    for (let i = 0; i < batches; i++) await pour()
    expect(taken).toBeLessThan(batches)
    expect(closed).toBe(false)
    deaf.destroy()
    const socket = await connectTo(listening.port)
    expect((await converse(socket, wrap(getRandom(4)), 16 + overhead)).length).toBe(16 + overhead)
    socket.destroy()
  })

  test('has room for 64 connections', async () => {
    const sockets = await Promise.all(Array.from({ length: 64 }, () => connectTo(listening.port)))
    const last = sockets[63] as Socket
    expect((await converse(last, wrap(getRandom(4)), 16 + overhead)).length).toBe(16 + overhead)
    const more = await connectTo(listening.port)
    expect((await converse(more, wrap(getRandom(4)), 16 + overhead)).length).toBe(0)
    for (const socket of sockets) socket.destroy()
  })

  test('does not take a port that is taken', async () => {
    const again = listenSoftwareTpm(tpm, { protocol, port: listening.port })
    await expect(again).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' })
  })
})

describe('the control channel of swtpm', () => {
  let own: SoftwareTpm
  let listening: ListeningTpm
  beforeAll(async () => {
    own = createSoftwareTpm()
    listening = await listenSoftwareTpm(own)
  })
  afterAll(async () => {
    await listening.close()
    await own.close()
  })

  const control = async (request: string, length: number): Promise<string> => {
    const socket = await connectTo(listening.port + 1)
    const answer = await converse(socket, hex(request), length)
    socket.destroy()
    return answer.toString('hex')
  }
  const send = async (bytes: Uint8Array): Promise<Buffer> => {
    const socket = await connectTo(listening.port)
    const answer = await converse(socket, bytes, 10)
    socket.destroy()
    return answer
  }
  const reset = (pcr: number): Uint8Array =>
    command('TPM2_PCR_Reset', { handles: [pcr], sessions: [hex('40000009 0000 01 0000')] })

  test('sets the locality of commands', async () => {
    expect(codeOf(await send(reset(20)))).toBe(0x907)
    expect(await control('00000005 02', 4)).toBe('00000000')
    expect(codeOf(await send(reset(20)))).toBe(0)
    expect(await control('00000005 05', 4)).toBe('0000003d')
    expect(await control('00000005 00', 4)).toBe('00000000')
    expect(codeOf(await send(reset(20)))).toBe(0x907)
  })

  test('takes the power away and gives it back', async () => {
    expect(await control('00000002 00000000', 4)).toBe('00000000')
    expect(codeOf(await send(getRandom(1)))).toBe(0x100)
    expect(codeOf(await send(command('TPM2_Startup', { parameters: [u16(0)] })))).toBe(0)
  })

  test('tells what it can, and refuses what it cannot', async () => {
    expect(await control('00000001', 8)).toMatch(/^00000000/)
    expect(await control('00000011 00000000', 16)).toBe('00000000000010000000100000001000')
    expect(await control('00000004', 8)).toBe('0000000000000000')
    expect(await control('00000009', 4)).toBe('00000000')
    expect(await control('00000099', 4)).toBe('0000000a')
    // What follows is none of its business: here the rest of a web page's request, which would take the power away.
    const request = `${Buffer.from('POST').toString('hex')} 00000002 00000000`
    expect(await control(request, Number.POSITIVE_INFINITY)).toBe('0000000a')
    expect(codeOf(await send(getRandom(1)))).toBe(0)
  })
})

describe('the platform port of the simulator', () => {
  test.each([5, 36, 255])('no command comes from locality %i', async (locality) => {
    const own = createSoftwareTpm()
    const listening = await listenSoftwareTpm(own, { protocol: 'simulator' })
    const socket = await connectTo(listening.port)
    const bytes = getRandom(1)
    const request = join(u32(8), Uint8Array.of(locality), u32(bytes.length), bytes)
    expect((await converse(socket, request, 18)).length).toBe(0)
    await listening.close()
    await own.close()
  })

  test('switches the power off and on', async () => {
    const own = createSoftwareTpm()
    const listening = await listenSoftwareTpm(own, { protocol: 'simulator' })
    const platform = await connectTo(listening.port + 1)
    const commands = await connectTo(listening.port)
    const ask = (bytes: Uint8Array): Promise<Buffer> =>
      converse(commands, join(u32(8), hex('00'), u32(bytes.length), bytes), 18)
    // On already: nothing happens.
    expect((await converse(platform, u32(1), 4)).toString('hex')).toBe('00000000')
    expect((await ask(getRandom(1))).readUInt32BE(10)).toBe(0)
    platform.removeAllListeners('data')
    commands.removeAllListeners('data')
    expect((await converse(platform, u32(2), 4)).toString('hex')).toBe('00000000')
    expect((await ask(getRandom(1))).readUInt32BE(10)).toBe(0x101)
    platform.removeAllListeners('data')
    commands.removeAllListeners('data')
    expect((await converse(platform, u32(1), 4)).toString('hex')).toBe('00000000')
    expect((await ask(getRandom(1))).readUInt32BE(10)).toBe(0x100)
    platform.removeAllListeners('data')
    commands.removeAllListeners('data')
    const startup = command('TPM2_Startup', { parameters: [u16(0)] })
    expect((await ask(startup)).readUInt32BE(10)).toBe(0)
    commands.removeAllListeners('data')
    // The reset line is as good as that.
    expect((await converse(platform, u32(17), 4)).toString('hex')).toBe('00000000')
    expect((await ask(getRandom(1))).readUInt32BE(10)).toBe(0x100)
    platform.removeAllListeners('data')
    // The end of the session has no answer.
    expect((await converse(platform, u32(20), 4)).length).toBe(0)
    commands.destroy()
    await listening.close()
    await own.close()
  })
})
