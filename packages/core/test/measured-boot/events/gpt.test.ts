import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex } from '../../../src/bytes/index.js'
import type { EventTypeName, GptEvent } from '../../../src/measured-boot/index.js'
import { decodeData } from './decoding.js'

const system = fromHex('28732ac11ff8d211ba4b00a0c93ec93b')
const guid = fromHex('33221100554477668899aabbccddeeff')

interface Table {
  readonly entries?: readonly Uint8Array[]
  readonly entryCount?: number
  readonly entrySize?: number
  readonly headerSize?: number
  readonly count?: bigint
  /** Entries that the checksum is over, when they are not those of the event and empty ones. */
  readonly checked?: Uint8Array
}

function entry(name: string, size = 128): Uint8Array {
  const bytes = new Uint8Array(size)
  bytes.set(system)
  bytes.set(guid, 16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(32, 2048n, true)
  view.setBigUint64(40, 4095n, true)
  view.setBigUint64(48, 1n, true)
  bytes.set(Buffer.from(name, 'utf16le'), 56)
  return bytes
}

/** UEFI_GPT_DATA with the checksums that a disk would have. */
function table({
  entries = [],
  entryCount = 128,
  entrySize = 128,
  headerSize = 92,
  count,
  checked,
}: Table): Uint8Array {
  const used = concatBytes(...entries)
  const all = new Uint8Array(Math.max(used.length, Math.min(entryCount * entrySize, 1 << 20)))
  all.set(used)
  const header = new Uint8Array(92)
  const view = new DataView(header.buffer)
  header.set(Buffer.from('EFI PART'))
  view.setUint32(8, 0x10000, true)
  view.setUint32(12, headerSize, true)
  view.setBigUint64(24, 1n, true)
  view.setBigUint64(32, 99n, true)
  view.setBigUint64(40, 34n, true)
  view.setBigUint64(48, 66n, true)
  header.set(guid, 56)
  view.setBigUint64(72, 2n, true)
  view.setUint32(80, entryCount, true)
  view.setUint32(84, entrySize, true)
  view.setUint32(88, crc32(checked ?? all), true)
  view.setUint32(16, crc32(header), true)
  const number = new Uint8Array(8)
  new DataView(number.buffer).setBigUint64(0, count ?? BigInt(entries.length), true)
  return concatBytes(header, number, used)
}

const decode = (data: Uint8Array, type: EventTypeName = 'EV_EFI_GPT_EVENT') => decodeData(type, data).data
const states = (data: Uint8Array) => {
  const { headerChecksum, entriesChecksum } = decode(data) as GptEvent
  return [headerChecksum, entriesChecksum]
}

describe('a partition table', () => {
  test.each(['EV_EFI_GPT_EVENT', 'EV_EFI_GPT_EVENT2'] as const)('%s', (type) => {
    const partition = {
      type: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
      typeName: 'EFI System',
      guid: '00112233-4455-6677-8899-aabbccddeeff',
      firstBlock: 2048n,
      lastBlock: 4095n,
      attributes: 1n,
      name: 'EFI',
    }
    expect(decode(table({ entries: [entry('EFI'), entry('x'.repeat(36))] }), type)).toEqual({
      kind: 'gpt',
      revision: 0x10000,
      diskGuid: '00112233-4455-6677-8899-aabbccddeeff',
      block: 1n,
      alternateBlock: 99n,
      firstUsableBlock: 34n,
      lastUsableBlock: 66n,
      entryCount: 128,
      partitions: [partition, { ...partition, name: 'x'.repeat(36) }],
      headerChecksum: 'valid',
      entriesChecksum: 'valid',
    })
  })

  test('has no partitions, or larger entries', () => {
    expect(decode(table({}))).toMatchObject({ partitions: [], entriesChecksum: 'valid' })
    const full = 'x'.repeat(36)
    const large = decode(table({ entrySize: 256, entries: [entry(full, 256).fill(0x41, 128)] }))
    expect(large).toMatchObject({ partitions: [{ name: full }], entriesChecksum: 'valid' })
  })

  test('is checked as far as the event has it', () => {
    const changed = table({ entries: [entry('EFI')] })
    changed[60] = 0
    expect(states(changed)).toEqual(['invalid', 'valid'])
    expect(states(table({ headerSize: 512 }))).toEqual(['unchecked', 'valid'])
    const gap = concatBytes(new Uint8Array(128), entry('EFI'))
    const checked = new Uint8Array(128 * 128)
    checked.set(gap)
    expect(states(table({ entries: [entry('EFI')], checked }))).toEqual(['valid', 'unchecked'])
    expect(states(table({ entries: [entry('EFI')], entryCount: 1, checked }))).toEqual(['valid', 'invalid'])
    expect(states(table({ entries: [entry('a'), entry('b')], entryCount: 1, checked }))).toEqual([
      'valid',
      'unchecked',
    ])
    expect(states(table({ entryCount: 0xffff_ffff, checked }))).toEqual(['valid', 'unchecked'])
    const anonymous = table({ entries: [entry('EFI')], entryCount: 1, checked }).fill(0, 56, 72)
    expect(states(anonymous)).toEqual(['unchecked', 'unchecked'])
  })

  test.each<[string, Uint8Array]>([
    ['more partitions than there are', table({ entries: [entry('EFI')], count: 2n })],
    ['countless partitions', table({ count: 0xffff_ffff_ffff_ffffn })],
    ['fewer partitions than there are', table({ entries: [entry('EFI')], count: 0n })],
    ['entries that are too small', table({ entrySize: 127 })],
    ['entries of no size', table({ entrySize: 0 })],
    ['entries of an odd size', table({ entrySize: 192 })],
    ['another signature', table({}).fill(0x20, 0, 1)],
    ['a header that is cut off', table({}).subarray(0, 91)],
  ])('is malformed with %s', (_, data) => {
    expect(decode(data)).toMatchObject({ kind: 'malformed', path: expect.stringContaining('UEFI_GPT_DATA') })
  })
})
