import { fromHex, toHex } from '@trusthold/core/bytes'
import { type Codec, encode, u16, u32 } from '@trusthold/core/codec'
import type { TpmTransport } from '@trusthold/core/ports'
import { computeName, signingKeyTemplates, type TpmtPublic, tpm2bName } from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import { throwIfAborted } from '../../src/commands/abort.js'
import {
  createCommandRunner,
  flushContext,
  getCapability,
  loadExternal,
  passwordSession,
  readHandles,
  startAuthSession,
  startup,
  unseal,
  withSignal,
} from '../../src/commands/index.js'
import { openSession } from '../../src/sessions/index.js'
import { codeOf } from '../code-of.js'

type Answer = Uint8Array | Promise<Uint8Array>

/** A response with this code and body. */
const answer = (code: number, body = '', tag = '8001'): Uint8Array =>
  fromHex(`${tag}${hex(u32, 10 + body.length / 2)}${hex(u32, code)}${body}`)
const hex = (codec: Codec<number>, value: number): string => toHex(encode(codec, value))

/** A transport that answers as it is told, and keeps what was sent with which signal. */
function scripted(answers: (code: number, count: number) => Answer) {
  const sent: { code: number; bytes: string; signal: AbortSignal | undefined }[] = []
  const transport: TpmTransport = {
    async transmit(command, { signal } = {}) {
      const code = new DataView(command.buffer, command.byteOffset).getUint32(6)
      sent.push({ code, bytes: toHex(command), signal })
      return await answers(code, sent.length)
    },
    close: async () => undefined,
  }
  return { transport, sent }
}

const codes = {
  startAuthSession: 0x176,
  flush: 0x165,
  loadExternal: 0x167,
  unseal: 0x15e,
  getCapability: 0x17a,
}
const nonce = `0010${'ab'.repeat(16)}`
const sessionStarted = answer(0, `03000001${nonce}`)
const starting = { type: 'policy', authHash: 'sha256', nonceCaller: new Uint8Array(16) } as const

describe('giving up', () => {
  test('before a command leaves nothing to send', async () => {
    const { transport, sent } = scripted(() => answer(0))
    const runner = withSignal(createCommandRunner(transport), AbortSignal.abort())
    await expect(startAuthSession(runner, starting)).rejects.toThrow(codeOf('TRANSPORT_ABORTED'))
    expect(sent).toEqual([])
  })

  test('is told before work that takes no command', () => {
    expect(() => throwIfAborted(AbortSignal.abort())).toThrow(codeOf('TRANSPORT_ABORTED'))
    throwIfAborted(new AbortController().signal)
    throwIfAborted(undefined)
  })

  test('is told to the transport', async () => {
    const { transport, sent } = scripted(() => answer(0, '00', '8002'))
    const { signal } = new AbortController()
    const runner = withSignal(createCommandRunner(transport), signal)
    await getCapability(runner, { capability: 1, property: 0, propertyCount: 1 }).catch(() => undefined)
    expect(sent[0]?.signal).toBe(signal)
    expect(withSignal(runner, undefined)).toBe(runner)
  })

  test('while the TPM asks to wait ends the waiting', async () => {
    const { transport, sent } = scripted(() => answer(0x922))
    const giveUp = new AbortController()
    const wait = (): Promise<never> => {
      giveUp.abort()
      return new Promise(() => undefined)
    }
    const runner = withSignal(createCommandRunner(transport, { wait }), giveUp.signal)
    const asking = getCapability(runner, { capability: 1, property: 0, propertyCount: 1 })
    await expect(asking).rejects.toThrow(codeOf('TRANSPORT_ABORTED'))
    expect(sent).toHaveLength(1)
  })

  test('leaves neither session nor object in the TPM: what comes late is flushed, before the next command', async () => {
    let arrive = (_response: Uint8Array): void => undefined
    const late = new Promise<Uint8Array>((resolve) => {
      arrive = resolve
    })
    const { transport, sent } = scripted((code, count) =>
      count === 1 ? late : code === codes.flush ? answer(0) : sessionStarted,
    )
    const giveUp = new AbortController()
    const runner = createCommandRunner(transport)
    const given = startAuthSession(withSignal(runner, giveUp.signal), starting)
    await Promise.resolve()
    giveUp.abort()
    await expect(given).rejects.toThrow(codeOf('TRANSPORT_ABORTED'))
    const next = startAuthSession(runner, starting)
    const impatient = new AbortController()
    const third = startAuthSession(withSignal(runner, impatient.signal), starting)
    impatient.abort()
    await expect(third).rejects.toThrow(codeOf('TRANSPORT_ABORTED'))
    expect(sent.map(({ code }) => code)).toEqual([codes.startAuthSession])
    arrive(answer(0, `02000007${nonce}`))
    await next
    expect(sent.map(({ code }) => code)).toEqual([
      codes.startAuthSession,
      codes.flush,
      codes.startAuthSession,
    ])
    expect(sent[1]?.bytes.endsWith('02000007')).toBe(true)
  })

  test.each([
    ['that failed', answer(0x903)],
    ['that failed, whatever is behind its code', answer(0x903, '02000007')],
    ['without a handle', answer(0)],
    ['that is no response', new Uint8Array(3)],
  ])('has nothing to flush of a late command %s', async (_what, late) => {
    const arrivals: ((response: Uint8Array) => void)[] = []
    const { transport, sent } = scripted((_code, count) =>
      count === 1 ? new Promise((resolve) => arrivals.push(resolve)) : sessionStarted,
    )
    const giveUp = new AbortController()
    const runner = createCommandRunner(transport)
    const given = startAuthSession(withSignal(runner, giveUp.signal), starting)
    await Promise.resolve()
    giveUp.abort()
    await expect(given).rejects.toThrow(codeOf('TRANSPORT_ABORTED'))
    arrivals[0]?.(late)
    await startAuthSession(runner, starting)
    expect(sent.map(({ code }) => code)).toEqual([codes.startAuthSession, codes.startAuthSession])
  })

  test('does not keep a flush from being done', async () => {
    const { transport, sent } = scripted(() => answer(0))
    await flushContext(withSignal(createCommandRunner(transport), AbortSignal.abort()), 0x8000_0000)
    expect(sent.map(({ code }) => code)).toEqual([codes.flush])
  })
})

describe('what a refused response brought', () => {
  const publicArea: TpmtPublic = { ...signingKeyTemplates['ecc-p256'] }
  const nameOf = (area: TpmtPublic): string => toHex(encode(tpm2bName, computeName(area)))

  test.each([
    ['under another name', `80000003${nameOf({ ...publicArea, nameAlg: 'sha384' })}`],
    ['without a name', '80000003'],
  ])('%s is flushed', async (_what, body) => {
    const { transport, sent } = scripted((code) => (code === codes.flush ? answer(0) : answer(0, body)))
    await expect(loadExternal(createCommandRunner(transport), { publicArea })).rejects.toThrow(
      codeOf('TPM_RESPONSE_MALFORMED', { command: 'TPM2_LoadExternal' }),
    )
    expect(sent.map(({ code }) => code)).toEqual([codes.loadExternal, codes.flush])
    expect(sent[1]?.bytes.endsWith('80000003')).toBe(true)
  })

  test.each([
    ['no handle', ''],
    ['the handle of something persistent', `81000001${nameOf({ ...publicArea, nameAlg: 'sha384' })}`],
  ])('with %s is left alone', async (_what, body) => {
    const { transport, sent } = scripted(() => answer(0, body))
    await expect(loadExternal(createCommandRunner(transport), { publicArea })).rejects.toThrow(
      codeOf('TPM_RESPONSE_MALFORMED'),
    )
    expect(sent).toHaveLength(1)
  })

  test('is a session whose nonce is too short', async () => {
    const { transport, sent } = scripted((code) =>
      code === codes.flush ? answer(0) : answer(0, '030000010002abcd'),
    )
    await expect(startAuthSession(createCommandRunner(transport), starting)).rejects.toThrow(
      codeOf('TPM_RESPONSE_MALFORMED'),
    )
    expect(sent.map(({ code }) => code)).toEqual([codes.startAuthSession, codes.flush])
  })
})

describe('a TPM', () => {
  test('that was reset in the middle is named, but not to TPM2_Startup', async () => {
    const { transport } = scripted(() => answer(0x100))
    const runner = createCommandRunner(transport)
    await expect(readHandles(runner, 'transient')).rejects.toThrow(
      codeOf('TPM_NOT_STARTED', { command: 'TPM2_GetCapability' }),
    )
    await startup(runner)
  })

  test('that cannot be started up says why', async () => {
    const { transport } = scripted(() => answer(0x101))
    await expect(startup(createCommandRunner(transport))).rejects.toThrow(
      codeOf('TPM_RESPONSE', { command: 'TPM2_Startup', name: 'TPM_RC_FAILURE' }),
    )
  })

  test('that says it is locked out whatever it is asked is asked for no more', async () => {
    const { transport, sent } = scripted(() => answer(0x921))
    const runner = createCommandRunner(transport)
    const unsealing = unseal(runner, { item: 0x8000_0000, session: passwordSession() })
    await expect(unsealing).rejects.toThrow(codeOf('TPM_LOCKED_OUT', { command: 'TPM2_Unseal' }))
    expect(sent.map(({ code }) => code)).toEqual([codes.unseal, codes.getCapability])
  })

  test('that never ends its lists is refused', async () => {
    const { transport, sent } = scripted((_code, count) =>
      answer(0, `01${hex(u32, 1)}${hex(u32, 1)}${hex(u32, 0x8000_0000 + count)}`),
    )
    await expect(readHandles(createCommandRunner(transport), 'transient')).rejects.toThrow(
      codeOf('TPM_RESPONSE_MALFORMED'),
    )
    expect(sent.length).toBeLessThan(1000)
  })

  test('that sends more than it was asked for is refused', async () => {
    const entries = Array.from({ length: 129 }, (_, i) => hex(u32, 0x8000_0000 + i)).join('')
    const { transport } = scripted(() => answer(0, `00${hex(u32, 1)}${hex(u32, 129)}${entries}`))
    await expect(readHandles(createCommandRunner(transport), 'transient')).rejects.toThrow(
      codeOf('TPM_RESPONSE_MALFORMED', { reason: 'more entries than were asked for' }),
    )
  })
})

describe('a session', () => {
  const silent = answer(0, `${hex(u32, 6)}0004${'d1d2d3d4'}${nonce}010000`, '8002')

  test('goes on after a command that the TPM wants again', async () => {
    const { transport, sent } = scripted((code, count) =>
      code === codes.unseal
        ? count === 2
          ? answer(0x922)
          : silent
        : code === codes.flush
          ? answer(0)
          : sessionStarted,
    )
    const runner = createCommandRunner(transport, { wait: async () => undefined })
    const session = await openSession(runner, { type: 'policy' })
    expect(await unseal(runner, { item: 0x8000_0000, session })).toEqual(fromHex('d1d2d3d4'))
    expect(sent[1]?.bytes).toBe(sent[2]?.bytes)
    await session.close()
    await session.close()
    expect(sent.filter(({ code }) => code === codes.flush)).toHaveLength(1)
    await expect(unseal(runner, { item: 0x8000_0000, session })).rejects.toThrow(
      codeOf('TPM_NOT_AVAILABLE', { what: 'the session', reason: 'it is closed' }),
    )
  })

  test('serves one command at a time', async () => {
    const { transport } = scripted((code) => (code === codes.unseal ? silent : sessionStarted))
    const runner = createCommandRunner(transport)
    const session = await openSession(runner, { type: 'policy' })
    const item = 0x8000_0000
    const [one, other] = await Promise.allSettled([
      unseal(runner, { item, session }),
      unseal(runner, { item, session }),
    ])
    expect([one.status, other.status]).toEqual(['fulfilled', 'rejected'])
    expect(other).toMatchObject({ reason: { code: 'ARGUMENT_INVALID', context: { name: 'session' } } })
    await unseal(runner, { item, session })
  })

  test('that is closed while a command runs stays closed', async () => {
    let close = async (): Promise<void> => undefined
    const { transport } = scripted(async (code) => {
      if (code !== codes.unseal) return code === codes.flush ? answer(0) : sessionStarted
      await close()
      return answer(0x101)
    })
    const runner = createCommandRunner(transport)
    const session = await openSession(runner, { type: 'policy' })
    close = () => session.close()
    const item = 0x8000_0000
    await expect(unseal(runner, { item, session })).rejects.toThrow(codeOf('TPM_RESPONSE'))
    await expect(unseal(runner, { item, session })).rejects.toThrow(codeOf('TPM_NOT_AVAILABLE'))
  })

  test('whose command was given up in the middle cannot be used, but is flushed', async () => {
    const { transport, sent } = scripted((code) => {
      if (code === codes.unseal) throw new Error('given up')
      return code === codes.flush ? answer(0) : sessionStarted
    })
    const runner = createCommandRunner(transport)
    {
      await using session = await openSession(runner, { type: 'policy' })
      await expect(unseal(runner, { item: 0x8000_0000, session })).rejects.toThrow('given up')
      await expect(unseal(runner, { item: 0x8000_0000, session })).rejects.toThrow(
        codeOf('TPM_NOT_AVAILABLE', { what: 'the session' }),
      )
    }
    expect(sent.map(({ code }) => code)).toEqual([codes.startAuthSession, codes.unseal, codes.flush])
  })

  test.each([
    [0x1cb, true],
    [0x100, true],
    [0x101, false],
  ])('whose flush ends with 0x%s is gone: %s', async (code, gone) => {
    const { transport } = scripted((sent) => (sent === codes.flush ? answer(code) : sessionStarted))
    const session = await openSession(createCommandRunner(transport), { type: 'policy' })
    if (gone) await session.close()
    else await expect(session.close()).rejects.toThrow(codeOf('TPM_RESPONSE'))
    await session[Symbol.asyncDispose]()
  })

  test('that has no HMAC has to come back with its attributes all the same', async () => {
    const { transport } = scripted((code) =>
      code === codes.unseal
        ? answer(0, `${hex(u32, 6)}0004${'d1d2d3d4'}${nonce}410000`, '8002')
        : sessionStarted,
    )
    const runner = createCommandRunner(transport)
    const session = await openSession(runner, { type: 'policy' })
    await expect(unseal(runner, { item: 0x8000_0000, session })).rejects.toThrow(
      codeOf('TPM_RESPONSE_FORGED', { session: 1 }),
    )
  })

  test('without a password in a policy shows an HMAC that nobody asked for', async () => {
    const { transport } = scripted((code) =>
      code === codes.unseal
        ? answer(0, `${hex(u32, 6)}0004${'d1d2d3d4'}${nonce}01${hex(u16, 1)}00`, '8002')
        : sessionStarted,
    )
    const runner = createCommandRunner(transport)
    const session = await openSession(runner, { type: 'policy' })
    await expect(unseal(runner, { item: 0x8000_0000, session })).rejects.toThrow(
      codeOf('TPM_RESPONSE_FORGED'),
    )
    await expect(unseal(runner, { item: 0x8000_0000, session: passwordSession() })).rejects.toThrow(
      codeOf('TPM_RESPONSE_FORGED'),
    )
  })

  test('is not enough for two authorisations, and four are too many', async () => {
    const { transport, sent } = scripted(() => answer(0))
    const runner = createCommandRunner(transport)
    const session = passwordSession()
    const beside = {
      run: ((command, input) => runner.run(command, { ...input, sessions: [] })) as typeof runner.run,
    }
    await expect(unseal(beside, { item: 0x8000_0000, session })).rejects.toThrow(
      codeOf('ARGUMENT_INVALID', { name: 'sessions' }),
    )
    const crowded = {
      run: ((command, input) =>
        runner.run(command, {
          ...input,
          sessions: [session, session, session, session],
        })) as typeof runner.run,
    }
    await expect(unseal(crowded, { item: 0x8000_0000, session })).rejects.toThrow(
      codeOf('ARGUMENT_INVALID', { name: 'sessions' }),
    )
    expect(sent).toEqual([])
  })
})
