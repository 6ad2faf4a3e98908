import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../../src/bytes/index.js'
import { decode, encode } from '../../../src/codec/index.js'
import { isTrustholdError } from '../../../src/errors/index.js'
import { readVersionRecord, type VmVersionRecord, vmVersionRecord } from '../../../src/measured-boot/index.js'
import { esxiVersionRecord } from '../../../src/testing/index.js'

const texts = { component: 'vmk', product: 'ESX', version: '8.0', file: '/k.b00' }
const good = esxiVersionRecord(texts)
/** The good record with some fields otherwise. */
const changed = (fields: Partial<VmVersionRecord>): Uint8Array =>
  encode(vmVersionRecord, { ...decode(vmVersionRecord, good), ...fields })

/** Code and place of the refusal; undefined when it is read. */
function refusal(data: Uint8Array): [string, unknown, unknown] | undefined {
  try {
    readVersionRecord(data)
    return undefined
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return [
      error.code,
      'path' in error.context && error.context.path,
      'offset' in error.context && error.context.offset,
    ]
  }
}

// By hand from the layout: sizes, format, flags, four places, then the texts with a NUL each.
const hex = [
  '33000000 01000000 0000000000000000',
  '2000 0400 2400 0400 2800 0400 2c00 0700',
  '766d6b00 45535800 382e3000 2f6b2e62303000',
]
  .join('')
  .replaceAll(' ', '')

test('the layout is the boot loader’s', () => {
  expect(toHex(good)).toBe(hex)
  expect(readVersionRecord(fromHex(hex))).toEqual(texts)
  expect(toHex(encode(vmVersionRecord, decode(vmVersionRecord, good)))).toBe(hex)
})

test('texts may be empty, may share bytes, and may come without a NUL', () => {
  expect(readVersionRecord(changed({ productNameLen: 0, productNameOffset: 0xffff })).product).toBe('')
  expect(readVersionRecord(changed({ productNameOffset: 32 })).product).toBe('vmk')
  expect(readVersionRecord(changed({ productNameLen: 3 })).product).toBe('ESX')
})

describe('damage', () => {
  test('every truncation is refused', () => {
    for (let length = 0; length < good.length; length++) {
      const [code] = refusal(good.subarray(0, length)) ?? []
      expect(code).toBe(length < 32 ? 'CODEC_UNDERFLOW' : 'CODEC_VALUE')
    }
    expect(refusal(concatBytes(good, Uint8Array.of(0)))).toEqual([
      'CODEC_VALUE',
      'vm_version_record_t.totalSize',
      0,
    ])
  })

  const fields = [
    ['componentName', 16],
    ['productName', 20],
    ['productVersion', 24],
  ] as const
  const cases = fields.flatMap(([field, at]) => [
    [`${field} in the head`, { [`${field}Offset`]: 31 }, `${field}Offset`, at],
    [`${field} at 0`, { [`${field}Offset`]: 0 }, `${field}Offset`, at],
    [`${field} into the file's name`, { [`${field}Offset`]: 44, [`${field}Len`]: 1 }, `${field}Len`, at + 2],
    [`${field} over its end`, { [`${field}Len`]: 0xffff }, `${field}Len`, at + 2],
    [`${field} past all`, { [`${field}Offset`]: 0xffff, [`${field}Len`]: 0xffff }, `${field}Len`, at + 2],
    [`${field} one too long`, { [`${field}Offset`]: 40, [`${field}Len`]: 5 }, `${field}Len`, at + 2],
  ]) as [string, Partial<VmVersionRecord>, string, number][]

  test.each<[string, Partial<VmVersionRecord>, string, number]>([
    ...cases,
    ['a size that is not its own', { totalSize: 50 }, 'totalSize', 0],
    ['a size of 0', { totalSize: 0 }, 'totalSize', 0],
    ['format 0', { formatVersion: 0 }, 'formatVersion', 4],
    ['a file name in the head', { fileNameOffset: 31 }, 'fileNameOffset', 28],
    ['a file name at 0', { fileNameOffset: 0 }, 'fileNameOffset', 28],
    ['a file name that ends early', { fileNameLen: 6 }, 'fileNameLen', 30],
    ['a file name that ends late', { fileNameLen: 8 }, 'fileNameLen', 30],
    ['a file name out of bounds', { fileNameOffset: 0xffff }, 'fileNameLen', 30],
  ])('%s is refused', (_, change, field, offset) => {
    expect(refusal(changed(change))).toEqual(['CODEC_VALUE', `vm_version_record_t.${field}`, offset])
  })

  test.each([
    ['a NUL inside', 'a\0b\0', 'componentName'],
    ['a line break', 'a\nb\0', 'strings'],
    ['what is not UTF-8', Uint8Array.of(0x61, 0xff, 0x62, 0), 'strings'],
  ])('a text with %s is refused', (_, text, field) => {
    const strings = Uint8Array.from(good.subarray(32))
    strings.set(typeof text === 'string' ? utf8(text) : text, 0)
    expect(refusal(changed({ strings }))).toEqual(['CODEC_VALUE', `vm_version_record_t.${field}`, 32])
  })

  test('other texts may stand between, but no other bytes', () => {
    const record = decode(vmVersionRecord, good)
    const more = (bytes: Uint8Array) =>
      changed({
        strings: concatBytes(record.strings.subarray(0, 12), bytes, record.strings.subarray(12)),
        totalSize: good.length + bytes.length,
        fileNameOffset: record.fileNameOffset + bytes.length,
      })
    expect(readVersionRecord(more(utf8('also\0\0\0')))).toEqual(texts)
    expect(refusal(more(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46)))).toEqual([
      'CODEC_VALUE',
      'vm_version_record_t.strings',
      32,
    ])
  })

  test('an offset that wraps at 16 bits is refused', () => {
    // The loader keeps the low half of the old size only: a section of 64 KiB and more points back into itself.
    const strings = new Uint8Array(0x1_0000 + 7)
    strings.set(utf8('/k.b00\0'), 0x1_0000)
    const total = 32 + strings.length
    const record = { ...decode(vmVersionRecord, good), totalSize: total, strings }
    const wrapped = encode(vmVersionRecord, {
      ...record,
      fileNameOffset: (total - 7) & 0xffff,
      fileNameLen: 7,
    })
    expect(refusal(wrapped)).toEqual(['CODEC_VALUE', 'vm_version_record_t.fileNameLen', 30])
  })

  test('whatever is changed, it is read within its bounds or refused with a place', () => {
    const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(changes, (places) => {
        const bytes = Uint8Array.from(good)
        for (const [at, value] of places) bytes[at] = value
        if (refusal(bytes) !== undefined) return
        const read = readVersionRecord(bytes)
        for (const text of Object.values(read)) expect(text.length).toBeLessThanOrEqual(good.length - 32)
      }),
      { numRuns: 3000 },
    )
  })
})
