// T-43, the TPM's side: a peer that is stuck, slow, late or restarted costs its own caller time, and nobody a wrong answer.
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isTrustholdError } from '@trusthold/core/errors'
import { verifyQuote } from '@trusthold/core/evidence'
import type { Tpm, TpmTransport } from '@trusthold/core/ports'
import {
  connectSimulator,
  connectSwtpmTcp,
  loadedHandles,
  openSimulatorPlatform,
  openSwtpmControl,
  openTpm,
} from '@trusthold/tpm-adapter'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../scripts/peers/swtpm.mjs'

let swtpm: Swtpm
beforeAll(async () => {
  swtpm = await startSwtpm()
})
afterAll(() => swtpm.stop())

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** Serves connections on a loopback port as told. */
async function serve(answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()).setNoDelay(true))
    answer(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const getRandom = (bytes: number): Uint8Array =>
  Uint8Array.of(0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, bytes)
const random = (bytes: number): Uint8Array =>
  Uint8Array.of(0x80, 0x01, 0, 0, 0, 12 + bytes, 0, 0, 0, 0, 0, bytes, ...new Uint8Array(bytes))
const length32 = (length: number): Uint8Array =>
  Uint8Array.of(0, length >> 16, (length >> 8) & 255, length & 255)
/** A response of the greatest length that is allowed. */
const longest = Uint8Array.of(0x80, 0x01, ...length32(65_536), 0, 0, 0, 0, ...new Uint8Array(65_526))

interface Protocol {
  readonly name: string
  open(options: { port: number; commandTimeoutMs?: number }): Promise<TpmTransport>
  /** How a response looks on the wire. */
  wrap(response: Uint8Array): Uint8Array
  /** How long a command is on the wire. */
  readonly overhead: number
}

const protocols: readonly Protocol[] = [
  { name: 'swtpm', open: connectSwtpmTcp, wrap: (response) => response, overhead: 0 },
  {
    name: 'simulator',
    open: connectSimulator,
    wrap: (response) => Uint8Array.of(...length32(response.length), ...response, 0, 0, 0, 0),
    overhead: 9,
  },
]

async function close(transport: TpmTransport): Promise<void> {
  await transport.close()
}

const timeout = expect.objectContaining({ code: 'TRANSPORT_TIMEOUT' })

describe.each(protocols)('a TPM behind the protocol of $name', ({ open, wrap, overhead }) => {
  test('that is stuck does not keep another one from answering', async () => {
    const stuckPort = await serve((socket) => socket.resume())
    const stuck = await open({ port: stuckPort })
    const sound = await connectSwtpmTcp({ port: swtpm.tcpPort })
    let ended = 0
    const waiting = [1, 2, 3, 4, 5, 6, 7, 8].map((bytes) =>
      stuck.transmit(getRandom(bytes)).catch((error: unknown) => {
        ended += 1
        return isTrustholdError(error) ? error.code : error
      }),
    )
    for (let bytes = 1; bytes <= 16; bytes++) {
      expect(await sound.transmit(getRandom(bytes))).toHaveLength(12 + bytes)
    }
    expect(ended).toBe(0)
    await close(stuck)
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['TRANSPORT_CLOSED']))
    await close(sound)
  })

  test('that sends byte by byte has the same deadline as one that sends nothing', async () => {
    let slow = true
    const trickle = async (socket: Socket): Promise<void> => {
      for (const byte of wrap(longest)) {
        if (socket.destroyed) return
        socket.write(Uint8Array.of(byte))
        await nextTurn()
      }
    }
    const port = await serve((socket) => {
      socket.on('data', () => {
        if (slow) void trickle(socket)
        else socket.write(wrap(random(5)))
        slow = false
      })
    })
    const transport = await open({ port, commandTimeoutMs: 40 })
    await expect(transport.transmit(getRandom(8))).rejects.toThrow(timeout)
    expect(await transport.transmit(getRandom(5))).toEqual(random(5))
    await close(transport)
  })

  test('that answers each command only when the next one comes gives no answer to anything', async () => {
    const port = await serve((socket) => {
      let late: Uint8Array | undefined
      socket.on('data', (command) => {
        if (late !== undefined) socket.write(late)
        late = wrap(random(command[overhead + 11] ?? 0))
      })
    })
    const transport = await open({ port, commandTimeoutMs: 20 })
    for (const bytes of [3, 4, 5]) {
      await expect(transport.transmit(getRandom(bytes))).rejects.toThrow(timeout)
    }
    await close(transport)
  })
})

describe('what controls a TPM', () => {
  test.each([
    ['silence', () => undefined],
    [
      'an endless trickle',
      async (socket: Socket) => {
        socket.write(Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0))
        while (!socket.destroyed) {
          socket.write(Uint8Array.of(0x20))
          await nextTurn()
        }
      },
    ],
  ])('has a deadline for %s', async (_what, answer) => {
    const port = await serve((socket) => {
      socket.once('data', () => void answer(socket))
    })
    const limits = { timeoutMs: 40 }
    await expect(openSwtpmControl({ port }, limits).getInfo()).rejects.toThrow(timeout)
    if (_what === 'silence') {
      await expect(openSimulatorPlatform({ port }, limits).reset()).rejects.toThrow(timeout)
    }
  })
})

describe('a TPM that is restarted in the middle', () => {
  const nonce = new Uint8Array(32).fill(7)
  const selection = [{ bank: 'sha256', pcrs: [0, 7] }]

  async function attest(tpm: Tpm): Promise<void> {
    const endorsementKey = (await tpm.endorsementKeys()).find(({ kind }) => kind.startsWith('ecc'))
    if (endorsementKey === undefined) throw new Error('the TPM has no ECC endorsement key')
    const key = await tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256' })
    const { message, signature } = await key.quote(nonce, selection)
    const verdict = verifyQuote({ message, signature, attestationKey: key.publicArea, nonce })
    expect(verdict).toMatchObject({ trusted: true })
    await key.close()
  }

  test('gives a typed error or a whole quote, and the next attestation works', async () => {
    const inner = await connectSwtpmTcp({ port: swtpm.tcpPort })
    let commands = 0
    let restartAt = Number.POSITIVE_INFINITY
    const transport: TpmTransport = {
      async transmit(command, options) {
        commands += 1
        if (commands === restartAt) await swtpm.restart()
        return await inner.transmit(command, options)
      },
      close: () => inner.close(),
    }
    const tpm = await openTpm({ transport })
    await attest(tpm)
    const usual = commands
    let refused = 0
    for (let at = 1; at <= usual; at++) {
      commands = 0
      restartAt = at
      await attest(tpm).catch((error: unknown) => {
        expect(isTrustholdError(error), String(error)).toBe(true)
        refused += 1
      })
      restartAt = Number.POSITIVE_INFINITY
      await attest(tpm)
      expect(await loadedHandles(inner)).toMatchObject({ transient: [], loadedSessions: [] })
    }
    expect(refused).toBeGreaterThan(0)
    await tpm.close()
  })
})
