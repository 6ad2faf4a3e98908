import assert from 'node:assert/strict'
import type { TpmTransport } from '../ports/index.js'
import { expectCode, expectWithin } from './expectations.js'
import { getRandom, selfTest, unobserved, zeroResponse } from './tpm-commands.js'

/** A made-up TPM: yields the pieces of its answer to a command; throwing cuts the connection. */
export type ScriptedTpm = (command: Uint8Array) => AsyncIterable<Uint8Array>

/** Runs a test against a made-up TPM. */
export type WithScriptedTpm = (
  answer: ScriptedTpm,
  run: (transport: TpmTransport) => Promise<void>,
) => Promise<void>

/** Answers TPM2_GetRandom as a TPM does. */
async function* honest(command: Uint8Array): AsyncIterable<Uint8Array> {
  yield zeroResponse(command[11] ?? 0)
}

/** Answers the first command as told and all others honestly. */
function firstAnswer(first: ScriptedTpm): ScriptedTpm {
  let commands = 0
  return (command) => (commands++ === 0 ? first(command) : honest(command))
}

async function* pieces(...list: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  for (const piece of list) yield piece
}

async function expectHonest(transport: TpmTransport, bytes: number, patienceMs: number): Promise<void> {
  const response = await expectWithin(patienceMs, 'the answer', transport.transmit(getRandom(bytes)))
  assert.deepEqual([...response], [...zeroResponse(bytes)])
}

function patched(changes: Readonly<Record<number, number>>): Uint8Array {
  const response = zeroResponse(8)
  for (const [at, value] of Object.entries(changes)) response[Number(at)] = value
  return response
}

type Case = readonly [name: string, run: (withTpm: WithScriptedTpm, patienceMs: number) => Promise<void>]

const split: readonly Case[] = [1, 2, 6, 9, 10, 11].map((length) => [
  `a response in pieces of ${length} is put together`,
  (withTpm, patienceMs) =>
    withTpm(
      (command) => {
        const whole = zeroResponse(command[11] ?? 0)
        const starts = Array.from({ length: Math.ceil(whole.length / length) }, (_, i) => i * length)
        return pieces(...starts.map((start) => whole.subarray(start, start + length)))
      },
      async (transport) => {
        await expectHonest(transport, 16, patienceMs)
        await expectHonest(transport, 3, patienceMs)
      },
    ),
])

const malformed: readonly Case[] = (
  [
    ['a tag that is none', patched({ 0: 0x12 })],
    ['the tag of a TPM 1.2', patched({ 0: 0x00, 1: 0xc4 })],
    ['a size below that of a header', patched({ 5: 9 })],
    ['a size of four gigabytes', patched({ 2: 0xff, 3: 0xff, 4: 0xff, 5: 0xff })],
    ['bytes after its end', patched({ 5: 18 })],
  ] as const
).map(([what, response]) => [
  `a response with ${what} is refused, and the next one is not disturbed`,
  (withTpm, patienceMs) =>
    withTpm(
      firstAnswer(() => pieces(response)),
      async (transport) => {
        await expectCode('TPM_RESPONSE_MALFORMED', () =>
          expectWithin(patienceMs, 'the refusal', transport.transmit(getRandom(8))),
        )
        await expectHonest(transport, 5, patienceMs)
      },
    ),
])

/** A made-up TPM that is slow with its first answer, until it is told to go on. */
function slowFirst(): { answer: ScriptedTpm; received: Promise<void>; goOn: () => void } {
  let goOn = (): void => undefined
  let received = (): void => undefined
  const released = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const gotCommand = new Promise<void>((resolve) => {
    received = resolve
  })
  const answer = firstAnswer(async function* slow(command) {
    received()
    await released
    yield* honest(command)
  })
  return { answer, received: gotCommand, goOn: () => goOn() }
}

/** Cases that need a TPM that misbehaves. */
export const scriptedCases: readonly Case[] = [
  ...split,
  ...malformed,
  [
    'a connection that ends within a response is an error, and the next command gets another one',
    (withTpm, patienceMs) =>
      withTpm(
        firstAnswer(async function* cut() {
          yield zeroResponse(8).subarray(0, 13)
          throw new Error('cut')
        }),
        async (transport) => {
          await expectCode('TRANSPORT_FAILED', () =>
            expectWithin(patienceMs, 'the error', transport.transmit(getRandom(8))),
          )
          await expectHonest(transport, 5, patienceMs)
        },
      ),
  ],
  [
    'the late answer to a command that was aborted reaches nobody',
    async (withTpm, patienceMs) => {
      const { answer, received, goOn } = slowFirst()
      await withTpm(answer, async (transport) => {
        const controller = new AbortController()
        const aborted = unobserved(transport.transmit(getRandom(7), { signal: controller.signal }))
        await expectWithin(patienceMs, 'the command', received)
        controller.abort()
        await expectCode('TRANSPORT_ABORTED', () => expectWithin(patienceMs, 'the end', aborted))
        const next = unobserved(expectHonest(transport, 9, patienceMs))
        goOn()
        await next
        await expectHonest(transport, 4, patienceMs)
      })
    },
  ],
  [
    'closing ends the command in flight and those that wait',
    async (withTpm, patienceMs) => {
      const { answer, received, goOn } = slowFirst()
      await withTpm(answer, async (transport) => {
        const running = [transport.transmit(selfTest()), transport.transmit(getRandom(3))]
        const ended = running.map((each) =>
          unobserved(expectCode('TRANSPORT_CLOSED', () => expectWithin(patienceMs, 'the end', each))),
        )
        await expectWithin(patienceMs, 'the command', received)
        await transport.close()
        await Promise.all(ended)
        goOn()
      })
    },
  ],
]
