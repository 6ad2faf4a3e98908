import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import {
  akTemplates,
  commandCodes,
  commandName,
  type TpmsCapabilityData,
  tpm2bPublic,
  tpmCc,
  tpmlAcCapabilities,
  tpmProperties,
  tpmPt,
  tpmPtPcr,
  tpmsCapabilityData,
} from '../../src/tpm2/index.js'
import { bothWays, codeOf } from '../codec/expectations.js'

const algProperties = {
  asymmetric: true,
  symmetric: false,
  hash: false,
  object: true,
  signing: false,
  encrypting: false,
  method: false,
}
const command = { extensive: false, flushed: false, cHandles: 1, rHandle: false, v: false }

describe('TPMS_CAPABILITY_DATA', () => {
  const [key] = [akTemplates['ecc-p256']]
  const keyHex = Buffer.from(encode(tpm2bPublic, key)).toString('hex')
  bothWays<TpmsCapabilityData>(tpmsCapabilityData, [
    [
      {
        capability: 'algs',
        data: [
          { alg: 'rsa', algProperties },
          { alg: 0x7fff, algProperties },
        ],
      },
      '0000000000000002000100000009 7fff00000009'.replace(' ', ''),
    ],
    [{ capability: 'handles', data: [0x8101_0001] }, '000000010000000181010001'],
    [
      { capability: 'commands', data: [{ ...command, commandIndex: 0x120, nv: true }] },
      '000000020000000102400120',
    ],
    [{ capability: 'ppCommands', data: [] }, '0000000300000000'],
    [{ capability: 'auditCommands', data: ['TPM2_Clear', 0x2000_0001] }, '00000004000000020000012620000001'],
    [
      { capability: 'pcrs', data: [{ hash: 'sha256', sizeofSelect: 3, pcrs: [0] }] },
      '0000000500000001000b03010000',
    ],
    [
      {
        capability: 'tpmProperties',
        data: [
          { property: 'manufacturer', value: 0x4942_4d00 },
          { property: 0x300, value: 1 },
        ],
      },
      '000000060000000200000105 49424d000000030000000001'.replace(' ', ''),
    ],
    [
      {
        capability: 'pcrProperties',
        data: [{ tag: 'resetL0', pcrSelect: { sizeofSelect: 3, pcrs: [16, 23] } }],
      },
      '000000070000000100000002 03000081'.replace(' ', ''),
    ],
    [{ capability: 'eccCurves', data: ['P-256', 0x50] }, '000000080000000200030050'],
    [
      {
        capability: 'authPolicies',
        data: [
          { handle: 0x4000_0001, policyHash: { hashAlg: 'null', digest: new Uint8Array() } },
          { handle: 0x4000_000c, policyHash: { hashAlg: 'sha1', digest: new Uint8Array(20).fill(7) } },
        ],
      },
      `0000000900000002${'40000001'}0010${'4000000c'}0004${'07'.repeat(20)}`,
    ],
    [
      {
        capability: 'act',
        data: [{ handle: 0x4000_0110, timeout: 60, attributes: { signaled: true, preserveSignaled: false } }],
      },
      '0000000a00000001400001100000003c00000001',
    ],
    [{ capability: 'pubKeys', data: [key] }, `0000000b00000001${keyHex}`],
    [
      {
        capability: 'spdmSessionInfo',
        data: [{ reqKeyName: Uint8Array.of(1), tpmKeyName: Uint8Array.of(2, 3) }],
      },
      '0000000c000000010001010002 0203'.replace(' ', ''),
    ],
  ])

  it('leaves vendors their own bytes', () => {
    const hex = '00000100010203'
    const value = decode(tpmsCapabilityData, fromHex(hex))
    expect(value).toEqual({ capability: 'vendorProperty', data: Uint8Array.of(1, 2, 3) })
    expect(encode(tpmsCapabilityData, value)).toEqual(fromHex(hex))
  })

  it.each([
    ['a capability that is none', '0000000d', 'CODEC_VALUE', 'TPMS_CAPABILITY_DATA.capability'],
    ['more entries than a response holds', '0000000100000401', 'CODEC_LIMIT', 'TPMS_CAPABILITY_DATA.data'],
    [
      'reserved attributes of an algorithm',
      '0000000000000001000100000010',
      'CODEC_VALUE',
      'TPMS_CAPABILITY_DATA.data[0].algProperties',
    ],
    [
      'a digest longer than its algorithm has',
      `000000090000000140000001000b${'00'.repeat(31)}`,
      'CODEC_UNDERFLOW',
      'TPMS_CAPABILITY_DATA.data[0].policyHash',
    ],
  ])('refuses %s', (_what, hex, code, path) => {
    expect(() => decode(tpmsCapabilityData, fromHex(hex))).toThrow(codeOf(code, { path }))
  })
})

describe('TPML_AC_CAPABILITIES', () => {
  bothWays(tpmlAcCapabilities, [[[{ tag: 2, data: 5 }], '000000010000000200000005']])
})

describe('names that a newer TPM may lack', () => {
  it('are numbers both ways, known ones are names', () => {
    expect(decode(tpmCc, fromHex('0000016a'))).toBe('TPM2_PolicyAuthorize')
    expect(encode(tpmCc, 'TPM2_PolicyAuthorize')).toEqual(fromHex('0000016a'))
    expect(encode(tpmCc, 0x16a)).toEqual(fromHex('0000016a'))
    expect(decode(tpmPt, fromHex('00000214'))).toBe('auditCounter1')
    expect(decode(tpmPtPcr, fromHex('00000014'))).toBe('auth')
    expect(() => encode(tpmCc, 'toString' as 'TPM2_Clear')).toThrow(codeOf('CODEC_RANGE'))
    expect(() => encode(tpmCc, 2 ** 32)).toThrow(codeOf('CODEC_RANGE'))
    expect(commandName(0x17a)).toBe('TPM2_GetCapability')
    expect(commandName(0x2000_0000)).toBe('command 0x20000000')
  })

  it('are each of one number', () => {
    for (const table of [commandCodes, tpmProperties]) {
      expect(new Set(Object.values(table)).size).toBe(Object.keys(table).length)
    }
  })
})
