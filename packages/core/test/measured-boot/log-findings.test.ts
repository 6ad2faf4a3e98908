import { describe, expect, test } from 'vitest'
import { bootNames, loadBoot, recordedBanks } from '../../../../test/recordings/load.js'
import { concatBytes, utf8 } from '../../src/bytes/index.js'
import {
  eventTypes,
  findLogFindings,
  findPcrFindings,
  type LogFindingCode,
  parseCcEventLog,
  parseEventLog,
} from '../../src/measured-boot/index.js'
import { type EventLogBuilder, eventLog } from '../../src/testing/index.js'

const {
  EV_NO_ACTION,
  EV_IPL,
  EV_SEPARATOR,
  EV_EFI_ACTION,
  EV_EFI_HCRTM_EVENT,
  EV_S_CRTM_VERSION,
  EV_EFI_BOOT_SERVICES_DRIVER,
} = eventTypes

/** A log in which nothing is strange. */
const start = (banks: readonly ('sha1' | 'sha256')[] = ['sha1', 'sha256']) => eventLog({ banks }).specId()
const separators = (builder: EventLogBuilder, except: readonly number[] = []) =>
  [0, 1, 2, 3, 4, 5, 6, 7]
    .filter((pcr) => !except.includes(pcr))
    .reduce((all, pcr) => all.separator(pcr), builder)
const good = () => separators(start())
const findingsOf = (builder: EventLogBuilder) => findLogFindings(parseEventLog(builder.build().bytes))
const blank = { sha1: new Uint8Array(20), sha256: new Uint8Array(32) }
const ones = { sha1: new Uint8Array(20).fill(0xff), sha256: new Uint8Array(32).fill(0xff) }
const zeros = new Uint8Array(4)

test('a log in which nothing is strange has no findings', () => {
  expect(findingsOf(good())).toEqual([])
  expect(findingsOf(separators(start().startupLocality(3)))).toEqual([])
  expect(findingsOf(separators(start(), [3]).separator(3, 0xffff_ffff))).toEqual([])
})

test.each(bootNames)('the recorded %s has none', (name) => {
  expect(findLogFindings(parseEventLog(loadBoot(name).eventLog))).toEqual([])
})

describe('T-17: what is strange is found', () => {
  const twice = { pcr: 2, type: EV_EFI_BOOT_SERVICES_DRIVER, data: 'option ROM' }
  test.each<[LogFindingCode, EventLogBuilder, number | undefined, RegExp]>([
    ['padding', good().raw(new Uint8Array(300).fill(0xff)), undefined, /^300 unused bytes/],
    ['no-events', start(), undefined, /nothing was measured/],
    [
      'unknown-algorithm',
      separators(
        eventLog().specId({
          algorithms: [
            { id: 0x0b, size: 32 },
            { id: 0x7777, size: 5 },
          ],
        }),
      ),
      undefined,
      /declares 1 algorithm/,
    ],
    [
      'unextended-bank',
      separators(
        eventLog().specId({
          algorithms: [
            { id: 0x0b, size: 32 },
            { id: 0x0c, size: 48 },
          ],
        }),
      ),
      undefined,
      /declares sha384, and no event has a digest for it/,
    ],
    [
      'missing-digest',
      good()
        .event({ pcr: 8, type: EV_IPL, data: 'x', digests: { sha1: blank.sha1.map(() => 7) } })
        .event({ pcr: 9, type: EV_IPL, data: 'y', digests: { sha1: blank.sha1.map(() => 7) } }),
      9,
      /^2 events in PCR 8, 9, the first of them event 9, have no digest for sha256$/,
    ],
    [
      'unknown-type',
      good().event({ pcr: 2, type: 0x8401, data: 'x' }).event({ pcr: 2, type: 0x8402, data: 'x' }),
      9,
      /^2 events in PCR 2, .* 0x00008401$/,
    ],
    ['informational-index', good().event({ pcr: 0xffff_ffff, type: EV_NO_ACTION, data: 'x' }), 9, /no PCR/],
    [
      'no-action-digest',
      good().event({ pcr: 1, type: EV_NO_ACTION, data: 'x', digestOf: 'x' }),
      9,
      /^event 9 in PCR 1 has a digest/,
    ],
    ['repeated-header', good().event({ pcr: 0, type: EV_NO_ACTION, data: 'Spec ID Event03\0' }), 9, /header/],
    ['repeated-event', good().event(twice).separator(5).event(twice), 11, /^event 11 in PCR 2/],
    ['missing-separator', separators(start(), [2, 6]), undefined, /^PCR 2, 6 have no separator$/],
    ['missing-separator', separators(start(), [2]), undefined, /^PCR 2 has no separator$/],
    [
      'repeated-separator',
      good().event(twice).separator(3, 0xffff_ffff),
      10,
      /^event 10 in PCR 3 has another/,
    ],
    [
      'error-separator',
      separators(start(), [3]).separator(3, 1),
      8,
      /^event 8 in PCR 3 has the separator of/,
    ],
    [
      'mislabelled-separator',
      good().event({ pcr: 5, type: EV_EFI_ACTION, data: zeros }),
      9,
      /^event 9 in PCR 5/,
    ],
    [
      'mislabelled-separator',
      good().event({ pcr: 5, type: EV_SEPARATOR, data: zeros, digestOf: 'x' }),
      9,
      /^event 9 in PCR 5/,
    ],
    [
      'hcrtm-locality',
      separators(start().event({ pcr: 0, type: EV_EFI_HCRTM_EVENT, data: 'HCRTM' })),
      1,
      /stated locality of startup is 0$/,
    ],
    ['hcrtm-locality', separators(start().startupLocality(4)), undefined, /none was measured/],
  ])('%s', (code, builder, event, message) => {
    const found = findingsOf(builder).filter((finding) => finding.code === code)
    expect(found).toEqual([
      { code, message: expect.stringMatching(message), ...(event === undefined ? {} : { event }) },
    ])
  })

  test.each([
    ['zeros', blank],
    ['ones', ones],
  ])('blank-digest, of %s, in every bank', (_, digests) => {
    const found = findingsOf(good().event({ pcr: 9, type: EV_IPL, data: 'x', digests }))
    expect(found.map(({ code, event }) => `${code} ${event}`)).toEqual(['blank-digest 9', 'blank-digest 9'])
  })

  test('H-CRTM at its locality is nothing strange', () => {
    const builder = start().startupLocality(4).event({ pcr: 0, type: EV_EFI_HCRTM_EVENT, data: 'HCRTM' })
    expect(findingsOf(separators(builder))).toEqual([])
  })

  test('unknown types where nothing may rest are no finding', () => {
    const builder = good()
      .event({ pcr: 16, type: 0x8401, data: 'x' })
      .event({ pcr: 23, type: 0x8401, data: 'x' })
    expect(findingsOf(builder)).toEqual([])
  })

  test('a separator whose banks do not agree is mislabelled', () => {
    const digests = { sha1: parseEventLog(good().build().bytes).events[1]?.digest('sha1') as Uint8Array }
    const builder = good().event({
      pcr: 5,
      type: EV_EFI_ACTION,
      data: 'x',
      digests: { ...digests, sha256: new Uint8Array(32).fill(3) },
    })
    expect(findingsOf(builder)).toEqual([])
    const labelled = good().event({
      pcr: 5,
      type: EV_SEPARATOR,
      data: zeros,
      digests: { ...digests, sha256: new Uint8Array(32).fill(3) },
    })
    expect(findingsOf(labelled).map(({ code }) => code)).toEqual(['mislabelled-separator'])
  })

  test('truncated, when such logs are asked for', () => {
    const { bytes } = good().build()
    const log = parseEventLog(bytes.subarray(0, bytes.length - 3), { allowTruncated: true })
    expect(log.eventCount).toBe(8)
    expect(findLogFindings(log).map(({ code }) => code)).toEqual(['truncated', 'missing-separator'])
  })

  test('sha1-format', () => {
    const builder = separators(eventLog({ format: 'sha1' }))
    expect(findingsOf(builder)).toEqual([{ code: 'sha1-format', message: expect.any(String) }])
  })

  test('findings stay few however many events are strange', () => {
    const builder = good()
    for (let i = 0; i < 2000; i++) {
      builder.event({ pcr: i % 24, type: 0x8000 + i, data: 'x', digests: blank })
      builder.event({ pcr: 1000 + i, type: EV_NO_ACTION, data: 'Spec ID Event03\0', digestOf: 'x' })
    }
    expect(findingsOf(builder).length).toBeLessThan(100)
  })
})

describe('a log that was joined with the table of final events', () => {
  const exit = (builder: EventLogBuilder) =>
    builder
      .event({ pcr: 5, type: EV_EFI_ACTION, data: 'Exit Boot Services Invocation' })
      .event({ pcr: 5, type: EV_EFI_ACTION, data: 'Exit Boot Services Returned with Success' })

  test('without leaving out what both have shows the overlap', () => {
    const found = findingsOf(exit(exit(good())).event({ pcr: 14, type: EV_IPL, data: 'later' }))
    expect(found).toEqual([
      { code: 'overlap', message: 'events 11 to 12 are the 2 before them again', event: 11 },
    ])
  })

  test('one event that is there twice in a row is no row', () => {
    const driver = { pcr: 2, type: EV_EFI_BOOT_SERVICES_DRIVER, data: 'option ROM' }
    expect(findingsOf(good().event(driver).event(driver)).map(({ code }) => code)).toEqual(['repeated-event'])
  })

  test('a loader that measures the same again and again is none', () => {
    const builder = good()
    for (let i = 0; i < 6; i++) builder.event({ pcr: 8, type: EV_IPL, data: `grub_cmd: ${i % 2}` })
    expect(findingsOf(builder)).toEqual([])
  })

  test('nor is a longer row that only starts alike', () => {
    const builder = exit(good()).event({ pcr: 5, type: EV_EFI_ACTION, data: 'a' })
    expect(findingsOf(exit(builder).event({ pcr: 5, type: EV_EFI_ACTION, data: 'b' }))).toEqual([])
  })
})

test('logs of confidential machines have no separators of PCRs', () => {
  const { bytes } = eventLog({ banks: ['sha384'], confidential: true })
    .specId()
    .event({ pcr: 1, type: EV_S_CRTM_VERSION, data: 'v' })
    .build()
  expect(findLogFindings(parseCcEventLog(bytes))).toEqual([])
  const padded = concatBytes(bytes, new Uint8Array(64))
  expect(findLogFindings(parseCcEventLog(padded)).map(({ code }) => code)).toEqual(['padding'])
})

describe('T-13: PCR values beside a log', () => {
  const boot = loadBoot('boot-secure')
  const log = parseEventLog(boot.eventLog)
  const values = (bank: (typeof recordedBanks)[number], changed: Iterable<[number, Uint8Array]> = []) => ({
    bank,
    values: new Map([...boot.pcrs[bank], ...changed]),
  })
  const firmware = [0, 1, 2, 3, 4, 5, 6, 7]

  test('a good boot has no findings in any bank', () => {
    expect(
      findPcrFindings(
        log,
        recordedBanks.map((bank) => values(bank)),
      ),
    ).toEqual([])
  })

  test('a bank of the TPM that the log leaves out', () => {
    const single = parseEventLog(separators(eventLog().specId()).build().bytes)
    expect(findPcrFindings(single, [values('sha256'), values('sha384')])).toEqual([
      { code: 'bank-unlogged', bank: 'sha384', message: expect.stringContaining('sha384') },
    ])
  })

  test.each([0, 0xff])('a bank that the firmware does not extend, all %i', (fill) => {
    const changed = firmware.map((pcr): [number, Uint8Array] => [pcr, new Uint8Array(48).fill(fill)])
    expect(findPcrFindings(log, [values('sha384', changed)])).toMatchObject([
      { code: 'bank-unextended', bank: 'sha384' },
    ])
  })

  test.each([0, 3, 4])('a blank PCR 0, started at locality %i', (locality) => {
    const value = new Uint8Array(32)
    value[31] = locality
    expect(findPcrFindings(log, [values('sha256', [[0, value]])])).toMatchObject([
      { code: 'pcr-blank', bank: 'sha256', pcr: 0 },
    ])
  })

  test('a value that only starts blank is not', () => {
    const value = new Uint8Array(32)
    value[31] = 5
    expect(findPcrFindings(log, [values('sha256', [[0, value]])])).toEqual([])
    const alike = new Uint8Array(32).fill(0x11)
    expect(findPcrFindings(log, [values('sha256', [[0, alike]])])).toEqual([])
    expect(findPcrFindings(log, [{ bank: 'sha256', values: new Map([[8, new Uint8Array(32)]]) }])).toEqual([])
  })
})

test('messages show no control characters of an event', () => {
  const found = findingsOf(good().event({ pcr: 3, type: 0xffff_0001, data: utf8('\x1b[31m\n') }))
  expect(found.map(({ message }) => message).join('')).not.toMatch(/\p{C}/u)
})
