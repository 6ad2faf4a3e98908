import { fromHex, toHex } from '@trusthold/core/bytes'
import type { TpmTransport } from '@trusthold/core/ports'
import { describe, expect, test } from 'vitest'
import { flushContext } from '../../src/commands/flush-context.js'
import { nvRead } from '../../src/commands/nv-read.js'
import { createCommandRunner, type RetryPolicy } from '../../src/commands/run-command.js'
import { passwordSession, policySession } from '../../src/commands/sessions.js'
import { startAuthSession } from '../../src/commands/start-auth-session.js'
import { codeOf } from '../code-of.js'

/** A transport that gives these answers, the last one again and again, and keeps what was sent. */
function answering(...answers: readonly string[]): { transport: TpmTransport; sent: string[] } {
  const sent: string[] = []
  const transport: TpmTransport = {
    async transmit(command) {
      sent.push(toHex(command))
      return fromHex(answers[Math.min(sent.length, answers.length) - 1] ?? '')
    },
    close: async () => undefined,
  }
  return { transport, sent }
}

const read = (transport: TpmTransport, retry?: RetryPolicy) =>
  nvRead(createCommandRunner(transport, retry), {
    authorization: 0x4000_0001,
    session: passwordSession(Uint8Array.of(0xee)),
    index: 0x01c0_0002,
    size: 2,
    offset: 0x10,
  })
const body = '000000040002d1d2'
const auth = '0000010000'
const good = `8002000000170000 0000${body}${auth}`.replace(' ', '')

describe('commands', () => {
  test('carry handles, authorisations and parameters', async () => {
    const { transport, sent } = answering(good)
    expect(await read(transport)).toEqual(Uint8Array.of(0xd1, 0xd2))
    expect(sent).toEqual([
      `8002000000240000014e4000000101c00002${'0000000a'}40000009${'0000'}01${'0001'}ee${'0002'}${'0010'}`,
    ])
  })

  test('have no authorisation area when there is nothing to authorise', async () => {
    const { transport, sent } = answering('80010000000a00000000')
    await flushContext(createCommandRunner(transport), 0x8000_0000)
    expect(sent).toEqual(['80010000000e0000016580000000'])
  })

  test('return handles', async () => {
    const { transport } = answering(`8001000000200000000003000000${'0010'}${'ab'.repeat(16)}`)
    const session = await startAuthSession(createCommandRunner(transport), {
      type: 'policy',
      authHash: 'sha256',
      nonceCaller: new Uint8Array(16),
    })
    expect(session).toEqual({ handle: 0x0300_0000, nonceTpm: new Uint8Array(16).fill(0xab) })
  })

  test('are authorised by policy sessions without password or HMAC', () => {
    const task = { decrypt: false, encrypt: false }
    const command = { code: 1, names: () => [], parameters: new Uint8Array(), otherNonces: [] }
    expect(policySession(0x0300_0001).begin(task).authorize(command)).toEqual({
      sessionHandle: 0x0300_0001,
      nonce: new Uint8Array(),
      sessionAttributes: 1,
      hmac: new Uint8Array(),
    })
  })
})

describe('responses', () => {
  test.each([
    ['nothing', '', 0],
    ['less than a header', '800200000009000000', 0],
    ['a size that is not theirs', good.replace('00000017', '00000018'), 2],
    ['the tag of a command without sessions', good.replace('8002', '8001'), 0],
    ['no parameters', '80020000000a00000000', 10],
    ['a parameter size beyond the end', good.replace('00000004', '00000040'), 14],
    [
      'parameters that are longer than they say',
      good.replace('000000040002', '000000050002').replace(auth, `00${auth}`).replace('00000017', '00000018'),
      18,
    ],
    ['no authorisation', `800200000012000000 00${body}`.replace(' ', ''), 18],
    ['more after the authorisation', `${good}00`.replace('00000017', '00000018'), 23],
  ])('with %s are refused', async (_what, answer, offset) => {
    const { transport } = answering(answer)
    await expect(read(transport)).rejects.toThrow(
      codeOf('TPM_RESPONSE_MALFORMED', { command: 'TPM2_NV_Read', offset }),
    )
  })

  test('with a code are errors that name it and what it blames', async () => {
    const { transport } = answering('80010000000a0000028b')
    await expect(read(transport)).rejects.toThrow(
      codeOf('TPM_RESPONSE', {
        command: 'TPM2_NV_Read',
        responseCode: 0x28b,
        name: 'TPM_RC_HANDLE',
        subject: 'handle',
        index: 2,
      }),
    )
  })
})

describe('retries', () => {
  const busy = '80010000000a00000922'
  const policy = (attempts: number) => {
    const waits: number[] = []
    return { attempts, waits, wait: async (attempt: number) => waits.push(attempt) }
  }

  test('send the same command again while the TPM asks for it', async () => {
    const { transport, sent } = answering(busy, busy.replace('922', '908'), busy.replace('922', '90a'), good)
    const retry = policy(5)
    expect(await read(transport, retry)).toEqual(Uint8Array.of(0xd1, 0xd2))
    expect(new Set(sent).size).toBe(1)
    expect(retry.waits).toEqual([1, 2, 3])
  })

  test('end', async () => {
    const { transport, sent } = answering(busy)
    const retry = policy(3)
    await expect(read(transport, retry)).rejects.toMatchObject({ code: 'TPM_RESPONSE', retryable: true })
    expect(sent).toHaveLength(3)
    expect(retry.waits).toEqual([1, 2])
  })

  test('are not for other errors', async () => {
    const { transport, sent } = answering('80010000000a00000902')
    await expect(read(transport, policy(3))).rejects.toMatchObject({ retryable: false })
    expect(sent).toHaveLength(1)
  })
})
