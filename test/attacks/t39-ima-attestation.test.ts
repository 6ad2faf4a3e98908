// T-39 at the service: the list that a host shows beside its quote, and what systemd says it measured.
import { toHex } from '@trusthold/core/bytes'
import { parseImaLog, parseSystemdLog, readImaAllowList } from '@trusthold/core/measured-boot'
import { captureBaseImage } from '@trusthold/core/policy'
import type { EvidenceDocument } from '@trusthold/core/protocol'
import { imaList, systemdLog } from '@trusthold/core/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { loadBoot } from '../recordings/load.js'
import { approvedImage } from './approved-boot.js'
import type { Lies } from './forged-host.js'
import { createRig, type Rig, type RigOptions, refusedBy } from './rig.js'

const boot = loadBoot('boot-secure')
const digests = parseImaLog(boot.imaLog).events.flatMap(({ fileDigest, violation }) =>
  violation || fileDigest === undefined ? [] : [`${fileDigest.algorithm}:${toHex(fileDigest.value)}`],
)
const ima = { allowList: readImaAllowList({ version: 1, digests }) }

const aboutIma = ({ id }: { id: string }): boolean => id.startsWith('ima-log') || id === 'policy.ima'

let rig: Rig | undefined
afterEach(() => rig?.close())

const open = async (options: RigOptions): Promise<Rig> => {
  rig = await createRig(undefined, options)
  return rig
}

/** Shows logs beside the quote. */
const showing = (logs: { imaLog?: Uint8Array; systemdLog?: Uint8Array }): Lies => ({
  evidence: (honest): EvidenceDocument => ({
    ...honest,
    kind: 'evidence-with-logs',
    imaLog: logs.imaLog ?? new Uint8Array(),
    systemdLog: logs.systemdLog ?? new Uint8Array(),
  }),
})

describe('a service with a policy for IMA', () => {
  test('asks for PCR 10 and passes a host whose list is allowed', async () => {
    const result = await (await open({ ima })).attest(showing({ imaLog: boot.imaLog }))
    if (!result.attested) throw new Error('no token')
    expect(result.checks.filter(aboutIma).map(({ id, outcome }) => [id, outcome])).toEqual([
      ['ima-log.structure', 'pass'],
      ['ima-log.replay', 'pass'],
      ['ima-log.boot-aggregate', 'pass'],
      ['policy.ima', 'pass'],
    ])
    const claims = JSON.parse(
      Buffer.from(result.documents[0]?.token.split('.')[1] ?? '', 'base64url').toString(),
    )
    const { host } = claims.submods
    expect(host.ear_trustworthiness_vector.executables).toBe(2)
    expect(host.ear_appraisal_policy_ids).toContain('ima')
    expect(host.pcrs.selection).toEqual([{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }])
  })

  test('entries after the quote do no harm', async () => {
    const later = imaList().file('/usr/bin/later').build().binary
    const imaLog = Uint8Array.of(...boot.imaLog, ...later)
    await expect((await open({ ima })).attest(showing({ imaLog }))).resolves.toMatchObject({ attested: true })
  })

  test('refuses a host that shows no list', async () => {
    const at = await open({ ima })
    expect(await refusedBy(at.attest())).toEqual(['policy.ima'])
    expect(await refusedBy(at.attest(showing({})))).toEqual(['policy.ima'])
    expect(await refusedBy(at.attest(showing({ systemdLog: systemdLog().build().bytes })))).toEqual([
      'policy.ima',
    ])
  })

  test('refuses a list that ends before the quote, was changed, or is of another boot', async () => {
    const at = await open({ ima })
    const { events } = parseImaLog(boot.imaLog)
    const last = events.at(-1)?.record.length ?? 0
    const short = boot.imaLog.subarray(0, boot.imaLog.length - last)
    expect(await refusedBy(at.attest(showing({ imaLog: short })))).toEqual(['ima-log.replay'])
    expect(await refusedBy(at.attest(showing({ imaLog: loadBoot('boot-debug').imaLog })))).toEqual([
      'ima-log.replay',
      'ima-log.boot-aggregate',
    ])
    expect(await refusedBy(at.attest(showing({ imaLog: Uint8Array.of(1) })))).toEqual(['ima-log.structure'])
  })

  test('refuses what the allow-list does not know', async () => {
    const allowList = readImaAllowList({
      version: 1,
      digests: digests.filter((one) => one !== digests.at(-1)),
    })
    const at = await open({ ima: { allowList } })
    expect(await refusedBy(at.attest(showing({ imaLog: boot.imaLog })))).toEqual(['policy.ima'])
  })

  test('refuses a host that extended nothing into PCR 10', async () => {
    const at = await open({ ima })
    const lies: Lies = {
      ...showing({ imaLog: boot.imaLog }),
      pcr: (_bank, pcr, honest) => (pcr === 10 ? new Uint8Array(32) : honest),
    }
    expect(await refusedBy(at.attest(lies))).toContain('ima-log.replay')
  })
})

test('a list that nobody asked for decides nothing', async () => {
  const at = await open({})
  for (const imaLog of [boot.imaLog, Uint8Array.of(1)]) {
    const result = await at.attest(showing({ imaLog }))
    expect(result).toMatchObject({ attested: true })
    if (result.attested) expect(result.checks.some(aboutIma)).toBe(false)
  }
})

describe('the log of systemd', () => {
  const phases = (...words: readonly string[]) =>
    words.reduce((log, string) => log.measure({ string }), systemdLog()).build()
  const log = phases('enter-initrd', 'ready')
  const value = log.pcrs.get('sha256')?.get(11) as Uint8Array
  const running = captureBaseImage({
    name: 'running',
    log: parseSystemdLog(log.bytes),
    bank: 'sha256',
    pcrs: new Map([[11, value]]),
  })
  const image = { ...approvedImage(), pcrs: [...approvedImage().pcrs, ...running.pcrs] }
  const extended = { pcr: (_bank: string, pcr: number, honest: Uint8Array) => (pcr === 11 ? value : honest) }

  test('has to replay to what was quoted', async () => {
    const at = await open({ image })
    await expect(at.attest({ ...extended, ...showing({ systemdLog: log.bytes }) })).resolves.toMatchObject({
      attested: true,
    })
    const other = phases('enter-initrd', 'leave-initrd').bytes
    expect(await refusedBy(at.attest({ ...extended, ...showing({ systemdLog: other }) }))).toEqual([
      'event-log.replay',
    ])
    expect(await refusedBy(at.attest({ ...extended, ...showing({ systemdLog: Uint8Array.of(1) }) }))).toEqual(
      ['systemd-log.structure'],
    )
  })
})
