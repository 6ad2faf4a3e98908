import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { eventTypes } from '@trusthold/core/measured-boot'
import { eventLog } from '@trusthold/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootNames, loadBoot, recordedBanks } from '../../../../test/recordings/load.js'
import type { EventDocument, EventLogDocument } from '../../src/show/event-log.js'
import { createFiles, type Files, recorded, run, runJson } from '../running.js'

let files: Files
beforeAll(() => {
  files = createFiles()
})
afterAll(() => files.remove())

const fileOf = (boot: string): string => recorded(`${boot}/eventlog.bin`)
const show = (path: string) => runJson<EventLogDocument>(['eventlog', 'show', path], 0)
const built = (log: ReturnType<typeof eventLog>): Promise<EventLogDocument> =>
  show(files.write('built.bin', log.build().bytes))
const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex')
const codes = ({ findings }: EventLogDocument) => findings.map(({ code }) => code)

describe('recorded boots', () => {
  /** IMA extends PCR 10 and has a log of its own. */
  const logged = (pcr: string): boolean => pcr !== '10'

  test.each(bootNames)('%s gives the PCR values that the TPM had', async (boot) => {
    const { format, algorithms, pcrs } = await show(fileOf(boot))
    expect({ format, algorithms }).toEqual({ format: 'crypto-agile', algorithms: [...recordedBanks] })
    for (const bank of recordedBanks) {
      const values = loadBoot(boot).pcrs[bank]
      const replayed = pcrs[bank] ?? {}
      expect(Object.keys(replayed)).toContain('7')
      for (const [pcr, value] of Object.entries(replayed).filter(([pcr]) => logged(pcr))) {
        expect(value, `${bank} ${pcr}`).toBe(Buffer.from(values.get(Number(pcr)) ?? []).toString('hex'))
      }
    }
  })

  test.each(bootNames)('%s shows whether Secure Boot was on', async (boot) => {
    const { secureBoot } = await show(fileOf(boot))
    expect(secureBoot.enabled).toBe(loadBoot(boot).secureBoot)
  })

  test('events have exactly these members', async () => {
    const { events } = await show(fileOf('boot-secure'))
    const hex = expect.stringMatching(/^[0-9a-f]+$/)
    for (const [i, event] of events.entries()) {
      expect(event).toStrictEqual({
        index: i,
        pcr: expect.any(Number),
        type: expect.stringMatching(/^EV_/),
        digests:
          event.type === 'EV_NO_ACTION'
            ? expect.any(Object)
            : { sha1: hex, sha256: hex, sha384: hex, sha512: hex },
        data: expect.objectContaining({ kind: expect.any(String) }),
        verified: event.covered === 'all',
        covered: expect.any(String),
        ...(event.covered === 'nothing' && { reason: expect.any(String) }),
      })
    }
  })

  test('what was measured of them: all, a part, or nothing of the data', async () => {
    const { events } = await show(fileOf('boot-secure'))
    const find = (type: string): EventDocument | undefined => events.find((event) => event.type === type)
    expect(find('EV_SEPARATOR')).toMatchObject({ verified: true, covered: 'all' })
    expect(find('EV_EFI_VARIABLE_BOOT')).toMatchObject({ verified: false, covered: 'value' })
    expect(find('EV_EFI_BOOT_SERVICES_APPLICATION')).toMatchObject({ verified: false, covered: 'nothing' })
    const command = events.find(({ data }) => JSON.stringify(data).includes('kernel_cmdline: '))
    expect(command).toMatchObject({ pcr: 8, verified: false, covered: 'content' })
  })

  test('the document has exactly these members', async () => {
    expect(await show(fileOf('boot-secure'))).toStrictEqual({
      format: 'crypto-agile',
      algorithms: ['sha1', 'sha256', 'sha384', 'sha512'],
      events: expect.any(Array),
      pcrs: {
        sha1: expect.any(Object),
        sha256: expect.any(Object),
        sha384: expect.any(Object),
        sha512: expect.any(Object),
      },
      secureBoot: {
        enabled: true,
        enforced: true,
        setupMode: null,
        auditMode: null,
        deployedMode: null,
        reasons: {
          setupMode: expect.any(String),
          auditMode: expect.any(String),
          deployedMode: expect.any(String),
        },
      },
      findings: [],
    })
  })

  test('for people', async () => {
    const { code, stdout, stderr } = await run(['eventlog', 'show', fileOf('boot-secure')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^crypto-agile log, 107 events, sha1, sha256, sha384, sha512\n/)
    expect(stdout).toMatch(/^4 +7 +all +EV_EFI_VARIABLE_DRIVER_CONFIG 'SecureBoot' = 01$/m)
    expect(stdout).toMatch(/^ {2}enabled +yes$/m)
    expect(stdout).toMatch(/\nno findings\n$/)
  })
})

describe('what a log does not show is not known, and said why', () => {
  test('a log without Secure Boot', async () => {
    const document = await built(eventLog().specId().separator(7))
    expect(document.secureBoot.enabled).toBeNull()
    expect(document.secureBoot.reasons['enabled']).toContain('SecureBoot')
    expect(codes(document)).toContain('variable-missing')
    expect((await run(['eventlog', 'show', files.at('built.bin')])).stdout).toMatch(
      /^ {2}enabled +not known: PCR 7/m,
    )
  })

  test('an event whose digest is of something else', async () => {
    const data = 'what it says'
    const { events, pcrs } = await built(
      eventLog()
        .specId()
        .event({ pcr: 4, type: eventTypes.EV_EFI_ACTION, data, digestOf: 'what was measured' }),
    )
    expect(events[1]).toMatchObject({
      verified: false,
      covered: 'nothing',
      digests: { sha256: sha256('what was measured') },
    })
    expect(Object.keys(pcrs['sha256'] ?? {})).toEqual(['4'])
    expect(pcrs['sha256']?.['4']).toBe(
      sha256(Buffer.concat([Buffer.alloc(32), createHash('sha256').update('what was measured').digest()])),
    )
  })

  test('an event that is right in one bank only', async () => {
    const log = eventLog({ banks: ['sha1', 'sha256'] }).specId()
    const digests = {
      sha1: new Uint8Array(20),
      sha256: Uint8Array.from(createHash('sha256').update('data').digest()),
    }
    const { events } = await built(log.event({ pcr: 4, type: eventTypes.EV_ACTION, data: 'data', digests }))
    expect(events[1]).toMatchObject({ verified: false, covered: 'nothing' })
  })

  test('findings name their event', async () => {
    const document = await built(
      eventLog().specId().event({ pcr: 3, type: 0x1234, data: 'x' }).separator(3).separator(3),
    )
    expect(document.findings).toContainEqual({
      code: 'event-type-unknown',
      message: 'PCR 3 has an event of the unknown type 0x1234',
      event: 1,
    })
    expect(document.findings).toContainEqual({
      code: 'separator-repeated',
      message: 'PCR 3 has more than one separator',
      event: 2,
    })
    expect(document.events[1]?.type).toBe('0x00001234')
  })

  test('a log of SHA-1 only', async () => {
    const document = await built(eventLog({ banks: ['sha1'] }).specId())
    expect(document.algorithms).toEqual(['sha1'])
  })
})

describe('T-45: what a log says commands no terminal', () => {
  const hostile = 'grub_cmd: \x1b]0;owned\x07\x1b[31m\x9b2J\u202eevil\u2028\r\nquote.signature pass'

  test('in both forms', async () => {
    const { bytes } = eventLog()
      .specId()
      .event({ pcr: 8, type: eventTypes.EV_IPL, data: hostile })
      .event({ pcr: 8, type: eventTypes.EV_IPL, data: 'right \u202e left' })
      .variable(hostile, Uint8Array.of(1))
      .build()
    const file = files.write('hostile.bin', bytes)
    for (const args of [[], ['--json']]) {
      const { stdout } = await run(['eventlog', 'show', file, ...args])
      expect(stdout.replaceAll('\n', '')).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]*$/u)
      expect(stdout.split('\n').some((line) => line.startsWith('quote.signature'))).toBe(false)
    }
    const { events } = await show(file)
    expect(events[2]?.data).toMatchObject({ text: 'right \u202e left' })
    expect(events[3]?.data).toMatchObject({ name: hostile })
  })
})

describe('what is no log is refused with its place', () => {
  const good = new Uint8Array(readFileSync(fileOf('boot-secure')))

  test.each([
    [
      'cut off',
      good.subarray(0, 4000),
      /^trusthold: .*cut.*: TcgEventLog\.events\[\d+\]\.\w+: needs \d+ bytes at offset \d+, \d+ are available\n$/,
    ],
    [
      'no log',
      new Uint8Array(100).fill(0x41),
      /^trusthold: .*: event 0 at offset \d+, format: expected .*, found no event log\n$/,
    ],
    ['a log with an impossible size', changed(good, 28), /^trusthold: .* at offset \d+.*\n$/],
  ])('%s', async (name, bytes, message) => {
    const { code, stdout, stderr } = await run([
      'eventlog',
      'show',
      files.write(name.replaceAll(' ', '-'), bytes),
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('larger than any log', async () => {
    const { code, stderr } = await run(['eventlog', 'show', '/dev/zero'])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'trusthold: /dev/zero: expected at most 2097152 bytes, found more\n',
    })
  })
})

function changed(bytes: Uint8Array, offset: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[offset + 3] = 0xff
  return copy
}
