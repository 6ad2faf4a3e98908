import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import {
  akTemplates,
  ekTemplates,
  nvAttributes,
  objectAttributes,
  type TpmsAttest,
  type TpmtPublic,
  type TpmtSignature,
  tpm2bCreationData,
  tpm2bIdObject,
  tpm2bName,
  tpm2bNvPublic,
  tpm2bPublic,
  tpmaObject,
  tpmlPcrSelection,
  tpmsAttest,
  tpmtPublic,
  tpmtSignature,
} from '../../src/tpm2/index.js'
import { bothWays, codeOf } from '../codec/expectations.js'
import { attestHead, attestHex } from './samples.js'

const short = Uint8Array.of(0xd1, 0xd2)

describe('TPMS_ATTEST', () => {
  bothWays<TpmsAttest>(tpmsAttest, [
    [
      {
        ...attestHead,
        type: 'quote',
        attested: { pcrSelect: [{ hash: 'sha256', sizeofSelect: 3, pcrs: [0, 9] }], pcrDigest: short },
      },
      `${attestHex('8018')}00000001000b030102000002d1d2`,
    ],
    [
      { ...attestHead, type: 'certify', attested: { name: short, qualifiedName: Uint8Array.of(7) } },
      `${attestHex('8017')}0002d1d2000107`,
    ],
    [
      { ...attestHead, type: 'creation', attested: { objectName: short, creationHash: Uint8Array.of(7) } },
      `${attestHex('801a')}0002d1d2000107`,
    ],
    [
      {
        ...attestHead,
        type: 'time',
        attested: { time: { time: 5n, clockInfo: attestHead.clockInfo }, firmwareVersion: 6n },
      },
      `${attestHex('8019')}00000000000000050102030405060708000000090000000a010000000000000006`,
    ],
    [
      {
        ...attestHead,
        type: 'nv',
        attested: { indexName: short, offset: 0x102, nvContents: Uint8Array.of(7) },
      },
      `${attestHex('8014')}0002d1d20102000107`,
    ],
    [
      { ...attestHead, type: 'nvDigest', attested: { indexName: short, nvDigest: Uint8Array.of(7) } },
      `${attestHex('801c')}0002d1d2000107`,
    ],
    [
      { ...attestHead, type: 'sessionAudit', attested: { exclusiveSession: true, sessionDigest: short } },
      `${attestHex('8016')}010002d1d2`,
    ],
    [
      {
        ...attestHead,
        type: 'commandAudit',
        attested: {
          auditCounter: 5n,
          digestAlg: 'sha256',
          auditDigest: short,
          commandDigest: Uint8Array.of(7),
        },
      },
      `${attestHex('8015')}0000000000000005000b0002d1d2000107`,
    ],
  ])

  it.each([
    ['another magic', 'ff544348', 'TPMS_ATTEST.magic', 0],
    ['a type that is none', 'ff54434780ff', 'TPMS_ATTEST.type', 4],
    ['a signer longer than a name', 'ff54434780180043', 'TPMS_ATTEST.qualifiedSigner', 6],
    ['more extra data than fits', 'ff544347801800000043', 'TPMS_ATTEST.extraData', 8],
    [
      'a safe flag that is neither yes nor no',
      attestHex('8018').replace('0a01', '0a02'),
      'TPMS_ATTEST.clockInfo.safe',
      32,
    ],
  ])('refuses %s', (_what, hex, path, offset) => {
    const padded = fromHex(hex.padEnd(300, '0'))
    expect(() => decode(tpmsAttest, padded)).toThrow(
      expect.objectContaining({ context: expect.objectContaining({ path, offset }) }),
    )
  })
})

describe('TPML_PCR_SELECTION', () => {
  bothWays(tpmlPcrSelection, [
    [[], '00000000'],
    [[{ hash: 'sha256', sizeofSelect: 3, pcrs: [0, 7, 8, 23] }], '00000001000b03810180'],
    [
      [
        { hash: 'sha384', sizeofSelect: 1, pcrs: [1] },
        { hash: 'sha1', sizeofSelect: 4, pcrs: [31] },
        { hash: 'sha384', sizeofSelect: 0, pcrs: [] },
      ],
      '00000003000c010200040400000080000c00',
    ],
  ])

  it('bounds banks and octets before it reads them', () => {
    expect(() => decode(tpmlPcrSelection, fromHex('ffffffff'))).toThrow(codeOf('CODEC_LIMIT', { limit: 16 }))
    expect(() => decode(tpmlPcrSelection, fromHex('00000001000b21'))).toThrow(
      codeOf('CODEC_LIMIT', { limit: 32 }),
    )
    expect(() => decode(tpmlPcrSelection, fromHex('00000001001003000000'))).toThrow(codeOf('CODEC_VALUE'))
  })

  it.each([[[1, 0]], [[1, 1]], [[24]], [[-1]], [[0.5]], [[Number.NaN]]])('does not write PCRs %o', (pcrs) => {
    expect(() => encode(tpmlPcrSelection, [{ hash: 'sha256', sizeofSelect: 3, pcrs }])).toThrow(
      codeOf('CODEC_RANGE', { path: 'TPML_PCR_SELECTION[0]' }),
    )
  })
})

describe('TPMA_OBJECT', () => {
  bothWays(tpmaObject, [
    [objectAttributes(), '00000000'],
    [
      objectAttributes(
        'fixedTPM',
        'fixedParent',
        'sensitiveDataOrigin',
        'adminWithPolicy',
        'restricted',
        'decrypt',
      ),
      '000300b2',
    ],
    [
      objectAttributes(
        'fixedTPM',
        'fixedParent',
        'sensitiveDataOrigin',
        'userWithAuth',
        'restricted',
        'sign',
      ),
      '00050072',
    ],
    [objectAttributes('stClear', 'noDA', 'encryptedDuplication', 'x509sign'), '00080c04'],
    [objectAttributes('firmwareLimited', 'svnLimited'), '00000300'],
  ])

  it.each(['00000001', '00000008', '00001000', '00100000', '80000000'])('refuses reserved bits %s', (hex) => {
    expect(() => decode(tpmaObject, fromHex(hex))).toThrow(codeOf('CODEC_VALUE'))
  })
})

describe('TPMT_PUBLIC', () => {
  const head = { nameAlg: 'sha256', objectAttributes: objectAttributes('sign'), authPolicy: short } as const
  const headHex = '000b000400000002d1d2'
  bothWays<TpmtPublic>(tpmtPublic, [
    [
      {
        ...head,
        type: 'rsa',
        parameters: {
          symmetric: { algorithm: 'aes', keyBits: 128, mode: 'cfb' },
          scheme: { scheme: 'rsapss', hashAlg: 'sha384' },
          keyBits: 2048,
          exponent: 3,
        },
        unique: short,
      },
      `0001${headHex}00060080004300160 00c0800000000030002d1d2`.replace(' ', ''),
    ],
    [
      {
        ...head,
        type: 'rsa',
        parameters: {
          symmetric: { algorithm: 'null' },
          scheme: { scheme: 'rsaes' },
          keyBits: 1024,
          exponent: 0,
        },
        unique: new Uint8Array(),
      },
      `0001${headHex}00100015040000000000 0000`.replace(' ', ''),
    ],
    [
      {
        ...head,
        type: 'ecc',
        parameters: {
          symmetric: { algorithm: 'sm4', keyBits: 128, mode: 'null' },
          scheme: { scheme: 'ecdaa', hashAlg: 'sha256', count: 3 },
          curveID: 'BN-P256',
          kdf: { scheme: 'kdf1_sp800_108', hashAlg: 'sha1' },
        },
        unique: { x: Uint8Array.of(1), y: Uint8Array.of(2) },
      },
      `0023${headHex}001300800010001a000b0003001000220004000101000102`,
    ],
    [
      {
        ...head,
        type: 'keyedhash',
        parameters: { scheme: { scheme: 'xor', hashAlg: 'sha512', kdf: 'kdf2' } },
        unique: short,
      },
      `0008${headHex}000a000d00210002d1d2`,
    ],
    [
      {
        ...head,
        type: 'keyedhash',
        parameters: { scheme: { scheme: 'hmac', hashAlg: 'sha256' } },
        unique: short,
      },
      `0008${headHex}0005000b0002d1d2`,
    ],
    [
      { ...head, type: 'keyedhash', parameters: { scheme: { scheme: 'null' } }, unique: short },
      `0008${headHex}00100002d1d2`,
    ],
    [
      {
        ...head,
        type: 'symcipher',
        nameAlg: 'null',
        parameters: { sym: { algorithm: 'camellia', keyBits: 256, mode: 'ctr' } },
        unique: short,
      },
      '00250010000400000002d1d200260100 00400002d1d2'.replace(' ', ''),
    ],
  ])

  it('has templates of known bytes', () => {
    const policy = '837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa'
    const rsa = `0001000b000300b20020${policy}0006008000430010080000000000 0100${'00'.repeat(256)}`.replace(
      ' ',
      '',
    )
    const ecc = `0023000b000300b20020${policy}000600800043001000030010${`0020${'00'.repeat(32)}`.repeat(2)}`
    expect(encode(tpmtPublic, ekTemplates['L-1'].publicArea)).toEqual(fromHex(rsa))
    expect(encode(tpmtPublic, ekTemplates['L-2'].publicArea)).toEqual(fromHex(ecc))
    expect(encode(tpmtPublic, akTemplates['rsa-2048'])).toEqual(
      fromHex('0001000b00050472000000100014000b0800000000000000'),
    )
    expect(encode(tpmtPublic, akTemplates['ecc-p256'])).toEqual(
      fromHex('0023000b00050472000000100018000b0003001000000000'),
    )
  })

  it.each([
    ['an object type that is none', '0005', 'TPMT_PUBLIC.type'],
    ['a name algorithm that is no hash', '00010001', 'TPMT_PUBLIC.nameAlg'],
    ['reserved attributes', '0001000b80000000', 'TPMT_PUBLIC.objectAttributes'],
    ['a scheme of the other kind of key', `0001${headHex}00100018`, 'TPMT_PUBLIC.parameters.scheme.scheme'],
    ['a curve that is none', `0023${headHex}001000100006`, 'TPMT_PUBLIC.parameters.curveID'],
    ['xor as an object cipher', `0001${headHex}000a`, 'TPMT_PUBLIC.parameters.symmetric.algorithm'],
    ['a modulus above all limits', `0001${headHex}001000100800000000000801`, 'TPMT_PUBLIC.unique'],
  ])('refuses %s', (_what, hex, path) => {
    expect(() => decode(tpmtPublic, fromHex(hex.padEnd(200, '0')))).toThrow(
      expect.objectContaining({ context: expect.objectContaining({ path }) }),
    )
  })

  it('is refused in a TPM2B that is longer than it', () => {
    const template = encode(tpmtPublic, akTemplates['rsa-2048'])
    const good = encode(tpm2bPublic, akTemplates['rsa-2048'])
    expect(good).toEqual(Uint8Array.of(0, template.length, ...template))
    const bad = Uint8Array.of(0, template.length + 1, ...template, 0)
    expect(() => decode(tpm2bPublic, bad)).toThrow(codeOf('CODEC_TRAILING'))
  })
})

describe('TPMT_SIGNATURE', () => {
  const ecc = { hash: 'sha256', signatureR: Uint8Array.of(1), signatureS: short } as const
  bothWays<TpmtSignature>(tpmtSignature, [
    [{ sigAlg: 'rsassa', hash: 'sha256', sig: short }, '0014000b0002d1d2'],
    [{ sigAlg: 'rsapss', hash: 'sha1', sig: short }, '001600040002d1d2'],
    [{ sigAlg: 'ecdsa', ...ecc }, '0018000b0001010002d1d2'],
    [{ sigAlg: 'ecdaa', ...ecc }, '001a000b0001010002d1d2'],
    [{ sigAlg: 'sm2', ...ecc }, '001b000b0001010002d1d2'],
    [{ sigAlg: 'ecschnorr', ...ecc }, '001c000b0001010002d1d2'],
    [{ sigAlg: 'eddsa', ...ecc }, '0060000b0001010002d1d2'],
    [{ sigAlg: 'eddsa_ph', ...ecc }, '0061000b0001010002d1d2'],
    [
      { sigAlg: 'hmac', hmac: { hashAlg: 'sha1', digest: new Uint8Array(20).fill(9) } },
      `00050004${'09'.repeat(20)}`,
    ],
    [{ sigAlg: 'null' }, '0010'],
  ])

  it('does not write an HMAC of another length than its hash has', () => {
    const hmac = { hashAlg: 'sha256', digest: new Uint8Array(20) } as const
    expect(() => encode(tpmtSignature, { sigAlg: 'hmac', hmac })).toThrow(codeOf('CODEC_RANGE'))
  })

  it('refuses what is no signature scheme', () => {
    expect(() => decode(tpmtSignature, fromHex('0017000b0000'))).toThrow(codeOf('CODEC_VALUE'))
  })
})

describe('other structures', () => {
  bothWays(tpm2bName, [[Uint8Array.of(0x40, 0, 0, 0x0b), '00044000000b']])
  bothWays(tpm2bIdObject, [
    [{ integrityHMAC: short, encIdentity: Uint8Array.of(5, 6, 7) }, '00070002d1d2050607'],
  ])
  bothWays(tpm2bNvPublic, [
    [
      {
        nvIndex: 0x01c00002,
        nameAlg: 'sha256',
        attributes: nvAttributes(
          'ordinary',
          'ppWrite',
          'ppRead',
          'ownerRead',
          'authRead',
          'writeDefine',
          'noDA',
          'written',
          'platformCreate',
        ),
        authPolicy: short,
        dataSize: 1016,
      },
      '001001c00002000b620720010002d1d203f8',
    ],
  ])
  bothWays(tpm2bCreationData, [
    [
      {
        pcrSelect: [],
        pcrDigest: new Uint8Array(),
        locality: [0],
        parentNameAlg: 'null',
        parentName: Uint8Array.of(0x40, 0, 0, 0x0b),
        parentQualifiedName: Uint8Array.of(0x40, 0, 0, 0x0b),
        outsideInfo: short,
      },
      `0019000000000000010010${'00044000000b'.repeat(2)}0002d1d2`,
    ],
  ])
})
