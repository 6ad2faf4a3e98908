import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import { isTrustholdError } from '../../src/errors/index.js'
import {
  bootFacts,
  compareLog,
  eventTypes,
  initialValue,
  parseEventLog,
  replayEventLog,
  tcgEfiSpecIdEventStruct,
} from '../../src/measured-boot/index.js'
import { eventLog } from '../../src/testing/index.js'

const { EV_NO_ACTION, EV_S_CRTM_VERSION, EV_IPL } = eventTypes
const failureOf = (run: () => unknown) => {
  try {
    run()
    return undefined
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return { code: error.code, ...error.context }
  }
}
const old = () => eventLog({ format: 'sha1' })
const small = old()
  .event({ pcr: 0, type: EV_S_CRTM_VERSION, data: 'v1' })
  .variable('SecureBoot', Uint8Array.of(1))
  .separator(0)
  .separator(7)
  .event({ pcr: 4, type: EV_IPL, data: '' })
  .build()

describe('T-17: logs in the SHA-1 format', () => {
  // Made by hand from the specification: one event of 16 bytes in PCR 0.
  const bytes = fromHex(`0000000008000000${'5a'.repeat(20)}10000000${'76'.repeat(16)}`)

  test('every field is where the specification has it', () => {
    const log = parseEventLog(bytes)
    expect(log).toMatchObject({
      source: 'tcg',
      format: 'sha1',
      specId: undefined,
      algorithms: ['sha1'],
      eventCount: 1,
      padding: 0,
      truncated: 0,
      startupLocality: 0,
    })
    const [event] = log.events
    expect(event).toMatchObject({ index: 0, offset: 0, pcr: 0, type: 8, typeName: 'EV_S_CRTM_VERSION' })
    expect(event?.data).toEqual(new Uint8Array(16).fill(0x76))
    expect([...(event?.digests ?? [])]).toEqual([['sha1', fromHex('5a'.repeat(20))]])
    expect(event?.digest('sha256')).toBeUndefined()
    const copied = new Uint8Array(24)
    expect(event?.copyDigest('sha1', copied, 4)).toBe(true)
    expect(toHex(copied)).toBe(`00000000${'5a'.repeat(20)}`)
  })

  test('they are replayed and compared like others', () => {
    const log = parseEventLog(small.bytes)
    expect(log.events.map(({ offset }) => offset)).toEqual(small.offsets)
    expect(replayEventLog(log, 'sha1')).toEqual(small.pcrs.get('sha1'))
    const { matching, differing } = compareLog(log, 'sha1', small.pcrs.get('sha1') ?? new Map())
    expect(matching).toEqual([0, 4, 7])
    expect(differing).toEqual([])
    expect(bootFacts(log, 'sha1', matching).separators[7]).toMatchObject({ state: 'present' })
    expect(() => replayEventLog(log, 'sha256')).toThrow(/algorithms: expected digests for sha256, found sha1/)
  })

  test.each([
    [2, { major: 1, minor: 2, errata: 0 }],
    [0, { major: 1, minor: 21, errata: 0 }],
  ] as const)('the header of Spec ID Event0%i', (event, specVersion) => {
    const vendorInfo = Uint8Array.of(1, 2, 3)
    const { bytes: built, pcrs } = old().specId({ event, platformClass: 1, vendorInfo }).separator(5).build()
    const log = parseEventLog(built)
    expect(log).toMatchObject({
      format: 'sha1',
      specId: { event, platformClass: 1, specVersion, vendorInfo },
    })
    expect(log.eventCount).toBe(2)
    expect(log.events[0]).toMatchObject({ type: EV_NO_ACTION, extends: false })
    expect(replayEventLog(log, 'sha1')).toEqual(pcrs.get('sha1'))
    expect(failureOf(() => parseEventLog(built.subarray(0, 59)))).toMatchObject({ code: 'CODEC_UNDERFLOW' })
  })

  test('a log that only states the locality of startup', () => {
    const { bytes: built } = old().startupLocality(3).build()
    expect(built.length).toBe(49)
    const log = parseEventLog(built)
    expect(log).toMatchObject({ eventCount: 1, startupLocality: 3 })
    expect(replayEventLog(log, 'sha1').get(0)).toEqual(initialValue(0, 20, 3))
  })

  test.each([3, 4])('startup at locality %i', (locality) => {
    const { bytes: built, pcrs } = old().specId().startupLocality(locality).separator(0).build()
    expect(replayEventLog(parseEventLog(built), 'sha1')).toEqual(pcrs.get('sha1'))
  })

  test('a first event of no PCR only informs', () => {
    const { bytes: built } = old().event({ pcr: 0xffff_ffff, type: EV_NO_ACTION, data: 'x' }).build()
    expect(parseEventLog(built).events[0]).toMatchObject({ pcr: 0xffff_ffff, extends: false })
  })

  test.each([
    [0x00, 16],
    [0x00, 5000],
    [0xff, 1],
    [0xff, 31],
    [0xff, 5000],
  ])('a tail of %i, %i bytes, is padding', (fill, length) => {
    const log = parseEventLog(concatBytes(small.bytes, new Uint8Array(length).fill(fill)))
    expect(log).toMatchObject({ padding: length, eventCount: 5 })
  })

  test('zeros that are followed by something are events without data, not padding', () => {
    const tail = concatBytes(new Uint8Array(32), bytes)
    expect(parseEventLog(concatBytes(small.bytes, tail)).eventCount).toBe(7)
  })
})

describe('damage', () => {
  test('every truncation is refused with its place, or is a log that ends earlier', () => {
    for (let length = 1; length < small.bytes.length; length++) {
      const failure = failureOf(() => parseEventLog(small.bytes.subarray(0, length)))
      if (small.offsets.includes(length)) expect(failure).toBeUndefined()
      else expect(failure).toMatchObject({ code: 'CODEC_UNDERFLOW' })
    }
  })

  test('a record that is cut off is left out when such logs are asked for', () => {
    for (let i = 1; i < small.offsets.length; i++) {
      const start = small.offsets[i] ?? 0
      for (const kept of [1, 7, 27, 31]) {
        const log = parseEventLog(small.bytes.subarray(0, start + kept), { allowTruncated: true })
        expect(log).toMatchObject({ eventCount: i, truncated: kept, padding: 0 })
      }
    }
  })

  test.each([
    ['a PCR that there is not', 0, [24], { code: 'EVENT_LOG_INVALID', field: 'format', event: 0 }],
    ['a type that is not known', 4, [0x77], { code: 'EVENT_LOG_INVALID', field: 'format', event: 0 }],
    ['a later PCR that there is not', small.offsets[2] ?? 0, [24], { field: 'pcrIndex', event: 2 }],
    ['data of 4 GiB', 28, [0xff, 0xff, 0xff, 0xff], { code: 'CODEC_LIMIT' }],
    [
      'data beyond the end',
      (small.offsets[4] ?? 0) + 28,
      [1],
      { code: 'CODEC_UNDERFLOW', offset: small.bytes.length },
    ],
  ])('refuses %s', (_, at, values, expected) => {
    const bytes = Uint8Array.from(small.bytes)
    bytes.set(values, at)
    expect(failureOf(() => parseEventLog(bytes))).toMatchObject(expected)
  })

  test.each([0x00, 0xff])('bytes of %i only are no log', (fill) => {
    for (const length of [32, 48, 4096]) {
      const bytes = new Uint8Array(length).fill(fill)
      expect(failureOf(() => parseEventLog(bytes))).toMatchObject({ field: 'format', actual: 'no event log' })
    }
  })

  test('mutated logs are read or refused with a typed error', () => {
    const places = fc.array(fc.tuple(fc.nat(small.bytes.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(places, (changes) => {
        const mutated = Uint8Array.from(small.bytes)
        for (const [at, value] of changes) mutated[at] = value
        failureOf(() => replayEventLog(parseEventLog(mutated), 'sha1'))
      }),
      { numRuns: 1500 },
    )
  })
})

test('the header of the SHA-1 format is written as it was read', () => {
  fc.assert(
    fc.property(
      fc.record({
        signature: fc.uint8Array({ minLength: 16, maxLength: 16 }),
        platformClass: fc.nat(0xffff_ffff),
        specVersionMinor: fc.nat(255),
        specVersionMajor: fc.nat(255),
        specErrata: fc.nat(255),
        uintnSize: fc.nat(255),
        vendorInfo: fc.uint8Array({ maxLength: 255 }),
      }),
      (value) => {
        const bytes = encode(tcgEfiSpecIdEventStruct, value)
        expect(decode(tcgEfiSpecIdEventStruct, bytes)).toEqual(value)
      },
    ),
  )
})
