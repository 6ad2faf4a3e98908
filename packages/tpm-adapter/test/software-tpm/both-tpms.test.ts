// What takes several commands, resets or sessions to see: the software TPM does it as swtpm does.
import {
  permanentHandles,
  signingKeyTemplates,
  srkTemplates,
  tpm2bDigest,
  tpmiRhHierarchy,
  tpmtTkHashcheck,
} from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import {
  contextLoad,
  contextSave,
  create,
  createPrimary,
  defineCommand,
  flushContext,
  load,
  type PrimaryKey,
  passwordSession,
  startAuthSession,
  startup,
} from '../../src/commands/index.js'
import { openSession } from '../../src/sessions/index.js'
import { createSoftwareTpm } from '../../src/software-tpm/index.js'
import { useLiveTpm } from '../live-tpm.js'
import {
  Answer,
  codeOf,
  command,
  hex,
  join,
  nothing,
  password,
  sized,
  u8,
  u16,
  u32,
} from './differential/bytes.js'

const { owner, lockout, null: none } = permanentHandles
const session = passwordSession()

describe.each(['software TPM', 'swtpm'] as const)('the %s', (kind) => {
  const tpm = useLiveTpm(kind)
  const makePrimary = (template: keyof typeof srkTemplates): Promise<PrimaryKey> =>
    createPrimary(tpm.runner, { hierarchy: owner, session, template: srkTemplates[template] })
  const send = async (bytes: Uint8Array): Promise<number> => codeOf(await tpm.transport.transmit(bytes))

  test.each(['rsa-2048', 'ecc-p256'] as const)(
    'makes the same %s primary key again, down to what protects its children',
    async (template) => {
      const first = await makePrimary(template)
      const key = await create(tpm.runner, {
        parent: first,
        session,
        template: signingKeyTemplates['ecc-p256'],
      })
      await flushContext(tpm.runner, first.handle)
      const second = await makePrimary(template)
      const child = await load(tpm.runner, { parent: second, session, key })
      await flushContext(tpm.runner, child.handle)
      await flushContext(tpm.runner, second.handle)
    },
  )

  test('takes no context from before a reset, however many were saved since', async () => {
    const before = await makePrimary('ecc-p256')
    const saved = await contextSave(tpm.runner, before)
    await tpm.restart()
    await startup(tpm.runner)
    const after = await makePrimary('ecc-p256')
    for (let i = 0; i < 3; i++) await contextSave(tpm.runner, after)
    await flushContext(tpm.runner, after.handle)
    await expect(contextLoad(tpm.runner, saved)).rejects.toMatchObject({
      context: { name: 'TPM_RC_INTEGRITY' },
    })
  })

  describe('NV counters', () => {
    const index = 0x0150_0000
    const counter = 0x0002_0012
    const byOwner = { handles: [owner, index], sessions: [password()] }
    const define = async (): Promise<void> => {
      const area = sized(u32(index), u16(0x0b), u32(counter), nothing, u16(8))
      const parts = { handles: [owner], sessions: [password()], parameters: [nothing, area] }
      expect(await send(command('TPM2_NV_DefineSpace', parts))).toBe(0)
    }
    const undefine = async (): Promise<void> =>
      expect(await send(command('TPM2_NV_UndefineSpace', byOwner))).toBe(0)
    const increment = async (): Promise<bigint> => {
      expect(await send(command('TPM2_NV_Increment', byOwner))).toBe(0)
      const read = command('TPM2_NV_Read', { ...byOwner, parameters: [u16(8), u16(0)] })
      const answer = new Answer(await tpm.transport.transmit(read), { sessions: true })
      return Buffer.from(answer.sized()).readBigUInt64BE(2)
    }

    test('go on where one that was removed or cleared ended, and one that never counted does no harm', async () => {
      await define()
      const start = await increment()
      expect(await increment()).toBe(start + 1n)
      expect(await send(command('TPM2_Clear', { handles: [lockout], sessions: [password()] }))).toBe(0)
      await define()
      expect(await increment()).toBe(start + 2n)
      await undefine()
      await define()
      await undefine()
      await define()
      expect(await increment()).toBe(start + 3n)
      await undefine()
    })
  })

  test('authenticates the response that ends a sequence with the password of the sequence', async () => {
    const authValue = hex('0102030405')
    const parameters = [sized(authValue), u16(0x0b)]
    const started = await tpm.transport.transmit(command('TPM2_HashSequenceStart', { parameters }))
    const { handle } = new Answer(started, { sessions: false, handle: true })
    const complete = defineCommand('TPM2_SequenceComplete', {
      handles: { sequenceHandle: 'user' },
      parameters: { buffer: tpm2bDigest, hierarchy: tpmiRhHierarchy },
      response: { result: tpm2bDigest, validation: tpmtTkHashcheck },
    })
    const hmacSession = await openSession(tpm.runner)
    const { values } = await tpm.runner.run(complete, {
      handles: { sequenceHandle: { handle, name: new Uint8Array() } },
      sessions: [hmacSession.withAuth(authValue)],
      parameters: { buffer: new Uint8Array(4), hierarchy: 'null' },
    })
    expect(values.result).toHaveLength(32)
    await hmacSession.close()
  })

  test('takes no sessions with commands about contexts', async () => {
    const { handle } = await startAuthSession(tpm.runner, {
      type: 'hmac',
      authHash: 'sha256',
      nonceCaller: new Uint8Array(16),
    })
    const audit = join(u32(handle), nothing, u8(0x81), nothing)
    const save = command('TPM2_ContextSave', { handles: [handle], sessions: [audit] })
    const flush = command('TPM2_FlushContext', { sessions: [audit], parameters: [u32(handle)] })
    expect([await send(save), await send(flush)]).toEqual([0x145, 0x145])
    await flushContext(tpm.runner, handle)
  })
})

describe('keys from outside that are none are answered', () => {
  const tpm = createSoftwareTpm()
  const external = (area: Uint8Array): number => {
    const loaded = tpm.execute(command('TPM2_LoadExternal', { parameters: [nothing, area, u32(none)] }))
    return new Answer(loaded, { sessions: false, handle: true }).handle
  }
  const flush = (handle: number): void => {
    tpm.execute(command('TPM2_FlushContext', { parameters: [u32(handle)] }))
  }
  /** Codes of everything that can be done with a public key. */
  const use = (area: Uint8Array): number[] => {
    const handle = external(area)
    const zeros = new Uint8Array(32)
    const ones = sized(new Uint8Array(32).fill(1))
    const codes = [
      command('TPM2_RSA_Encrypt', { handles: [handle], parameters: [sized(u8(1)), u16(0x15), nothing] }),
      command('TPM2_RSA_Encrypt', { handles: [handle], parameters: [sized(u8(1)), u16(0x10), nothing] }),
      command('TPM2_MakeCredential', {
        handles: [handle],
        parameters: [sized(u8(1)), sized(u16(0x0b), zeros)],
      }),
      command('TPM2_VerifySignature', {
        handles: [handle],
        parameters: [sized(zeros), u16(0x14), u16(0x0b), sized(new Uint8Array(256))],
      }),
      command('TPM2_VerifySignature', {
        handles: [handle],
        parameters: [sized(zeros), u16(0x18), u16(0x0b), ones, ones],
      }),
      command('TPM2_ECDH_KeyGen', { handles: [handle] }),
    ].map((bytes) => codeOf(tpm.execute(bytes)))
    flush(handle)
    return codes
  }
  const sign = 0x0004_0040
  const storage = 0x0003_0040
  const rsa = (attributes: number, exponent: number, byte: number): Uint8Array => {
    const symmetric = attributes === storage ? hex('0006 0080 0043') : u16(0x10)
    const parameters = join(symmetric, u16(0x10), u16(2048), u32(exponent))
    const modulus = sized(new Uint8Array(256).fill(byte))
    return sized(u16(1), u16(0x0b), u32(attributes), nothing, parameters, modulus)
  }

  test.each([0, 7, 8, 17, 65_536, 65_537, 0xffff_ffff])('RSA with the exponent %i', (exponent) => {
    const [odd, even] = [0xff, 0xfe]
    const [rsaes, plain, credential] = use(rsa(storage, exponent, odd))
    expect([rsaes, plain, credential]).toEqual([0, 0, 0])
    expect(use(rsa(storage, exponent, even)).slice(0, 3)).toEqual([0x1c4, 0x101, 0x101])
    expect(use(rsa(sign, exponent, odd))[3]).toBe(0x2db)
    expect(use(rsa(sign, exponent, even))[3]).toBe(0x2db)
  })

  test.each([0, 1, 0xff])('a point of bytes %i that is not on its curve', (byte) => {
    const coordinate = sized(new Uint8Array(32).fill(byte))
    const parameters = hex('0010 0010 0003 0010')
    const area = sized(u16(0x23), u16(0x10), u32(sign), nothing, parameters, coordinate, coordinate)
    expect(use(area).slice(4)).toEqual([0x101, 0x19c])
  })
})
