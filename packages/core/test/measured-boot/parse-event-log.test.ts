import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadBoot } from '../../../../test/recordings/load.js'
import { concatBytes, fromHex, toHex } from '../../src/bytes/index.js'
import { isTrustholdError } from '../../src/errors/index.js'
import { eventTypes, parseEventLog, replay, replayEventLog } from '../../src/measured-boot/index.js'
import { eventLog } from '../../src/testing/index.js'
import { digestOf } from '../../src/tpm2/index.js'

const typed = [
  'CODEC_UNDERFLOW',
  'CODEC_LIMIT',
  'CODEC_VALUE',
  'CODEC_TRAILING',
  'EVENT_LOG_INVALID',
] as const

function failureOf(run: () => unknown): { code: string; context: Record<string, unknown> } | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    expect(typed).toContain(error.code)
    return { code: error.code, context: { ...error.context } }
  }
}

const small = eventLog({ banks: ['sha1', 'sha256'] })
  .specId({ vendorInfo: Uint8Array.of(1, 2, 3) })
  .event({ pcr: 0, type: eventTypes.EV_S_CRTM_VERSION, data: 'v1' })
  .separator(0)
  .event({ pcr: 8, type: eventTypes.EV_IPL, data: '' })
  .build()

describe('layout', () => {
  // Made by hand from the specification: header for SHA-256 alone, one separator in PCR 7.
  const header =
    '00000000 03000000 0000000000000000000000000000000000000000 25000000' +
    '53706563204944204576656e74303300 00000000 00 02 00 02 01000000 0b00 2000 04 aabbccdd'
  const event = `07000000 04000000 01000000 0b00 ${'5a'.repeat(32)} 04000000 00000000`
  const bytes = fromHex((header + event).replaceAll(' ', ''))

  test('every field is where the specification has it', () => {
    const log = parseEventLog(bytes)
    expect(log).toMatchObject({
      format: 'crypto-agile',
      specId: {
        platformClass: 0,
        specVersion: { major: 2, minor: 0, errata: 0 },
        vendorInfo: fromHex('aabbccdd'),
      },
      algorithms: ['sha256'],
      padding: 0,
    })
    const [first, second] = log.events
    expect(first).toMatchObject({ index: 0, offset: 0, pcr: 0, type: 3, typeName: 'EV_NO_ACTION' })
    expect(first?.digests.size).toBe(0)
    expect(toHex(first?.data ?? new Uint8Array(0)).startsWith('53706563')).toBe(true)
    expect(second).toMatchObject({ index: 1, offset: 69, pcr: 7, type: 4, typeName: 'EV_SEPARATOR' })
    expect(second?.data).toEqual(new Uint8Array(4))
    expect([...(second?.digests ?? [])]).toEqual([['sha256', fromHex('5a'.repeat(32))]])
    expect(second?.digest('sha256')).toEqual(fromHex('5a'.repeat(32)))
    expect(second?.digest('sha1')).toBeUndefined()
    expect(second?.copyDigest('sha1', new Uint8Array(64), 0)).toBe(false)
  })

  test('the builder writes the same', () => {
    const built = eventLog()
      .specId({ vendorInfo: fromHex('aabbccdd') })
      .event({ pcr: 7, type: 4, data: new Uint8Array(4), digests: { sha256: fromHex('5a'.repeat(32)) } })
      .build()
    expect(toHex(built.bytes)).toBe(toHex(bytes))
    expect(built.offsets).toEqual([0, 69])
  })

  test('a view into a larger buffer reads the same', () => {
    const larger = concatBytes(new Uint8Array(13).fill(7), bytes, new Uint8Array(5).fill(7))
    const log = parseEventLog(larger.subarray(13, 13 + bytes.length))
    expect(log.events.map(({ offset }) => offset)).toEqual([0, 69])
    expect(log.events[1]?.digest('sha256')).toEqual(fromHex('5a'.repeat(32)))
  })
})

describe('damage', () => {
  test('every truncation is refused with its place, or is a log that ends earlier', () => {
    const whole = parseEventLog(small.bytes).events.length
    for (let length = 0; length < small.bytes.length; length++) {
      const cut = small.bytes.subarray(0, length)
      const failure = failureOf(() => parseEventLog(cut))
      const boundary = small.offsets.indexOf(length)
      if (boundary > 0) {
        expect(failure).toBeUndefined()
        expect(parseEventLog(cut).events.length).toBe(boundary)
        expect(boundary).toBeLessThan(whole)
      } else {
        expect(failure?.code).toBe('CODEC_UNDERFLOW')
        expect(failure?.context['offset']).toBeLessThanOrEqual(length)
      }
    }
  })

  test('a truncated event is named with its field', () => {
    const at = (small.offsets[1] ?? 0) + 13
    expect(failureOf(() => parseEventLog(small.bytes.subarray(0, at)))).toEqual({
      code: 'CODEC_UNDERFLOW',
      context: { path: 'TcgEventLog.events[1].digests', offset: at - 1, needed: 2, available: 1 },
    })
  })

  test('mutated logs are read or refused with a typed error', () => {
    const recorded = loadBoot('boot-secure').eventLog
    for (const bytes of [small.bytes, recorded.subarray(0, 4096)]) {
      const places = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      fc.assert(
        fc.property(places, fc.nat(bytes.length), (changes, length) => {
          const mutated = Uint8Array.from(bytes.subarray(0, length))
          for (const [at, value] of changes) if (at < length) mutated[at] = value
          failureOf(() => {
            const log = parseEventLog(mutated)
            for (const bank of log.algorithms) replayEventLog(log, bank)
          })
        }),
        { numRuns: 1500 },
      )
    }
  })

  test('random bytes are refused with a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(failureOf(() => parseEventLog(bytes))).toBeDefined()
      }),
    )
  })

  const patched = (at: number, ...values: number[]): Uint8Array => {
    const bytes = Uint8Array.from(small.bytes)
    bytes.set(values, at)
    return bytes
  }
  const first = small.offsets[1] ?? 0

  test.each([
    ['an algorithm that is not declared', first + 12, [0x0d, 0], 'algorithmId', first + 12, 1],
    ['an algorithm twice', first + 34, [0x04, 0], 'algorithmId', first + 34, 1],
    ['more digests than algorithms', first + 8, [3, 0, 0, 0], 'digestCount', first + 8, 1],
    ['a header in another PCR', 0, [1], 'pcrIndex', 0, 0],
    ['a header in a PCR that no log starts in', 0, [2], 'pcrIndex', 0, 0],
    ['a header that is an event', 4, [4], 'eventType', 4, 0],
    ['an algorithm declared twice', 64, [4, 0], 'algorithmId', 64, 0],
    ['an algorithm of another size', 62, [21, 0], 'digestSize', 62, 0],
  ])('refuses %s', (_, at, values, field, offset, event) => {
    expect(failureOf(() => parseEventLog(patched(at, ...values)))).toMatchObject({
      code: 'EVENT_LOG_INVALID',
      context: { field, offset, event },
    })
  })

  test('says of an algorithm that is not declared that it is not', () => {
    expect(failureOf(() => parseEventLog(patched(first + 12, 0x0d, 0)))).toMatchObject({
      context: { expected: 'a declared algorithm', actual: '0xd' },
    })
  })

  test('refuses a header without algorithms', () => {
    const { bytes } = eventLog({ banks: [] }).specId().build()
    expect(failureOf(() => parseEventLog(bytes))).toMatchObject({
      code: 'EVENT_LOG_INVALID',
      context: { field: 'numberOfAlgorithms' },
    })
  })
})

describe('PCRs', () => {
  test.each([24, 0xffff_ffff])('refuses an event in PCR %i, which no TPM of a PC has', (pcr) => {
    const { bytes, offsets } = eventLog().specId().separator(0).event({ pcr, type: 13, data: 'x' }).build()
    expect(failureOf(() => parseEventLog(bytes))).toMatchObject({
      code: 'EVENT_LOG_INVALID',
      context: { event: 2, offset: offsets[2], field: 'pcrIndex', actual: String(pcr) },
    })
  })

  test('T-17: an event without action may stand in none', () => {
    const builder = eventLog().specId().event({ pcr: 0xffff_ffff, type: eventTypes.EV_NO_ACTION, data: 'x' })
    const log = parseEventLog(builder.separator(0).build().bytes)
    expect(log.events[1]).toMatchObject({ pcr: 0xffff_ffff, extends: false })
    expect([...replay(log, 'sha256').extended]).toEqual([0])
  })
})

describe('other formats', () => {
  test('something else is refused as no log', () => {
    const text = new TextEncoder().encode('-----BEGIN CERTIFICATE-----\nMIIBxjCCAWugAwIBAgI\n')
    expect(failureOf(() => parseEventLog(text))).toMatchObject({ context: { actual: 'no event log' } })
    expect(failureOf(() => parseEventLog(new Uint8Array(0)))?.code).toBe('CODEC_UNDERFLOW')
  })

  test('digests of an algorithm that is not known here are skipped', () => {
    const writer = eventLog().specId({
      algorithms: [
        { id: 0x0b, size: 32 },
        { id: 0x7777, size: 5 },
      ],
    })
    const record = `08000000 0d000000 02000000 7777 0102030405 0b00 ${'ab'.repeat(32)} 01000000 41`
    const log = parseEventLog(writer.raw(fromHex(record.replaceAll(' ', ''))).build().bytes)
    expect(log.algorithms).toEqual(['sha256'])
    expect([...(log.events[1]?.digests ?? [])]).toEqual([['sha256', fromHex('ab'.repeat(32))]])
    expect(log.events[1]?.data).toEqual(Uint8Array.of(0x41))
  })
})

describe('padding', () => {
  test.each([0x00, 0xff])('T-17: a tail of %i is no event', (fill) => {
    const log = parseEventLog(concatBytes(small.bytes, new Uint8Array(4000).fill(fill)))
    expect(log.padding).toBe(4000)
    expect(log.events.length).toBe(4)
    expect(replayEventLog(log, 'sha256')).toEqual(replayEventLog(parseEventLog(small.bytes), 'sha256'))
  })

  test.each([
    [0xff, 1],
    [0xff, 8],
    [0xff, 15],
    [0x00, 16],
  ])('a tail of %i may be as short as %i bytes', (fill, length) => {
    const log = parseEventLog(concatBytes(small.bytes, new Uint8Array(length).fill(fill)))
    expect(log).toMatchObject({ padding: length, eventCount: 4 })
  })

  test('fewer zeros may be the start of a record, which is cut off', () => {
    for (let length = 1; length < 16; length++) {
      const bytes = concatBytes(small.bytes, new Uint8Array(length))
      expect(failureOf(() => parseEventLog(bytes))?.code).toBe('CODEC_UNDERFLOW')
    }
  })

  test('T-32: zeros that are no tail are walked over once', () => {
    const bytes = concatBytes(small.bytes, new Uint8Array(1_900_000), Uint8Array.of(1))
    expect(failureOf(() => parseEventLog(bytes))).toMatchObject({
      code: 'CODEC_LIMIT',
      context: { path: 'TcgEventLog.events' },
    })
    expect(failureOf(() => parseEventLog(bytes, { events: 1_000_000 }))?.code).toBe('CODEC_UNDERFLOW')
  })

  test.each([0x00, 0xff])('a tail of %i that hides an event is no padding', (fill) => {
    const tail = new Uint8Array(64).fill(fill)
    tail[63] = 1
    expect(failureOf(() => parseEventLog(concatBytes(small.bytes, tail)))).toBeDefined()
  })
})

describe('events are made when they are asked for', () => {
  const log = parseEventLog(small.bytes)

  test('once, and as many as were counted', () => {
    expect(log.eventCount).toBe(4)
    expect(log.events).toBe(log.events)
    expect(log.events.length).toBe(4)
  })

  test('what is replayed without them is what they say', () => {
    const { pcrs, digests } = log.extensions('sha256')
    const extending = log.events.filter((event) => event.extends)
    expect(pcrs).toEqual(extending.map(({ pcr }) => pcr))
    expect(digests.map((at) => small.bytes.subarray(at, at + 32))).toEqual(
      extending.map((event) => event.digest('sha256')),
    )
  })
})

describe('T-17: records of different layouts in one log', () => {
  const digest = (byte: number, size: number) => new Uint8Array(size).fill(byte)
  const mixed = eventLog({ banks: ['sha1', 'sha256'] })
    .specId()
    .event({ pcr: 0, type: eventTypes.EV_POST_CODE, data: 'both' })
    .event({ pcr: 11, type: eventTypes.EV_IPL, data: 'one', digests: { sha256: digest(2, 32) } })
    .event({ pcr: 12, type: eventTypes.EV_IPL, data: 'none', digests: {} })
    .separator(1)
    .raw(
      fromHex(
        `0d0000000d000000020000000b00${'aa'.repeat(32)}0400${'bb'.repeat(20)}0200000041420d0000000d00000000000000` +
          '00000000',
      ),
    )
    .build()
  const log = parseEventLog(mixed.bytes)
  const text = (index: number) => new TextDecoder().decode(log.events[index]?.data)

  test('each event has its own digests and data', () => {
    expect(log.events.map(({ digests }) => [...digests.keys()])).toEqual([
      [],
      ['sha1', 'sha256'],
      ['sha256'],
      [],
      ['sha1', 'sha256'],
      ['sha1', 'sha256'],
      [],
    ])
    expect([1, 2, 3, 5, 6].map(text)).toEqual(['both', 'one', 'none', 'AB', ''])
    expect(log.events[2]?.digest('sha256')).toEqual(digest(2, 32))
    expect(log.events[2]?.digest('sha1')).toBeUndefined()
    expect(log.events[5]?.digest('sha1')).toEqual(digest(0xbb, 20))
    expect(log.events[5]?.digest('sha256')).toEqual(digest(0xaa, 32))
  })

  test('and is extended with them, whichever bank is replayed', () => {
    expect(log.extensions('sha1').digests.map((at) => at === -1)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
    ])
    expect(log.extensions('sha256').digests.map((at) => at === -1)).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
    ])
    const { values } = replay(log, 'sha256')
    expect([11, 12, 13].map((pcr) => values.has(pcr))).toEqual([true, false, false])
    expect(values.get(0)).toEqual(mixed.pcrs.get('sha256')?.get(0))
    expect(values.get(11)).toEqual(mixed.pcrs.get('sha256')?.get(11))
  })
})

describe('whatever is built is read back', () => {
  const bankSets = [['sha256'], ['sha1', 'sha256'], ['sha512', 'sha1', 'sha384', 'sha256']] as const
  const event = fc.record({
    pcr: fc.nat(23),
    type: fc.constantFrom(...Object.values(eventTypes), 0x6000_0001),
    data: fc.uint8Array({ maxLength: 40 }),
    left: fc.option(fc.subarray(['sha1', 'sha256', 'sha384', 'sha512'] as const), {
      nil: undefined,
      freq: 4,
    }),
  })

  test.each([
    ['crypto-agile', bankSets],
    ['sha1', [['sha1']]],
  ] as const)('%s', (format, sets) => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), fc.constantFrom(...sets), (events, banks) => {
        const builder = eventLog({ banks, format }).specId()
        for (const { left, ...plain } of events) {
          const kept =
            format === 'sha1' || left === undefined ? banks : banks.filter((bank) => left.includes(bank))
          const digests = Object.fromEntries(kept.map((bank) => [bank, digestOf(bank, plain.data)]))
          builder.event({ ...plain, digests })
        }
        const built = builder.build()
        const log = parseEventLog(built.bytes)
        expect(log.events.map(({ offset }) => offset)).toEqual(built.offsets)
        expect(log.events.slice(1).map(({ pcr, type, data }) => ({ pcr, type, data }))).toEqual(
          events.map(({ pcr, type, data }) => ({ pcr, type, data })),
        )
        for (const bank of banks) {
          const { values } = replay(log, bank)
          const lacking = new Set(
            log.events
              .filter((found) => found.extends && found.digest(bank) === undefined)
              .map(({ pcr }) => pcr),
          )
          for (const [pcr, value] of built.pcrs.get(bank) ?? []) {
            expect(values.get(pcr)).toEqual(lacking.has(pcr) ? undefined : value)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('a last record that is cut off', () => {
  test('is left out when such logs are asked for', () => {
    for (let length = (small.offsets[1] ?? 0) + 1; length < small.bytes.length; length++) {
      if (small.offsets.includes(length)) continue
      const log = parseEventLog(small.bytes.subarray(0, length), { allowTruncated: true })
      const whole = small.offsets.filter((offset) => offset < length).length - 1
      expect(log).toMatchObject({ eventCount: whole, padding: 0 })
      expect(log.truncated).toBe(length - (small.offsets[whole] ?? 0))
      expect(log.events.length).toBe(whole)
    }
  })

  test('nothing else is then taken for one', () => {
    const allowTruncated = true
    const header = small.bytes.subarray(0, (small.offsets[1] ?? 0) - 1)
    expect(failureOf(() => parseEventLog(header, { allowTruncated }))?.code).toBe('CODEC_UNDERFLOW')
    const bytes = Uint8Array.from(small.bytes)
    bytes[(small.offsets[1] ?? 0) + 12] = 0x0d
    expect(failureOf(() => parseEventLog(bytes, { allowTruncated }))?.code).toBe('EVENT_LOG_INVALID')
  })
})

describe('limits, at the limit and one above', () => {
  test.each([
    ['bytes', small.bytes.length, 'TcgEventLog'],
    ['events', 4, 'TcgEventLog.events'],
    ['eventData', 4, 'TcgEventLog.events[2].eventSize'],
    ['algorithms', 2, 'TcgEventLog.algorithms'],
  ])('%s', (name, limit, path) => {
    expect(parseEventLog(small.bytes, { [name]: limit }).events.length).toBe(4)
    expect(failureOf(() => parseEventLog(small.bytes, { [name]: limit - 1 }))).toMatchObject({
      code: 'CODEC_LIMIT',
      context: { path, limit: limit - 1 },
    })
  })

  test('a claimed size of 4 GiB is refused before anything is read', () => {
    const bytes = Uint8Array.from(small.bytes)
    bytes.set([0xff, 0xff, 0xff, 0xff], (small.offsets[1] ?? 0) + 12 + 22 + 34)
    expect(failureOf(() => parseEventLog(bytes))?.code).toBe('CODEC_LIMIT')
  })
})
