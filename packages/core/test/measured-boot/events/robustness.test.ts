import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadBoot } from '../../../../../test/recordings/load.js'
import { fromHex, toJson } from '../../../src/bytes/index.js'
import {
  describeEvent,
  type EventTypeName,
  eventTypes,
  parseEventLog,
  readEventData,
} from '../../../src/measured-boot/index.js'
import { decodeData, eventOf } from './decoding.js'
import { covered, describing, informing } from './families.js'

const types = Object.keys(eventTypes) as EventTypeName[]
const vectors = [...informing, ...describing, ...covered].map(
  ([type, hex]) => [typeof type === 'number' ? undefined : type, fromHex(hex)] as const,
)
const recorded = parseEventLog(loadBoot('boot-secure').eventLog).events
/** Events of all families, and one recorded event of each type. */
const events = [...vectors, ...new Map(recorded.map(({ typeName, data }) => [typeName, data]))]
const samples = events.map(([, data]) => data)

function decode(typeName: EventTypeName | undefined, data: Uint8Array): void {
  const { data: said, measured } = readEventData({ typeName, data })
  const explained =
    said.kind !== 'malformed' || (said.bytes === data && said.offset <= data.length && said.reason !== '')
  if (!explained || measured.length === 0) throw new Error(`${typeName} does not explain its data`)
}

/** Decodes data as every type of event would have it. */
function decodeAsAll(data: Uint8Array): void {
  for (const type of types) decode(type, data)
}

describe('whatever the data is', () => {
  test('it is decoded, cut off anywhere', () => {
    for (const [type, data] of events) {
      const step = Math.ceil(data.length / 512)
      for (let length = 0; length < data.length; length += step) decode(type, data.subarray(0, length))
    }
  })

  test('it is decoded, changed anywhere', () => {
    const places = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        places,
        fc.uint8Array({ maxLength: 9 }),
        (sample, changes, tail) => {
          const data = Uint8Array.from([...sample, ...tail])
          for (const [place, value] of changes) data[place % Math.max(data.length, 1)] = value
          decodeAsAll(data)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('it is decoded, and is any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), decodeAsAll), { numRuns: 200 })
  })

  test('what it says is within bounds of what it is', () => {
    for (const fill of [0, 1, 0x40, 0xff]) {
      const data = new Uint8Array(64 * 1024).fill(fill)
      for (const type of types) {
        const text = JSON.stringify(toJson(decodeData(type, data).data))
        expect(text.length).toBeLessThan(64 * data.length)
      }
    }
  })

  test('T-45: its description is one printable line', () => {
    const evil = fc.array(fc.constantFrom(0x0a, 0x0d, 0x1b, 0x5b, 0x41, 0x2e, 0x20, 0x85, 0x202e, 0x2028), {
      maxLength: 12,
    })
    const hostile = (units: readonly number[]) => [
      Uint8Array.from(units.map((unit) => unit & 0xff)),
      Uint8Array.from(units.flatMap((unit) => [unit & 0xff, unit >> 8])),
    ]
    fc.assert(
      fc.property(fc.constantFrom(...samples), evil, fc.nat(), (sample, units, place) => {
        for (const bytes of hostile(units)) {
          const data = Uint8Array.from(sample)
          data.set(bytes.subarray(0, data.length), place % Math.max(1, data.length - bytes.length))
          for (const type of types) {
            const description = describeEvent(eventOf(type, data))
            expect(description).toMatch(/^EV_[A-Z0-9_]+ \S/)
            expect(description).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
            expect(description.length).toBeLessThan(1200)
          }
        }
      }),
      { numRuns: 20 },
    )
  })
})
