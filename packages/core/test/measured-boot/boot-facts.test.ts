import { describe, expect, test } from 'vitest'
import { loadBoot } from '../../../../test/recordings/load.js'
import { utf8 } from '../../src/bytes/index.js'
import { encode } from '../../src/codec/index.js'
import {
  bootFacts,
  compareLog,
  describeEvent,
  eventTypes,
  isDataMeasured,
  parseEventLog,
  uefiVariableData,
} from '../../src/measured-boot/index.js'
import { type EventLogBuilder, eventLog } from '../../src/testing/index.js'

const all = Array.from({ length: 24 }, (_, pcr) => pcr)
const on = Uint8Array.of(1)
const off = Uint8Array.of(0)
const {
  EV_EFI_VARIABLE_DRIVER_CONFIG: CONFIG,
  EV_EFI_VARIABLE_AUTHORITY: AUTHORITY,
  EV_EFI_ACTION,
  EV_IPL,
  EV_POST_CODE,
  EV_SEPARATOR,
  EV_NO_ACTION,
} = eventTypes

const factsOf = (builder: EventLogBuilder, matching: readonly number[] = all) =>
  bootFacts(parseEventLog(builder.build().bytes), 'sha256', matching)
const start = () => eventLog().specId()
const otherVendor = (data: Uint8Array) =>
  encode(uefiVariableData, { vendor: new Uint8Array(16), name: 'SecureBoot', data })
const zeros = new Uint8Array(4)

describe('Secure Boot', () => {
  test.each([
    [true, on],
    [false, off],
    [false, new Uint8Array(0)],
    [false, Uint8Array.of(2)],
    [false, Uint8Array.of(1, 1)],
  ])('is %s for a variable of %o', (value, data) => {
    const builder = start().variable('SecureBoot', data).variable('PK', new Uint8Array(90)).separator(7)
    expect(factsOf(builder).secureBoot.enabled).toEqual({ verified: true, value, event: 1 })
  })

  test('T-11: is a hint while PCR 7 is not proved', () => {
    const builder = start().variable('SecureBoot', on).separator(7)
    const fact = factsOf(builder, [0, 1, 2, 3, 4, 5, 6]).secureBoot.enabled
    expect(fact).toMatchObject({ verified: false, hint: true, reason: expect.stringContaining('PCR 7') })
  })

  const data = encode(uefiVariableData, { vendor: new Uint8Array(16), name: 'x', data: on })
  test.each<[string, EventLogBuilder, boolean | undefined]>([
    ['is not there', start().separator(7), undefined],
    [
      'is of another vendor',
      start()
        .event({ pcr: 7, type: CONFIG, data: otherVendor(on) })
        .separator(7),
      undefined,
    ],
    ['has a longer name', start().variable('SecureBoot2', on).separator(7), undefined],
    ['is in another PCR', start().variable('SecureBoot', on, { pcr: 1 }).separator(7), undefined],
    [
      'is an event without action',
      start().variable('SecureBoot', on, { type: EV_NO_ACTION }).separator(7),
      undefined,
    ],
    ['comes after the separator', start().separator(7).variable('SecureBoot', on), undefined],
    ['is followed by no separator', start().variable('SecureBoot', on), true],
    ['is there twice', start().variable('SecureBoot', on).variable('SecureBoot', on).separator(7), true],
    [
      'is there in both ways',
      start().variable('SecureBoot', off).variable('SecureBoot', on).separator(7),
      false,
    ],
    ['has another type', start().variable('SecureBoot', on, { type: AUTHORITY }).separator(7), true],
    [
      'T-14: was hidden under another type before a forged one',
      start().variable('SecureBoot', off, { type: EV_POST_CODE }).variable('SecureBoot', on).separator(7),
      false,
    ],
    [
      'T-14: follows a separator that was relabelled',
      start()
        .event({ pcr: 7, type: EV_IPL, data: 'x', digestOf: zeros })
        .variable('SecureBoot', on)
        .separator(7),
      undefined,
    ],
    [
      'has data that its digest does not cover',
      start()
        .event({ pcr: 7, type: CONFIG, data: secureBoot(on), digestOf: secureBoot(off) })
        .separator(7),
      true,
    ],
    [
      'follows an event whose data its digest does not cover',
      start()
        .event({ pcr: 7, type: CONFIG, data, digestOf: secureBoot(off) })
        .variable('SecureBoot', on)
        .separator(7),
      true,
    ],
  ])('is no more than a hint when the variable %s', (_, builder, hint) => {
    expect(factsOf(builder).secureBoot.enabled).toMatchObject({ verified: false, hint })
  })

  test('what comes after the separator does not matter', () => {
    const builder = start().variable('SecureBoot', off).separator(7).variable('SecureBoot', on).separator(7)
    expect(factsOf(builder).secureBoot.enabled).toEqual({ verified: true, value: false, event: 1 })
  })

  test('T-14: no relabelling of a recorded event makes Secure Boot on', () => {
    const boot = loadBoot('boot-insecure')
    const { matching } = compareLog(parseEventLog(boot.eventLog), 'sha256', boot.pcrs.sha256)
    const { events } = parseEventLog(boot.eventLog)
    for (const { offset, pcr } of events.slice(1)) {
      if (pcr !== 7) continue
      for (const type of Object.values(eventTypes)) {
        const relabelled = Uint8Array.from(boot.eventLog)
        new DataView(relabelled.buffer).setUint32(offset + 4, type, true)
        const fact = bootFacts(parseEventLog(relabelled), 'sha256', matching).secureBoot.enabled
        expect(fact.verified && fact.value).toBe(false)
      }
    }
  })

  function secureBoot(state: Uint8Array): Uint8Array {
    const vendor = Uint8Array.of(
      0x61,
      0xdf,
      0xe4,
      0x8b,
      0xca,
      0x93,
      0xd2,
      0x11,
      0xaa,
      0x0d,
      0,
      0xe0,
      0x98,
      3,
      0x2b,
      0x8c,
    )
    return encode(uefiVariableData, { vendor, name: 'SecureBoot', data: state })
  }
})

describe('separators', () => {
  const stateOf = (builder: EventLogBuilder, matching = all) => factsOf(builder, matching).separators[4]

  test.each<[string, EventLogBuilder, number[]]>([
    ['present', start().separator(4), [1]],
    ['present', start().separator(4, 0xffff_ffff), [1]],
    ['error', start().separator(4, 1), [1]],
    ['error', start().separator(4, 1).separator(4), [1, 2]],
    ['missing', start().separator(5), []],
    ['missing', start().event({ pcr: 4, type: EV_NO_ACTION, data: zeros }), []],
    ['repeated', start().separator(4).separator(5).separator(4), [1, 3]],
    ['mislabelled', start().event({ pcr: 4, type: EV_EFI_ACTION, data: zeros }), [1]],
    ['mislabelled', start().event({ pcr: 4, type: EV_SEPARATOR, data: zeros, digestOf: 'other' }), [1]],
    ['mislabelled', start().separator(4, 2), [1]],
  ])('%s', (state, builder, events) => {
    expect(stateOf(builder)).toEqual({ pcr: 4, state, events })
    expect(stateOf(builder, [])).toEqual({ pcr: 4, state: 'unproven', events })
  })
})

test('unknown types in the PCRs of the firmware are reported', () => {
  const builder = start()
    .event({ pcr: 3, type: 0x6000_0001, data: 'x' })
    .event({ pcr: 12, type: 0x6000_0001, data: 'x' })
  expect(factsOf(builder).unknownEvents).toEqual([{ event: 1, pcr: 3, type: 0x6000_0001 }])
})

test('data counts as measured only when the digest is over all of it', () => {
  const { bytes } = start()
    .event({ pcr: 4, type: EV_EFI_ACTION, data: 'Calling EFI Application from Boot Option' })
    .event({ pcr: 8, type: EV_IPL, data: 'grub_cmd: true\0', digestOf: 'true' })
    .build()
  const { events } = parseEventLog(bytes)
  expect(events.slice(1).map((event) => isDataMeasured(event, 'sha256'))).toEqual([true, false])
  expect(events.slice(1).map((event) => isDataMeasured(event, 'sha384'))).toEqual([false, false])
})

describe('descriptions', () => {
  const utf16 = (text: string) => Uint8Array.from(Buffer.from(text, 'utf16le'))
  test.each([
    [EV_IPL, utf8('grub_cmd: linux /vmlinuz quiet\0'), "EV_IPL 'grub_cmd: linux /vmlinuz quiet'"],
    [EV_IPL, utf16('kernel_cmdline\0'), "EV_IPL 'kernel_cmdline'"],
    [EV_IPL, utf8('a\r\nb\tc'), "EV_IPL 'a b c'"],
    [EV_IPL, utf8('x\u202eevil\u2028\u200by'), "EV_IPL 'x evil y'"],
    [EV_IPL, utf8('red \x1b[31m'), 'EV_IPL (9 bytes)'],
    [EV_IPL, Uint8Array.of(0xff, 0xfe, 0x41, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85), 'EV_IPL (9 bytes)'],
    [EV_IPL, new Uint8Array(0), 'EV_IPL (empty)'],
    [EV_SEPARATOR, zeros, 'EV_SEPARATOR = 00000000'],
    [CONFIG, otherVendor(on), "EV_EFI_VARIABLE_DRIVER_CONFIG 'SecureBoot' = 01"],
    [CONFIG, otherVendor(new Uint8Array(99)), "EV_EFI_VARIABLE_DRIVER_CONFIG 'SecureBoot' (99 bytes)"],
    [CONFIG, Uint8Array.of(1, 2, 3), 'EV_EFI_VARIABLE_DRIVER_CONFIG = 010203'],
    [0x6000_0001, utf8('boot'), "0x60000001 'boot'"],
  ])('type %i', (type, data, text) => {
    const { bytes } = start().event({ pcr: 8, type, data }).build()
    const [, event] = parseEventLog(bytes).events
    expect(event && describeEvent(event)).toBe(text)
  })

  test('a long text keeps its start and its end in 200 characters', () => {
    const { bytes } = start()
      .event({ pcr: 8, type: EV_IPL, data: `start${'🙂'.repeat(400)}debug` })
      .build()
    const [, event] = parseEventLog(bytes).events
    const excerpt = event === undefined ? '' : describeEvent(event).slice("EV_IPL '".length, -1)
    expect(Array.from(excerpt).length).toBe(200)
    expect(excerpt.startsWith('start🙂')).toBe(true)
    expect(excerpt.endsWith('🙂debug')).toBe(true)
  })
})
