import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadBoot } from '../../../../../test/recordings/load.js'
import { fromHex } from '../../../src/bytes/index.js'
import { type Codec, decode, encode } from '../../../src/codec/index.js'
import {
  type EventTypeName,
  parseEventLog,
  uefiGptData,
  uefiHandoffTablePointers,
  uefiHandoffTablePointers2,
  uefiImageLoadEvent,
} from '../../../src/measured-boot/index.js'
import { describing } from './families.js'

const recorded = parseEventLog(loadBoot('boot-secure').eventLog).events
const dataOf = (type: EventTypeName): readonly Uint8Array[] => [
  ...describing.filter(([name]) => name === type).map(([, hex]) => fromHex(hex)),
  ...recorded.filter(({ typeName }) => typeName === type).map(({ data }) => data),
]

/** A table of two partitions, the second of which fills its entry. */
function partitionTable(): Uint8Array {
  const table = new Uint8Array(92 + 8 + 2 * 256)
  const view = new DataView(table.buffer)
  table.set(Buffer.from('EFI PART'))
  view.setUint32(84, 256, true)
  view.setUint32(92, 2, true)
  table.fill(0xa5, 100 + 256)
  return table
}

const codecs: readonly (readonly [Codec<unknown>, readonly Uint8Array[]])[] = [
  [uefiImageLoadEvent, dataOf('EV_EFI_BOOT_SERVICES_APPLICATION')],
  [uefiHandoffTablePointers, dataOf('EV_EFI_HANDOFF_TABLES')],
  [uefiHandoffTablePointers2, dataOf('EV_EFI_HANDOFF_TABLES2')],
  [uefiGptData, [partitionTable()]],
]

describe.each(codecs)('$name', (codec, samples) => {
  test('writes what it read', () => {
    expect(samples.length).toBeGreaterThan(0)
    for (const sample of samples) expect(encode(codec, decode(codec, sample))).toEqual(sample)
  })

  test('writes what it read, or reads it not, changed anywhere', () => {
    let read = 0
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.nat(), fc.nat(255), (sample, place, value) => {
        const data = Uint8Array.from(sample)
        data[place % data.length] = value
        let found: unknown
        try {
          found = decode(codec, data)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^CODEC_/) })
          return
        }
        read++
        expect(encode(codec, found)).toEqual(data)
      }),
    )
    expect(read).toBeGreaterThan(0)
  })
})

test('partitions are not written in entries of another size than the header states', () => {
  const table = decode(uefiGptData, partitionTable())
  const header = { ...table.header, entrySize: 128 }
  expect(() => encode(uefiGptData, { ...table, header })).toThrow(
    expect.objectContaining({ code: 'CODEC_RANGE' }),
  )
})
