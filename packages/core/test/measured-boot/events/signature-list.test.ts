import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex, utf8 } from '../../../src/bytes/index.js'
import { decode, encode } from '../../../src/codec/index.js'
import {
  type EfiSignatureList,
  type EfiSignatureType,
  efiGuid,
  efiSignatureDatabase,
  efiSignatureList,
  type Guid,
} from '../../../src/measured-boot/index.js'

const owner: Guid = '77fa9abd-0359-4d32-bd60-28f4e78f784b'
const ownerHex = 'bd9afa775903324dbd6028f4e78f784b'
const sha256 = '2616c4c14c509240aca941f936934328'
const x509 = 'a159c0a5e494a74a87b5ab155c2bf072'
const unknown = '000102030405060708090a0b0c0d0e0f'
const le32 = (value: number) => toHex(Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24))
const listHex = (type: string, sizes: readonly [number, number, number], body: string) =>
  type + sizes.map(le32).join('') + body
const hash = (byte: string) => byte.repeat(32)

describe('EFI_GUID', () => {
  test.each([
    ['61dfe48bca93d211aa0d00e098032b8c', '8be4df61-93ca-11d2-aa0d-00e098032b8c'],
    [unknown, '03020100-0504-0706-0809-0a0b0c0d0e0f'],
  ])('%s is %s', (hex, text) => {
    expect(decode(efiGuid, fromHex(hex))).toBe(text)
    expect(toHex(encode(efiGuid, text as Guid))).toBe(hex)
    expect(toHex(encode(efiGuid, text.toUpperCase() as Guid))).toBe(hex)
  })

  test.each(['', '8be4df61-93ca-11d2-aa0d-00e098032b8', '8be4df61-93ca-11d2-aa0d_00e098032b8c', 'g-1-1-1-1'])(
    'does not write %j',
    (text) => {
      expect(() => encode(efiGuid, text as Guid)).toThrow(expect.objectContaining({ code: 'CODEC_RANGE' }))
    },
  )

  test('reads no fewer than 16 bytes', () => {
    for (let length = 0; length < 16; length++) {
      expect(() => decode(efiGuid, new Uint8Array(length))).toThrow(
        expect.objectContaining({ code: 'CODEC_UNDERFLOW' }),
      )
    }
  })
})

describe('EFI_SIGNATURE_LIST', () => {
  const known: [string, string, EfiSignatureList][] = [
    [
      'one hash',
      listHex(sha256, [76, 0, 48], ownerHex + hash('ab')),
      {
        type: 'EFI_CERT_SHA256_GUID',
        header: new Uint8Array(0),
        signatures: [{ owner, data: fromHex(hash('ab')) }],
      },
    ],
    [
      'two hashes',
      listHex(sha256, [124, 0, 48], ownerHex + hash('ab') + ownerHex + hash('cd')),
      {
        type: 'EFI_CERT_SHA256_GUID',
        header: new Uint8Array(0),
        signatures: [
          { owner, data: fromHex(hash('ab')) },
          { owner, data: fromHex(hash('cd')) },
        ],
      },
    ],
    [
      'a certificate',
      listHex(x509, [28 + 16 + 5, 0, 21], `${ownerHex}3003020101`),
      {
        type: 'EFI_CERT_X509_GUID',
        header: new Uint8Array(0),
        signatures: [{ owner, data: fromHex('3003020101') }],
      },
    ],
    [
      'T-16: a GUID that is not known, with a header',
      listHex(unknown, [28 + 2 + 17, 2, 17], `beef${ownerHex}7f`),
      {
        type: '03020100-0504-0706-0809-0a0b0c0d0e0f',
        header: fromHex('beef'),
        signatures: [{ owner, data: fromHex('7f') }],
      },
    ],
  ]

  test.each(known)('reads and writes %s', (_, hex, list) => {
    expect(decode(efiSignatureList, fromHex(hex))).toEqual(list)
    expect(toHex(encode(efiSignatureList, list))).toBe(hex)
    expect(decode(efiSignatureDatabase, fromHex(hex + hex))).toEqual([list, list])
    expect(toHex(encode(efiSignatureDatabase, [list, list]))).toBe(hex + hex)
  })

  test.each(known)('reads %s only when all of it is there', (_, hex) => {
    const bytes = fromHex(hex)
    for (let length = 1; length < bytes.length; length++) {
      expect(() => decode(efiSignatureDatabase, bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'CODEC_UNDERFLOW' }),
      )
    }
  })

  const one = ownerHex + hash('ab')
  test.each([
    ['header bytes of a type that has none', listHex(sha256, [78, 2, 48], `beef${one}`)],
    ['a list smaller than its own head', listHex(sha256, [27, 0, 48], one)],
    ['a list of size 0', listHex(sha256, [0, 0, 48], one)],
    ['a header that is larger than the list', listHex(unknown, [76, 100, 48], one)],
    ['a header whose size wraps around', listHex(unknown, [76, 0xffff_ffff, 48], one)],
    ['a list that is no multiple of its signatures', listHex(sha256, [77, 0, 48], `${one}00`)],
    ['no signature', listHex(sha256, [28, 0, 48], '')],
    ['no signature, of an unknown type', listHex(unknown, [28, 0, 17], '')],
    ['signatures of size 0', listHex(unknown, [76, 0, 0], one)],
    ['signatures that are only owners', listHex(unknown, [44, 0, 16], ownerHex)],
    ['signatures smaller than an owner', listHex(unknown, [36, 0, 8], ownerHex.slice(16))],
    ['hashes of another size', listHex(sha256, [75, 0, 47], one.slice(2))],
    ['a hash that takes the place of two', listHex(sha256, [124, 0, 96], one + one)],
  ])('T-16: refuses %s', (_, hex) => {
    expect(() => decode(efiSignatureList, fromHex(hex))).toThrow(
      expect.objectContaining({ code: 'CODEC_VALUE' }),
    )
  })

  test.each([
    ['a list that claims more than there is', listHex(sha256, [0xffff_fffc, 0, 48], one)],
    ['a second list that ends too early', known[0]?.[1] + listHex(sha256, [124, 0, 48], one)],
  ])('T-16: refuses %s', (_, hex) => {
    expect(() => decode(efiSignatureDatabase, fromHex(hex))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^CODEC_(UNDERFLOW|VALUE)$/) }),
    )
  })

  test.each<[string, EfiSignatureList]>([
    ['no signatures', { type: 'EFI_CERT_X509_GUID', header: new Uint8Array(0), signatures: [] }],
    [
      'signatures of several sizes',
      {
        type: 'EFI_CERT_X509_GUID',
        header: new Uint8Array(0),
        signatures: [
          { owner, data: utf8('a') },
          { owner, data: utf8('bc') },
        ],
      },
    ],
    [
      'a hash that is too long',
      {
        type: 'EFI_CERT_SHA256_GUID',
        header: new Uint8Array(0),
        signatures: [{ owner, data: new Uint8Array(33) }],
      },
    ],
    [
      'a header where there is none',
      { type: 'EFI_CERT_X509_GUID', header: utf8('x'), signatures: [{ owner, data: utf8('a') }] },
    ],
  ])('does not write %s', (_, list) => {
    expect(() => encode(efiSignatureList, list)).toThrow(expect.objectContaining({ code: 'CODEC_RANGE' }))
  })

  const size = (type: string) => (type === 'EFI_CERT_SHA256_GUID' ? 32 : 5)
  const lists = fc.array(
    fc.constantFrom<EfiSignatureType>('EFI_CERT_SHA256_GUID', 'EFI_CERT_X509_GUID', owner).chain((type) =>
      fc.record({
        type: fc.constant(type),
        header: fc.uint8Array({ maxLength: type === owner ? 3 : 0 }),
        signatures: fc.array(
          fc.record({
            owner: fc.uuid() as fc.Arbitrary<Guid>,
            data: fc.uint8Array({ minLength: size(type), maxLength: size(type) }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
      }),
    ),
    { maxLength: 4 },
  )

  test('reads what it wrote', () => {
    fc.assert(
      fc.property(lists, (value) => {
        expect(decode(efiSignatureDatabase, encode(efiSignatureDatabase, value))).toEqual(value)
      }),
    )
  })

  test('reads changed bytes as something else or not at all', () => {
    fc.assert(
      fc.property(lists, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, place, change) => {
        const bytes = encode(efiSignatureDatabase, value)
        const at = place % Math.max(bytes.length, 1)
        bytes[at] = (bytes[at] ?? 0) ^ change
        try {
          expect(encode(efiSignatureDatabase, decode(efiSignatureDatabase, bytes))).toEqual(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^CODEC_(UNDERFLOW|VALUE)$/) })
        }
      }),
    )
  })
})
