import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { decode } from '@trusthold/core/codec'
import type { Clock } from '@trusthold/core/ports'
import { type TpmsTimeInfo, tpmsTimeInfo } from '@trusthold/core/tpm2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createManufacturer, createSoftwareTpm, type SoftwareTpm } from '../../src/software-tpm/index.js'
import {
  Answer,
  codeOf,
  command,
  hex,
  join,
  nothing,
  password,
  sized,
  u16,
  u32,
} from './differential/bytes.js'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'trusthold-software-tpm-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** A clock that the test moves. */
class TestClock implements Clock {
  time = 1_700_000_000_000
  now(): number {
    return this.time
  }
}

const owner = 0x4000_0001
const startup = (state = false): Uint8Array => command('TPM2_Startup', { parameters: [u16(state ? 1 : 0)] })
const shutdown = (state: boolean): Uint8Array =>
  command('TPM2_Shutdown', { parameters: [u16(state ? 1 : 0)] })
const extend = (pcr: number): Uint8Array =>
  command('TPM2_PCR_Extend', {
    handles: [pcr],
    sessions: [password()],
    parameters: [u32(1), u16(0x0b), new Uint8Array(32).fill(1)],
  })
const pcr = (tpm: SoftwareTpm, which: number): string => {
  const map = [0, 0, 0]
  map[which >> 3] = 1 << (which & 7)
  const response = tpm.execute(
    command('TPM2_PCR_Read', { parameters: [u32(1), u16(0x0b), Uint8Array.of(3, ...map)] }),
  )
  return Buffer.from(response.subarray(-32)).toString('hex')
}
const zero = '00'.repeat(32)
const ones = 'ff'.repeat(32)

function clockOf(tpm: SoftwareTpm): TpmsTimeInfo {
  return decode(tpmsTimeInfo, tpm.execute(command('TPM2_ReadClock')).slice(10))
}

function expectOk(tpm: SoftwareTpm, bytes: Uint8Array): Uint8Array {
  const response = tpm.execute(bytes)
  expect(codeOf(response)).toBe(0)
  return response
}

const defineIndex = command('TPM2_NV_DefineSpace', {
  handles: [owner],
  sessions: [password()],
  parameters: [nothing, sized(u32(0x0150_0001), u16(0x0b), u32(0x0006_0006), nothing, u16(4))],
})
const writeIndex = command('TPM2_NV_Write', {
  handles: [owner, 0x0150_0001],
  sessions: [password()],
  parameters: [sized(hex('01020304')), u16(0)],
})
const readIndex = command('TPM2_NV_Read', {
  handles: [owner, 0x0150_0001],
  sessions: [password()],
  parameters: [u16(4), u16(0)],
})
const primary = command('TPM2_CreatePrimary', {
  handles: [owner],
  sessions: [password()],
  parameters: [
    sized(nothing, nothing),
    sized(
      ...[
        u16(0x23),
        u16(0x0b),
        u32(0x0003_0472),
        nothing,
        hex('0006 0080 0043'),
        hex('0010'),
        u16(3),
        hex('0010'),
      ],
      ...[nothing, nothing],
    ),
    nothing,
    u32(0),
  ],
})
const publicOf = (response: Uint8Array): Uint8Array =>
  new Answer(response, { sessions: true, handle: true }).sized()

test('a TPM goes on from its file: keys, NV memory, certificates; and is another one without', async () => {
  const stateFile = path.join(directory, 'goes-on')
  const first = createSoftwareTpm({ stateFile })
  const key = publicOf(expectOk(first, primary))
  expectOk(first, defineIndex)
  expectOk(first, writeIndex)
  await first.close()
  const again = createSoftwareTpm({ stateFile })
  expect(again.caCertificates).toBe(first.caCertificates)
  expect(publicOf(expectOk(again, primary))).toEqual(key)
  expect(expectOk(again, readIndex).subarray(16, 20)).toEqual(hex('01020304'))
  await again.close()
  const other = createSoftwareTpm()
  expect(publicOf(expectOk(other, primary))).not.toEqual(key)
  expect(codeOf(other.execute(readIndex))).toBe(0x28b)
  await other.close()
})

test('the file is its owner’s alone, and replaced whole', async () => {
  const stateFile = path.join(directory, 'private')
  const tpm = createSoftwareTpm({ stateFile })
  expect((await stat(stateFile)).mode & 0o777).toBe(0o600)
  const before = await stat(stateFile)
  expectOk(tpm, defineIndex)
  expect((await stat(stateFile)).ino).not.toBe(before.ino)
  expect((await stat(stateFile)).mode & 0o777).toBe(0o600)
  await tpm.close()
  expect((await readdir(directory)).filter((name) => name.startsWith('private'))).toEqual(['private'])
})

test('one process uses it at a time; a lock that a dead one left is taken over', async () => {
  const stateFile = path.join(directory, 'locked')
  const tpm = createSoftwareTpm({ stateFile })
  expect(() => createSoftwareTpm({ stateFile })).toThrow(
    expect.objectContaining({ code: 'TPM_NOT_AVAILABLE' }),
  )
  expectOk(tpm, defineIndex)
  await tpm.close()
  const dead = spawn(process.execPath, ['-e', ''])
  await once(dead, 'exit')
  await writeFile(`${stateFile}.lock`, String(dead.pid))
  const again = createSoftwareTpm({ stateFile })
  expect(() => createSoftwareTpm({ stateFile })).toThrow(
    expect.objectContaining({ code: 'TPM_NOT_AVAILABLE' }),
  )
  await again.close()
  await again.close()
  expect(await readdir(directory)).not.toContain('locked.lock')
})

test.each([
  ['nothing', ''],
  ['something else', 'hello\n'],
  ['another format', 'trusthold-software-tpm-9 00\n{}'],
])('a file with %s in it is refused, and the lock given back', async (_, content) => {
  const stateFile = path.join(directory, 'broken')
  await writeFile(stateFile, content)
  for (let i = 0; i < 2; i++) {
    expect(() => createSoftwareTpm({ stateFile })).toThrow(
      expect.objectContaining({ code: 'TPM_NOT_AVAILABLE' }),
    )
  }
  await rm(stateFile)
})

test('a file in which a byte was changed is refused', async () => {
  const stateFile = path.join(directory, 'changed')
  await createSoftwareTpm({ stateFile }).close()
  const content = await readFile(stateFile, 'utf8')
  for (const at of [5, 60, 200, content.length - 2]) {
    const changed = content.slice(0, at) + (content[at] === 'A' ? 'B' : 'A') + content.slice(at + 1)
    await writeFile(stateFile, changed)
    expect(() => createSoftwareTpm({ stateFile })).toThrow(
      expect.objectContaining({ code: 'TPM_NOT_AVAILABLE' }),
    )
  }
})

test('what cannot be stored is no success', async () => {
  const place = await mkdtemp(path.join(directory, 'gone-'))
  const tpm = createSoftwareTpm({ stateFile: path.join(place, 'tpm') })
  await rm(place, { recursive: true })
  expect(() => tpm.execute(defineIndex)).toThrow()
  await expect(tpm.close()).rejects.toThrow()
})

/** How long a file of this process may become. */
function limitFiles(bytes: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`])
}

test('what does not fit on the disk leaves the file as it was, and nothing beside it', async () => {
  const place = await mkdtemp(path.join(directory, 'full-'))
  const stateFile = path.join(place, 'tpm')
  const tpm = createSoftwareTpm({ stateFile })
  const before = await readFile(stateFile, 'utf8')
  const ignore = (): void => undefined
  // As on a full disk, the start of a file can be written and its rest cannot.
  process.on('SIGXFSZ', ignore)
  limitFiles('8192')
  try {
    expect(() => tpm.execute(defineIndex)).toThrow(expect.objectContaining({ code: 'EFBIG' }))
  } finally {
    limitFiles('unlimited')
    process.off('SIGXFSZ', ignore)
  }
  expect(before.length).toBeGreaterThan(8192)
  expect(await readFile(stateFile, 'utf8')).toBe(before)
  expect((await readdir(place)).toSorted()).toEqual(['tpm', 'tpm.lock'])
  await tpm.close()
  await createSoftwareTpm({ stateFile }).close()
})

test('a TPM that cannot be stored at all is none, and gives its lock back', async () => {
  const place = await mkdtemp(path.join(directory, 'new-'))
  const stateFile = path.join(place, 'tpm')
  const ignore = (): void => undefined
  process.on('SIGXFSZ', ignore)
  limitFiles('8192')
  try {
    expect(() => createSoftwareTpm({ stateFile })).toThrow(expect.objectContaining({ code: 'EFBIG' }))
  } finally {
    limitFiles('unlimited')
    process.off('SIGXFSZ', ignore)
  }
  expect(await readdir(place)).toEqual([])
})

test.each([-1, 5, 36, 1.5, Number.NaN])('there is no locality %d', async (locality) => {
  const tpm = createSoftwareTpm()
  expect(() => tpm.execute(startup(), locality)).toThrow(
    expect.objectContaining({
      code: 'ARGUMENT_INVALID',
      context: expect.objectContaining({ name: 'locality' }),
    }),
  )
  await tpm.close()
})

test('a lock of a former process whose number came back is taken over', async () => {
  const stateFile = path.join(directory, 'again')
  await writeFile(`${stateFile}.lock`, `${process.pid} 1`)
  const tpm = createSoftwareTpm({ stateFile })
  expect(() => createSoftwareTpm({ stateFile })).toThrow(
    expect.objectContaining({ code: 'TPM_NOT_AVAILABLE' }),
  )
  await tpm.close()
})

test('a process that is killed leaves a TPM that goes on', async () => {
  const stateFile = path.join(directory, 'killed')
  const tpm = createSoftwareTpm({ stateFile })
  expectOk(tpm, defineIndex)
  const before = clockOf(tpm).clockInfo
  await tpm.close()
  // As kill -9 leaves it: a lock of a process that is no more, and a file that is half written beside the real one.
  const dead = spawn(process.execPath, ['-e', ''])
  await once(dead, 'exit')
  await writeFile(`${stateFile}.lock`, String(dead.pid))
  await writeFile(`${stateFile}.11111111-1111-4111-8111-111111111111`, 'half of')
  const again = createSoftwareTpm({ stateFile })
  expect(clockOf(again).clockInfo).toMatchObject({ resetCount: before.resetCount + 1, safe: false })
  expect(codeOf(again.execute(writeIndex))).toBe(0)
  await again.close()
})

test('a power cut is a TPM Reset: PCRs start anew, nothing is loaded, the clock may be told twice', async () => {
  const clock = new TestClock()
  const tpm = createSoftwareTpm({ clock })
  const made = expectOk(tpm, primary)
  const { handle } = new Answer(made, { sessions: true, handle: true })
  const context = expectOk(tpm, command('TPM2_ContextSave', { handles: [handle] })).slice(10)
  expectOk(tpm, extend(0))
  expect([pcr(tpm, 0) === zero, pcr(tpm, 17)]).toEqual([false, ones])
  clock.time += 5_000
  expect(clockOf(tpm)).toMatchObject({
    time: 5_000n,
    clockInfo: { clock: 5_000n, resetCount: 1, safe: true },
  })
  tpm.powerCycle()
  expect(codeOf(tpm.execute(command('TPM2_ReadClock')))).toBe(0x100)
  expectOk(tpm, startup())
  expect(codeOf(tpm.execute(startup()))).toBe(0x100)
  expect([pcr(tpm, 0), pcr(tpm, 17)]).toEqual([zero, ones])
  expect(codeOf(tpm.execute(command('TPM2_ReadPublic', { handles: [handle] })))).toBe(0x910)
  expect(clockOf(tpm).clockInfo).toMatchObject({ resetCount: 2, restartCount: 0, safe: false })
  clock.time += 4_096
  expect(clockOf(tpm).clockInfo.safe).toBe(true)
  const reloaded = tpm.execute(command('TPM2_ContextLoad', { parameters: [context] }))
  expect(codeOf(reloaded)).toBe(0x1df)
  await tpm.close()
})

test('TPM2_Shutdown(STATE) and TPM2_Startup(STATE) are a Resume: what was measured is still there', async () => {
  const clock = new TestClock()
  const tpm = createSoftwareTpm({ clock })
  for (const each of [0, 16, 23]) expectOk(tpm, extend(each))
  const measured = pcr(tpm, 0)
  const { handle } = new Answer(expectOk(tpm, primary), { sessions: true, handle: true })
  const context = expectOk(tpm, command('TPM2_ContextSave', { handles: [handle] })).slice(10)
  expectOk(tpm, shutdown(true))
  tpm.powerCycle()
  expectOk(tpm, startup(true))
  expect([pcr(tpm, 0), pcr(tpm, 16), pcr(tpm, 23)]).toEqual([measured, zero, zero])
  expect(clockOf(tpm).clockInfo).toMatchObject({ resetCount: 1, restartCount: 1, safe: true })
  expectOk(tpm, command('TPM2_ContextLoad', { parameters: [context] }))
  await tpm.close()
})

test('TPM2_Shutdown(STATE) and TPM2_Startup(CLEAR) are a Restart', async () => {
  const tpm = createSoftwareTpm()
  expectOk(tpm, extend(0))
  const { handle } = new Answer(expectOk(tpm, primary), { sessions: true, handle: true })
  const context = expectOk(tpm, command('TPM2_ContextSave', { handles: [handle] })).slice(10)
  expectOk(tpm, shutdown(true))
  tpm.powerCycle()
  expectOk(tpm, startup())
  expect(pcr(tpm, 0)).toBe(zero)
  expect(clockOf(tpm).clockInfo).toMatchObject({ resetCount: 1, restartCount: 1, safe: true })
  expectOk(tpm, command('TPM2_ContextLoad', { parameters: [context] }))
  await tpm.close()
})

test('TPM2_Startup(STATE) needs TPM2_Shutdown(STATE) just before it', async () => {
  const tpm = createSoftwareTpm()
  const attempts: readonly (readonly Uint8Array[])[] = [
    [],
    [shutdown(false)],
    [shutdown(true), command('TPM2_GetRandom', { parameters: [u16(1)] })],
  ]
  for (const before of attempts) {
    for (const each of before) expectOk(tpm, each)
    tpm.powerCycle()
    expect(codeOf(tpm.execute(startup(true)))).toBe(0x1c4)
    expectOk(tpm, startup())
  }
  expect(clockOf(tpm).clockInfo).toMatchObject({ resetCount: 4, restartCount: 0 })
  await tpm.close()
})

test('after an orderly shutdown the clock is safe, and goes on where it was', async () => {
  const clock = new TestClock()
  const stateFile = path.join(directory, 'clock')
  const tpm = createSoftwareTpm({ clock, stateFile })
  clock.time += 10_000
  expectOk(tpm, shutdown(false))
  await tpm.close()
  clock.time += 1_000_000
  const again = createSoftwareTpm({ clock, stateFile })
  clock.time += 7
  expect(clockOf(again)).toMatchObject({ time: 7n, clockInfo: { clock: 10_007n, resetCount: 2, safe: true } })
  // A machine whose clock is set back does not turn the TPM's.
  clock.time -= 50_000
  expect(clockOf(again).clockInfo.clock).toBe(10_007n)
  await again.close()
})

test('TPMs of one manufacturer have certificates of the same CA', async () => {
  const manufacturer = createManufacturer()
  const [one, two] = [createSoftwareTpm({ manufacturer }), createSoftwareTpm({ manufacturer })]
  expect(one.caCertificates).toBe(two.caCertificates)
  expect(publicOf(expectOk(one, primary))).not.toEqual(publicOf(expectOk(two, primary)))
  await Promise.all([one.close(), two.close()])
})

test('a TPM that was closed runs nothing', async () => {
  const tpm = createSoftwareTpm()
  await tpm.close()
  const closed = expect.objectContaining({ code: 'TRANSPORT_CLOSED' })
  expect(() => tpm.execute(startup())).toThrow(closed)
  expect(() => tpm.powerCycle()).toThrow(closed)
  const transport = await tpm.transport()
  await expect(transport.transmit(startup())).rejects.toThrow(closed)
})

test('what a secret authorised for some seconds ends after them', async () => {
  const clock = new TestClock()
  const tpm = createSoftwareTpm({ clock })
  const none = 0x4000_0007
  const started = expectOk(
    tpm,
    command('TPM2_StartAuthSession', {
      handles: [none, none],
      parameters: [sized(new Uint8Array(16)), nothing, Uint8Array.of(1), hex('0010'), u16(0x0b)],
    }),
  )
  const answer = new Answer(started, { sessions: false, handle: true })
  const session = answer.handle
  const nonce = answer.sized()
  const policySecret = (given: Uint8Array, seconds: number): Uint8Array =>
    command('TPM2_PolicySecret', {
      handles: [owner, session],
      sessions: [password()],
      parameters: [given, nothing, nothing, u32(seconds)],
    })
  expect(codeOf(tpm.execute(policySecret(sized(new Uint8Array(16)), 5)))).toBe(0x1cf)
  const digest = (): Uint8Array =>
    new Answer(expectOk(tpm, command('TPM2_PolicyGetDigest', { handles: [session] })), {
      sessions: false,
    }).sized()
  expectOk(tpm, policySecret(nonce, 5))
  const policy = digest()
  const area = sized(u16(0x08), u16(0x0b), u32(0x0000_0412), policy, hex('0010'), nothing)
  const sealed = expectOk(
    tpm,
    command('TPM2_CreatePrimary', {
      handles: [owner],
      sessions: [password()],
      parameters: [sized(nothing, sized(hex('5ea1'))), area, nothing, u32(0)],
    }),
  )
  const item = new Answer(sealed, { sessions: true, handle: true }).handle
  const unseal = command('TPM2_Unseal', {
    handles: [item],
    sessions: [join(u32(session), nothing, Uint8Array.of(1), nothing)],
  })
  clock.time += 5_001
  expect(codeOf(tpm.execute(unseal))).toBe(0x9a3)
  // The session is still there, but what its nonce was good for is over.
  expect(codeOf(tpm.execute(policySecret(nonce, 5)))).toBe(0x4e3)
  expectOk(tpm, command('TPM2_PolicyRestart', { handles: [session] }))
  expectOk(tpm, policySecret(nonce, 6))
  expectOk(tpm, unseal)
  await tpm.close()
})
