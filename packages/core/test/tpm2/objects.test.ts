import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/bytes/index.js'
import { type Codec, decode, encode } from '../../src/codec/index.js'
import {
  type HashAlgorithm,
  hashAlgorithms,
  hashFacts,
  type TpmsContext,
  type TpmsCreationData,
  type TpmtHa,
  type TpmtHaOrNull,
  type TpmtSensitive,
  type TpmtTkAuth,
  tpm2bSensitive,
  tpm2bSensitiveCreate,
  tpmiRhHierarchy,
  tpmlAlg,
  tpmlDigest,
  tpmlDigestValues,
  tpmsContext,
  tpmsCreationData,
  tpmsNvPublic,
  tpmtHa,
  tpmtHaOrNull,
  tpmtSensitive,
  tpmtTkAuth,
  tpmtTkCreation,
  tpmtTkHashcheck,
  tpmtTkVerified,
} from '../../src/tpm2/index.js'
import { bothWays, codeOf } from '../codec/expectations.js'

const short = Uint8Array.of(0xd1, 0xd2)
const [authValue, seedValue] = [Uint8Array.of(1), Uint8Array.of(2, 3)]

describe('TPMT_SENSITIVE', () => {
  const head = { authValue, seedValue }
  const rows: readonly (readonly [TpmtSensitive, string])[] = [
    [{ ...head, sensitiveType: 'rsa', sensitive: short }, '00010001010002020300 02d1d2'],
    [{ ...head, sensitiveType: 'ecc', sensitive: short }, '00230001010002020300 02d1d2'],
    [{ ...head, sensitiveType: 'keyedhash', sensitive: short }, '00080001010002020300 02d1d2'],
    [{ ...head, sensitiveType: 'symcipher', sensitive: short }, '00250001010002020300 02d1d2'],
  ].map(([value, hex]) => [value as TpmtSensitive, (hex as string).replace(' ', '')])
  bothWays(tpmtSensitive, rows)
  bothWays(
    tpm2bSensitive,
    rows.map(([value, hex]) => [value, `000d${hex}`] as const),
  )

  it.each([
    ['another type', '0006', 'TPMT_SENSITIVE.sensitiveType'],
    ['a password longer than any digest', '00080041', 'TPMT_SENSITIVE.authValue'],
    ['a seed longer than any digest', '000800000041', 'TPMT_SENSITIVE.seedValue'],
    ['a key longer than a cipher has', '0025000000000021', 'TPMT_SENSITIVE.sensitive'],
    ['more data than is sealed', '0008000000000101', 'TPMT_SENSITIVE.sensitive'],
  ])('refuses %s', (_what, hex, path) => {
    expect(() => decode(tpmtSensitive, fromHex(hex.padEnd(700, '0')))).toThrow(
      expect.objectContaining({ context: expect.objectContaining({ path }) }),
    )
  })
})

describe('TPM2B_SENSITIVE_CREATE', () => {
  bothWays(tpm2bSensitiveCreate, [[{ userAuth: authValue, data: short }, '00070001010002d1d2']])
})

describe('tickets', () => {
  bothWays(tpmtTkCreation, [
    [{ tag: 0x8021, hierarchy: 'owner', digest: short }, '8021400000010002d1d2'],
    [{ tag: 0x8021, hierarchy: 'null', digest: new Uint8Array() }, '8021400000070000'],
  ])
  bothWays(tpmtTkVerified, [
    [{ tag: 0x8022, hierarchy: 'endorsement', digest: short }, '80224000000b0002d1d2'],
  ])
  bothWays<TpmtTkAuth>(tpmtTkAuth, [
    [{ tag: 'authSecret', hierarchy: 'platform', digest: short }, '80234000000c0002d1d2'],
    [{ tag: 'authSigned', hierarchy: 'owner', digest: short }, '8025400000010002d1d2'],
  ])
  bothWays(tpmtTkHashcheck, [[{ tag: 0x8024, hierarchy: 'null', digest: short }, '8024400000070002d1d2']])

  it('are not taken for one another', () => {
    const rows: readonly (readonly [Codec<unknown>, readonly number[]])[] = [
      [tpmtTkCreation as Codec<unknown>, [0x21]],
      [tpmtTkVerified as Codec<unknown>, [0x22]],
      [tpmtTkAuth as Codec<unknown>, [0x23, 0x25]],
      [tpmtTkHashcheck as Codec<unknown>, [0x24]],
    ]
    for (const [codec, tags] of rows) {
      for (const tag of [0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26]) {
        const bytes = Uint8Array.of(0x80, tag, 0x40, 0, 0, 7, 0, 0)
        if (tags.includes(tag)) expect(encode(codec, decode(codec, bytes))).toEqual(bytes)
        else expect(() => decode(codec, bytes)).toThrow(codeOf('CODEC_VALUE', { offset: 0 }))
      }
    }
  })
})

describe('TPMI_RH_HIERARCHY', () => {
  bothWays(tpmiRhHierarchy, [
    ['owner', '40000001'],
    [0x4000_0140, '40000140'],
    [0x4000_0143, '40000143'],
    [0x4001_0000, '40010000'],
    [0x4004_ffff, '4004ffff'],
  ])

  it('refuses what is no hierarchy', () => {
    for (const hex of ['40000000', '4000000a', '4000013f', '40000144', '40050000', '81000001', '00000000']) {
      expect(() => decode(tpmiRhHierarchy, fromHex(hex))).toThrow(codeOf('CODEC_VALUE'))
      expect(() => encode(tpmiRhHierarchy, Number.parseInt(hex, 16))).toThrow(codeOf('CODEC_RANGE'))
    }
    expect(() => encode(tpmiRhHierarchy, 'lockout' as 'owner')).toThrow(codeOf('CODEC_RANGE'))
    expect(encode(tpmiRhHierarchy, 0x4000_000b)).toEqual(fromHex('4000000b'))
  })
})

describe('TPMS_CONTEXT', () => {
  const row = (savedHandle: number, hex: string): readonly [TpmsContext, string] => [
    { sequence: 0x0102n, savedHandle, hierarchy: 'owner', contextBlob: short },
    `0000000000000102${hex}400000010002d1d2`,
  ]
  bothWays(tpmsContext, [
    row(0x0200_0000, '02000000'),
    row(0x0300_00ff, '030000ff'),
    row(0x8000_0000, '80000000'),
    row(0x8000_0002, '80000002'),
  ])

  it.each(['01000000', '80000003', '81000000', '40000001', '00000000'])('refuses saved handle %s', (hex) => {
    expect(() => decode(tpmsContext, fromHex(`0000000000000102${hex}400000010000`))).toThrow(
      codeOf('CODEC_VALUE', { path: 'TPMS_CONTEXT.savedHandle', offset: 8 }),
    )
  })
})

describe('TPMS_CREATION_DATA', () => {
  bothWays<TpmsCreationData>(tpmsCreationData, [
    [
      {
        pcrSelect: [{ hash: 'sha256', sizeofSelect: 3, pcrs: [7] }],
        pcrDigest: short,
        locality: [0, 3],
        parentNameAlg: 'sha384',
        parentName: Uint8Array.of(1),
        parentQualifiedName: Uint8Array.of(2),
        outsideInfo: Uint8Array.of(3),
      },
      '00000001000b038000000002d1d209000c000101000102000103',
    ],
  ])
})

describe('TPMS_NV_PUBLIC', () => {
  it.each(['81000001', '00000000', '11000000', '02000000'])('refuses index %s', (hex) => {
    expect(() => decode(tpmsNvPublic, fromHex(`${hex}000b0000000000000008`))).toThrow(
      codeOf('CODEC_VALUE', { path: 'TPMS_NV_PUBLIC.nvIndex' }),
    )
  })
})

describe('digests', () => {
  const digestOf = (hashAlg: HashAlgorithm) => new Uint8Array(hashFacts(hashAlg).size).fill(9)
  const ids = ['0004', '000b', '000c', '000d', '0012', '0027', '0028', '0029']
  bothWays<TpmtHa>(
    tpmtHa,
    hashAlgorithms.map((hashAlg, i) => [
      { hashAlg, digest: digestOf(hashAlg) },
      ids[i] + Buffer.from(digestOf(hashAlg)).toString('hex'),
    ]),
  )
  bothWays<TpmtHaOrNull>(tpmtHaOrNull, [[{ hashAlg: 'null', digest: new Uint8Array() }, '0010']])
  bothWays(tpmlDigest, [[[short, new Uint8Array()], '000000020002d1d20000']])
  bothWays<readonly TpmtHa[]>(tpmlDigestValues, [
    [[{ hashAlg: 'sha1', digest: digestOf('sha1') }], `000000010004${'09'.repeat(20)}`],
  ])
  bothWays(tpmlAlg, [[['sha256', 0x7ffe], '00000002000b7ffe']])

  it('are not written in another length than their algorithm has, nor read without one', () => {
    for (const digest of [new Uint8Array(31), new Uint8Array(33)]) {
      expect(() => encode(tpmtHa, { hashAlg: 'sha256', digest })).toThrow(codeOf('CODEC_RANGE'))
    }
    expect(() => encode(tpmtHaOrNull, { hashAlg: 'null', digest: short })).toThrow(codeOf('CODEC_RANGE'))
    expect(() => decode(tpmtHa, fromHex('0010'))).toThrow(codeOf('CODEC_VALUE'))
    expect(() => decode(tpmtHa, fromHex('0001'))).toThrow(codeOf('CODEC_VALUE'))
  })

  it('are at most eight in a list', () => {
    expect(() => decode(tpmlDigest, fromHex('00000009'))).toThrow(codeOf('CODEC_LIMIT', { limit: 8 }))
    expect(() => encode(tpmlDigest, Array(9).fill(short))).toThrow(codeOf('CODEC_RANGE'))
    expect(() => decode(tpmlDigestValues, fromHex('00000011'))).toThrow(codeOf('CODEC_LIMIT', { limit: 16 }))
  })
})
