import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const demo = fileURLToPath(new URL('../../examples/quickstart/dist/main.js', import.meta.url))

interface Step {
  readonly step: number
  readonly ok: boolean
  readonly facts: Readonly<Record<string, unknown>>
}

interface Refusal {
  readonly check: string
  readonly reason: string
}

/** Command lines of running processes that name a directory. */
async function processesIn(directory: string): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(
    // A process may end while the list is read; it is then none that was left running.
    processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  )
  return commands.filter((command) => command.includes(directory))
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * What the demo runs on, what starts it there, the form of the key server's ids, what is known of the TPMs, and whether it
 * starts other programs.
 */
const runs = [
  { on: 'what this project brings', args: [], id: uuid, debugStatus: 'enabled', programs: false },
  {
    on: 'swtpm and PyKMIP',
    args: ['--tpm', 'swtpm', '--key-server', 'pykmip'],
    id: /^\d+$/,
    debugStatus: undefined,
    programs: true,
  },
] as const

describe.each(runs)('the demo, as a person starts it, on $on', ({ args, id, debugStatus, programs }) => {
  let steps: readonly Step[] = []
  let ok = false
  let temporary = ''
  let started = false
  beforeAll(async () => {
    // Everything that it starts works in temporary directories, so this one tells what is its.
    temporary = await mkdtemp(join(tmpdir(), 'trusthold-e2e-'))
    const running = promisify(execFile)(process.execPath, [demo, '--json', ...args], {
      maxBuffer: 4_000_000,
      env: { ...process.env, TMPDIR: temporary },
    })
    let ended = false
    const output = running.finally(() => {
      ended = true
    })
    while (!started && !ended) started = (await processesIn(temporary)).length > 0
    const { stdout } = await output
    const document = JSON.parse(stdout) as { ok: boolean; steps: Step[] }
    steps = document.steps
    ok = document.ok
  }, 120_000)
  afterAll(() => rmdir(temporary))
  const facts = (step: number): Readonly<Record<string, unknown>> =>
    steps.find((each) => each.step === step)?.facts ?? {}

  test('all five steps end as they should', () => {
    expect(steps.map((each) => [each.step, each.ok])).toEqual([1, 2, 3, 4, 5].map((step) => [step, true]))
    expect(ok).toBe(true)
  })

  test('1: the primary key was made in the key server', () => {
    expect(facts(1)['primaryKeyId']).toMatch(id)
  })

  test('2: every check of the appraisal passed or was not asked for, and none is missing', () => {
    const checks = facts(2)['checks'] as { id: string; outcome: string }[]
    expect(Object.fromEntries(checks.map(({ id, outcome }) => [id, outcome]))).toEqual({
      'challenge.authentic': 'pass',
      'challenge.fresh': 'pass',
      'challenge.unused': 'pass',
      'challenge.identity': 'pass',
      'endorsement.key': 'pass',
      'endorsement.certificate': 'pass',
      'endorsement.registered': 'skipped',
      'endorsement.current': 'pass',
      'attestation-key.attributes': 'pass',
      'quote.structure': 'pass',
      'quote.type': 'pass',
      'quote.signer': 'pass',
      'quote.nonce': 'pass',
      'quote.selection': 'pass',
      'quote.signature': 'pass',
      'quote.pcr-digest': 'pass',
      'event-log.structure': 'pass',
      'event-log.firmware': 'pass',
      'event-log.replay': 'pass',
      'policy.base-image': 'pass',
      'policy.software-tpm': 'pass',
    })
    expect(facts(2)['claims']).toMatchObject({
      oemboot: true,
      ...(debugStatus === undefined ? {} : { dbgstat: debugStatus }),
      submods: { host: { base_image: 'web-server', ear_status: 'affirming' } },
    })
  })

  test('3: the wrapped key opened to the same bytes after everything was restarted', () => {
    expect(facts(3)).toMatchObject({ same: true, length: 32 })
    const [header = ''] = String(facts(3)['wrapped']).split('.')
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({
      alg: 'dir',
      enc: 'A256GCM',
      provider: 'finance',
      kid: facts(1)['primaryKeyId'],
    })
  })

  test('4: the changed boot is refused, and the reason names PCR and event', () => {
    const refusal = facts(4) as unknown as Refusal
    expect(refusal.check).toBe('policy.base-image')
    expect(refusal.reason).toMatch(/PCR 8.*event \d+/)
    expect(refusal.reason).toContain('debug')
  })

  test('5: unknown TPM, stolen token and replayed attestation are refused by their checks', () => {
    const { unknownTpm, stolenToken, replay } = facts(5) as unknown as Record<string, Refusal>
    expect(unknownTpm?.check).toBe('endorsement.certificate')
    expect(stolenToken?.check).toBe('proof.key')
    expect(replay?.check).toBe('challenge.unused')
  })

  test('nothing that it started is left running, and nothing that it wrote is left behind', async () => {
    expect(started).toBe(programs)
    expect(await processesIn(temporary)).toEqual([])
    expect(await readdir(temporary)).toEqual([])
  })
})

test("the demo on this machine's TPM shows the same, or says that there is none", async () => {
  const running = promisify(execFile)(process.execPath, [demo, '--json', '--tpm', 'device'])
  const outcome = await running.then(
    ({ stdout }) => (JSON.parse(stdout) as { ok: boolean }).ok,
    (error: unknown) => {
      const { code, stderr } = error as { code: number; stderr: string }
      return { code, stderr }
    },
  )
  const none = { code: 1, stderr: expect.stringMatching(/^quickstart: .*\/dev\/tpmrm0[^\n]*\n$/) as string }
  expect(outcome).toEqual(existsSync('/dev/tpmrm0') ? true : none)
})
