import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isTrustholdError } from '../errors/index.js'
import type { TpmTransport, TransmitOptions } from '../ports/index.js'
import type { TestRunner } from './contract.js'
import { expectCode, expectWithin } from './expectations.js'
import {
  badCapability,
  getRandom,
  randomResponseLength,
  responseCodeOf,
  selfTest,
  sizeOf,
  unobserved,
} from './tpm-commands.js'
import { scriptedCases, type WithScriptedTpm } from './tpm-transport-scripted.js'

/** What a suite works with. */
export interface TpmTransportSubject {
  /** Connected to a TPM that is started up and answers nobody else meanwhile. */
  readonly transport: TpmTransport
  /** Called once at the end of each test, also after the transport was closed. */
  close(): Promise<void>
}

/** What {@link tpmTransportContract} needs of an adapter. */
export interface TpmTransportContractOptions {
  create(): Promise<TpmTransportSubject>
  /** Connects the transport to a made-up TPM; absent where only real ones can be reached. */
  withScriptedTpm?: WithScriptedTpm
  /** Ends the TPM and starts it again where it was; absent where that cannot be done. */
  restart?(): Promise<void>
  /** How long to wait for what has to happen; 30,000 ms by default. */
  patienceMs?: number
}

interface Subject {
  readonly transport: TpmTransport
  readonly patienceMs: number
}

/** Sends a command; the answer has to come in time. */
function send(
  { transport, patienceMs }: Subject,
  command: Uint8Array,
  options?: TransmitOptions,
): Promise<Uint8Array> {
  return unobserved(expectWithin(patienceMs, 'the answer', transport.transmit(command, options)))
}

async function expectRandom(subject: Subject, bytes: number): Promise<Uint8Array> {
  const response = await send(subject, getRandom(bytes))
  assert.equal(responseCodeOf(response), 0)
  assert.equal(response.length, randomResponseLength(bytes), 'this is the answer to another command')
  return response
}

type Case = readonly [name: string, run: (subject: Subject) => Promise<void>]

const cases: readonly Case[] = [
  [
    'a command gets one whole response',
    async (subject) => {
      const response = await expectRandom(subject, 16)
      assert.equal(sizeOf(response), response.length)
    },
  ],
  [
    'an error of the TPM is a response as any other',
    async (subject) => {
      const response = await send(subject, badCapability())
      assert.equal(response.length, 10)
      assert.notEqual(responseCodeOf(response), 0)
      await expectRandom(subject, 8)
    },
  ],
  [
    'calls at the same time each get their own response, in the order in which they came',
    async (subject) => {
      const ended: number[] = []
      const lengths = Array.from({ length: 16 }, (_, i) => i + 1)
      await Promise.all(
        lengths.map(async (length) => {
          await expectRandom(subject, length)
          ended.push(length)
        }),
      )
      assert.deepEqual(ended, lengths)
    },
  ],
  [
    'the command array is neither kept nor changed',
    async (subject) => {
      const first = getRandom(4)
      const second = getRandom(6)
      const before = Uint8Array.from(second)
      const running = [first, second].map((command) => send(subject, command))
      assert.deepEqual(second, before)
      first.fill(0xff)
      second.fill(0xff)
      const lengths = (await Promise.all(running)).map((response) => response.length)
      assert.deepEqual(lengths, [randomResponseLength(4), randomResponseLength(6)])
    },
  ],
  [
    'a response belongs to the caller',
    async (subject) => {
      const first = await expectRandom(subject, 16)
      const copy = Uint8Array.from(first)
      const second = await expectRandom(subject, 16)
      assert.deepEqual(first, copy)
      first.fill(0)
      assert.notDeepEqual(second.subarray(12), first.subarray(12))
    },
  ],
  [
    'a signal that was aborted before ends the call and nothing else',
    async (subject) => {
      const signal = AbortSignal.abort()
      await expectCode('TRANSPORT_ABORTED', () => send(subject, getRandom(2), { signal }))
      await expectRandom(subject, 9)
    },
  ],
  [
    'aborting a call that waits ends it at once and leaves the others alone',
    async (subject) => {
      const controller = new AbortController()
      const first = send(subject, selfTest())
      const waiting = send(subject, getRandom(5), { signal: controller.signal })
      const last = unobserved(expectRandom(subject, 9))
      controller.abort()
      await expectCode('TRANSPORT_ABORTED', () => waiting)
      assert.equal((await first).length, 10)
      await last
    },
  ],
  [
    'after an abort in flight the next command gets its own response',
    async (subject) => {
      for (let turns = 0; turns < 6; turns++) {
        const controller = new AbortController()
        const call = send(subject, selfTest(), { signal: controller.signal })
        const outcome = call.then(
          (response) => response.length,
          (error: unknown) => (isTrustholdError(error) ? error.code : error),
        )
        for (let i = 0; i < turns; i++) await nextTurn()
        controller.abort()
        const ended = await outcome
        // Without a turn of the event loop no answer can have come; later it may have been faster than the abort.
        const allowed: readonly unknown[] = turns === 0 ? ['TRANSPORT_ABORTED'] : ['TRANSPORT_ABORTED', 10]
        assert.ok(allowed.includes(ended), `ended with ${String(ended)}`)
        await expectRandom(subject, 7 + turns)
      }
    },
  ],
  [
    'a signal that is aborted after the response came changes nothing',
    async (subject) => {
      const controller = new AbortController()
      await send(subject, getRandom(3), { signal: controller.signal })
      controller.abort()
      await expectRandom(subject, 11)
    },
  ],
  [
    'after close calls fail, and close may be called again',
    async (subject) => {
      await expectRandom(subject, 3)
      await subject.transport.close()
      await expectCode('TRANSPORT_CLOSED', () => send(subject, getRandom(3)))
      await subject.transport.close()
      await expectCode('TRANSPORT_CLOSED', () => send(subject, getRandom(3)))
    },
  ],
  [
    'close ends the call in flight and those that wait',
    async (subject) => {
      const running = [selfTest(), selfTest(), getRandom(4)].map((command) => send(subject, command))
      const ended = running.map((call) => unobserved(expectCode('TRANSPORT_CLOSED', () => call)))
      await subject.transport.close()
      await Promise.all(ended)
    },
  ],
]

/** A restarted TPM is reached again, at the latest with the second command. */
async function reachAgain(subject: Subject, restart: () => Promise<void>): Promise<void> {
  await expectRandom(subject, 5)
  await restart()
  // That the connection has ended may show only when it is used.
  await send(subject, getRandom(6)).catch((error: unknown) => {
    if (!isTrustholdError(error, 'TRANSPORT_FAILED')) throw error
  })
  await expectRandom(subject, 7)
}

/**
 * Proves that an adapter keeps the contract of {@link TpmTransport}.
 * @param test registers one test
 */
export function tpmTransportContract(test: TestRunner, options: TpmTransportContractOptions): void {
  const { withScriptedTpm, restart, patienceMs = 30_000 } = options
  const restarting: readonly Case[] =
    restart === undefined
      ? []
      : [['a TPM that was restarted is reached again', (subject) => reachAgain(subject, restart)]]
  for (const [name, run] of [...cases, ...restarting]) {
    test(`TpmTransport: ${name}`, async () => {
      const { transport, close } = await options.create()
      try {
        await run({ transport, patienceMs })
      } finally {
        await close()
      }
    })
  }
  if (withScriptedTpm === undefined) return
  for (const [name, run] of scriptedCases) {
    test(`TpmTransport: ${name}`, () => run(withScriptedTpm, patienceMs))
  }
}
